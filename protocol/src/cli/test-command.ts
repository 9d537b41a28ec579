import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { main } from './main.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Given {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
  /** Standard error is a terminal. */
  readonly terminal?: boolean
  readonly now?: () => Date
  readonly program?: string
}

const NODE = resolve(import.meta.dirname, '../../../node_modules/.bin/node')
const COMMAND = join(import.meta.dirname, 'gitsync.ts')
const PERSON = { GIT_AUTHOR_NAME: 'Ann Example', GIT_AUTHOR_EMAIL: 'ann@example.com' }

/** The command in this process, with an environment that holds an author and what is given. */
export async function gitsync(args: readonly string[], given: Given = {}): Promise<Ran> {
  const { env = {}, input = '', terminal = false, now = () => new Date(), program = '/nonexistent/gitsync' } = given
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  if (terminal) Object.assign(stderr, { isTTY: true })
  stdin.end(input)
  const printed = Promise.all([text(stdout), text(stderr)])
  const io = { stdin, stdout, stderr, program, now, env: { PATH: process.env['PATH'], ...PERSON, ...env } }
  const code = await main(args, io)
  stdout.end()
  stderr.end()
  const [out, err] = await printed
  return { code, out, err }
}

/** The command in a process of its own. */
export function startGitsync(args: readonly string[]) {
  return spawn(NODE, [COMMAND, ...args], { env: { PATH: process.env['PATH'], ...PERSON } })
}
