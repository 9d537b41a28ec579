export interface WaitOptions {
  /** Milliseconds until it must be so; default 60,000: what takes so long on a busy machine too is broken. */
  readonly timeout?: number
}

/** Between two questions, and at least as long as the last one took: who waits leaves the machine to what it waits for. */
const POLL_INTERVAL = 25

/**
 * Asks again and again until the answer is neither undefined nor false, and gives it back. A probe that throws counts as
 * "not yet"; when time runs out the error names what was waited for and what was seen last.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { timeout = 60_000 }: WaitOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeout
  let last = 'nothing'
  for (;;) {
    const asked = performance.now()
    try {
      const answer = await probe()
      if (answer !== undefined && answer !== false) return answer
      last = String(answer)
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    const answered = performance.now()
    if (answered > deadline) throw new Error(`not within ${timeout} ms: ${what}; last: ${last}`)
    await new Promise((resolve) => setTimeout(resolve, Math.max(POLL_INTERVAL, answered - asked)))
  }
}
