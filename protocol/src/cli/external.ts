import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { access, constants, readdir, realpath, stat } from 'node:fs/promises'
import { constants as os } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { ExitCode } from './exit-code.ts'
import type { Io } from './io.ts'
import { writeError } from './output.ts'

/** Signals that a service manager sends to this process only, and that are meant for the verb. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * The executable `gitsync-<verb>`: beside the command as it was started (the bin folder of an installation), beside the
 * file that this is a link to, or on PATH.
 */
export async function findExternal(verb: string, io: Io): Promise<string | undefined> {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(verb)) return undefined
  for (const folder of await folders(io)) {
    const file = join(folder, `gitsync-${verb}`)
    if (await isExecutable(file)) return file
  }
  return undefined
}

/** Verbs of the other packages of this installation, in the order of their names. */
export async function externalVerbs(io: Io): Promise<string[]> {
  const verbs = new Set<string>()
  for (const folder of await besides(io)) {
    for (const file of await readdir(folder).catch((): string[] => [])) {
      const [, verb] = /^gitsync-([a-z0-9][a-z0-9-]*)$/.exec(file) ?? []
      if (verb !== undefined && (await isExecutable(join(folder, file)))) verbs.add(verb)
    }
  }
  return [...verbs].sort()
}

async function folders(io: Io): Promise<string[]> {
  return [...(await besides(io)), ...(io.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')]
}

async function besides({ program }: Io): Promise<string[]> {
  return [dirname(program), dirname(await realpath(program).catch(() => program))]
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}

/** Runs it with this process's input and output, and gives its exit code; 128 and the signal's number when it was killed. */
export async function runExternal(file: string, args: readonly string[], io: Io): Promise<number> {
  // The verb is to run on the same Node, and to find the other executables of the same installation.
  const path = [dirname(file), dirname(process.execPath), io.env['PATH'] ?? ''].join(delimiter)
  let child: ChildProcess | undefined
  const forward = (signal: NodeJS.Signals): void => {
    child?.kill(signal)
  }
  // First the handlers: a signal between start and handlers would end this process and leave the verb behind.
  for (const signal of FORWARDED) process.on(signal, forward)
  try {
    const started = spawn(file, args, { stdio: 'inherit', env: { ...io.env, PATH: path } })
    child = started
    return await new Promise<number>((resolve) => {
      started.once('error', (error) => {
        writeError(io, `${file} cannot be run: ${error.message}`)
        resolve(ExitCode.other)
      })
      started.once('close', (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : os.signals[signal]))
      })
    })
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward)
  }
}
