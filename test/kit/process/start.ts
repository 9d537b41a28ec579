import { spawn } from 'node:child_process'
import { environmentOf } from './environment.ts'
import { guard } from './guard.ts'
import { notStarted } from './not-started.ts'
import { becomesReady } from './ready.ts'
import type { Ready } from './ready.ts'
import { tail } from './tail.ts'

export interface StartOptions {
  /** Name for error messages; default: the command. */
  readonly name?: string
  readonly cwd?: string
  /** The whole environment of the process, but for Node's compile cache; default: this process's. */
  readonly env?: NodeJS.ProcessEnv
  /** Default: ready at once. */
  readonly ready?: Ready
  /** Milliseconds until it must be ready; default 30,000. */
  readonly readyTimeout?: number
  /** Bytes of what it prints that are kept, the last ones; default 64 KiB. */
  readonly kept?: number
  /** User and group to run as; needs root. */
  readonly uid?: number
  readonly gid?: number
}

export interface RunningProcess {
  readonly pid: number
  /** What it printed last, both streams together. */
  readonly output: () => string
  /** Resolves when it has ended, in whatever way. */
  readonly exited: Promise<{ readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }>
  /** Sends a signal to it and everything that it started. */
  kill(signal: NodeJS.Signals): void
  /** Ends it: SIGTERM, and SIGKILL after `grace` milliseconds (default 5,000; 0 kills at once). Safe to call again. */
  stop(options?: { readonly grace?: number }): Promise<void>
}

/** A process that could not be started, or ended or ran out of time before it was ready. */
export class ProcessError extends Error {
  readonly code = 'PROCESS_NOT_READY'
  /** What the process had printed. */
  readonly output: string

  constructor(message: string, output: string) {
    super(output.trim() === '' ? message : `${message}\n${output.trim()}`)
    this.name = 'ProcessError'
    this.output = output
  }
}

/**
 * Starts a process in a group of its own and waits until it is ready. It never outlives this process.
 *
 * Throws ProcessError, with the end of its output, when it does not get ready; it is then stopped.
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<RunningProcess> {
  const { name = command, readyTimeout = 30_000, kept = 64 * 1024 } = options
  const output = tail(kept)
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: environmentOf(options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  })
  const end = Promise.withResolvers<Awaited<RunningProcess['exited']>>()
  const closed = Promise.withResolvers<void>()
  const failure = Promise.withResolvers<string>()
  // Not 'close': a descendant that keeps the pipe open must not keep us waiting.
  child.once('exit', (exitCode, signal) => {
    end.resolve({ exitCode, signal })
    failure.resolve(`${name} ended with ${signal ?? `code ${exitCode}`} before it was ready`)
  })
  child.once('close', () => {
    closed.resolve()
  })
  child.once('error', (error) => {
    end.resolve({ exitCode: null, signal: null })
    failure.resolve(`${name} ${notStarted(command, error)}`)
  })
  const lines = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output.add(chunk)
      for (const look of lines) look()
    })
  }
  const { pid } = child
  if (pid === undefined) throw new ProcessError(await failure.promise, '')

  let over = false
  const kill = (signal: NodeJS.Signals): void => {
    if (over) return
    try {
      process.kill(-pid, signal)
    } catch {
      // The group is gone already, which is what was wanted.
    }
  }
  const endGuard = guard(pid)
  child.once('exit', () => {
    // What it left running goes with it; afterwards its number may belong to somebody else.
    kill('SIGKILL')
    over = true
    endGuard()
  })
  const running: RunningProcess = {
    pid,
    output: () => output.text(),
    exited: end.promise,
    kill,
    async stop({ grace = 5_000 } = {}) {
      kill(grace > 0 ? 'SIGTERM' : 'SIGKILL')
      const timer = setTimeout(() => {
        kill('SIGKILL')
      }, grace)
      await end.promise
      clearTimeout(timer)
    },
  }

  const abandoned = new AbortController()
  const late = Promise.withResolvers<string>()
  const last = { error: '' }
  const timer = setTimeout(() => {
    late.resolve(`${name} was not ready after ${readyTimeout} ms${last.error === '' ? '' : ` (${last.error})`}`)
  }, readyTimeout)
  const problem = await Promise.race([
    becomesReady(options.ready, running.output, lines, abandoned.signal, last),
    failure.promise,
    late.promise,
  ])
  clearTimeout(timer)
  abandoned.abort()
  lines.clear()
  if (problem === null) return running
  await running.stop({ grace: 0 })
  // Its last words may still be in the pipe. Only what left the group could keep that open for longer.
  await Promise.race([closed.promise, new Promise((resolve) => setTimeout(resolve, 500).unref())])
  throw new ProcessError(problem, output.text())
}
