import { spawn } from 'node:child_process'
import { environmentOf } from './environment.ts'
import { notStarted } from './not-started.ts'
import { tail } from './tail.ts'

export interface RunOptions {
  readonly cwd?: string
  /** The whole environment of the command, but for Node's compile cache; default: this process's. */
  readonly env?: NodeJS.ProcessEnv
  /** What the command reads from its standard input; default nothing. */
  readonly input?: string | Uint8Array
  /** Milliseconds until the command is killed; default 120,000. */
  readonly timeout?: number
  /** Bytes of standard output kept; more is an error. Default 256 MiB. */
  readonly maxOutput?: number
  /** User and group to run as; needs root. */
  readonly uid?: number
  readonly gid?: number
}

export interface RunResult {
  readonly stdout: Buffer
  readonly stderr: string
}

/** A command that could not be started, ended with another code than 0, or was killed. */
export class CommandError extends Error {
  readonly code = 'COMMAND_FAILED'
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string

  constructor(
    message: string,
    fields: { exitCode: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string },
  ) {
    super(message)
    this.name = 'CommandError'
    this.exitCode = fields.exitCode
    this.signal = fields.signal
    this.stdout = fields.stdout
    this.stderr = fields.stderr
  }
}

/** Runs a command to its end. Throws CommandError, with what it printed, unless it ends with code 0. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { timeout = 120_000, maxOutput = 256 * 1024 * 1024, input } = options
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environmentOf(options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  })
  const stdout: Buffer[] = []
  const stderr = tail(64 * 1024)
  let size = 0
  let problem = ''
  const abort = (reason: string): void => {
    problem ||= reason
    child.kill('SIGKILL')
  }
  const timer = setTimeout(() => {
    abort(`was killed after ${timeout} ms`)
  }, timeout)
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > maxOutput) abort(`printed more than ${maxOutput} bytes`)
    else stdout.push(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.add(chunk)
  })
  // A command may end without reading its input; its exit code tells whether that matters.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input ?? '')
  const ended = await new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('error', (error) => {
      problem ||= notStarted(command, error)
      resolve({ exitCode: null, signal: null })
    })
    child.on('close', (exitCode, signal) => {
      resolve({ exitCode, signal })
    })
  })
  clearTimeout(timer)
  if (ended.exitCode !== 0 && problem === '') problem = `ended with ${ended.signal ?? `code ${ended.exitCode}`}`
  if (problem !== '') {
    const out = Buffer.concat(stdout).toString()
    const printed = [stderr.text(), out.slice(-4096)].map((text) => text.trim()).filter((text) => text !== '')
    throw new CommandError([`${[command, ...args].join(' ')} ${problem}`, ...printed].join('\n'), {
      ...ended,
      stdout: out,
      stderr: stderr.text(),
    })
  }
  return { stdout: Buffer.concat(stdout), stderr: stderr.text() }
}
