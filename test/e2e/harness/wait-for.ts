export interface WaitOptions {
  /** Milliseconds until it must be so; default 20,000. */
  readonly timeout?: number
}

const POLL_INTERVAL = 25

/**
 * Asks again and again until the answer is neither undefined nor false, and gives it back. A probe that throws counts as
 * "not yet"; when time runs out the error names what was waited for and what was seen last.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { timeout = 20_000 }: WaitOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeout
  let last = 'nothing'
  for (;;) {
    try {
      const answer = await probe()
      if (answer !== undefined && answer !== false) return answer
      last = String(answer)
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
    if (performance.now() > deadline) throw new Error(`not within ${timeout} ms: ${what}; last: ${last}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL))
  }
}
