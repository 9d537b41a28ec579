import { connect } from 'node:net'

/** What says that a process is ready. */
export type Ready =
  /** It has printed a line that matches, on either stream. */
  | { readonly line: RegExp }
  /** It accepts connections on this port of 127.0.0.1. */
  | { readonly port: number }
  /** A question answered with true; an error counts as false, and is shown when time runs out. */
  | { readonly probe: () => Promise<boolean> }

const POLL_INTERVAL = 25

/**
 * Resolves when a process is ready, or nobody waits for it any more.
 *
 * @param lines where to be called when the process has printed something
 * @param last where the probe's last error is left
 */
export async function becomesReady(
  ready: Ready | undefined,
  output: () => string,
  lines: Set<() => void>,
  abandoned: AbortSignal,
  last: { error: string },
): Promise<null> {
  if (ready === undefined) return null
  if ('line' in ready) {
    const printed = (): boolean =>
      output()
        .split('\n')
        .some((line) => ready.line.test(line))
    await new Promise<void>((resolve) => {
      lines.add(() => {
        if (printed()) resolve()
      })
    })
    return null
  }
  const probe = 'port' in ready ? () => accepts(ready.port) : ready.probe
  while (!abandoned.aborted) {
    try {
      if (await probe()) return null
    } catch (error) {
      last.error = String(error)
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL))
  }
  return null
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
}
