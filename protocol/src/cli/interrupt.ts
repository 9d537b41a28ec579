/** Ctrl-C, and how service managers end a process. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

type Signal = (typeof SIGNALS)[number]

export class Interrupted extends Error {
  readonly signal: Signal

  constructor(signal: Signal) {
    super(`interrupted (${signal})`)
    this.signal = signal
  }
}

/**
 * Runs work that must not be left half done: a signal ends its requests, and the process ends when the work has cleaned
 * up behind itself. A second signal ends it at once.
 * @throws Interrupted, and whatever the work throws
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  let received: Signal | undefined
  const stop = (signal: Signal): void => {
    received = signal
    controller.abort()
  }
  for (const signal of SIGNALS) process.once(signal, stop)
  try {
    return await work(controller.signal)
  } catch (error) {
    throw received === undefined ? error : new Interrupted(received)
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop)
  }
}
