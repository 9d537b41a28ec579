import { sleep } from '../../time/clock.ts'
import type { Clock } from '../../time/clock.ts'
import type { SharedClaim } from './shared-claims.ts'
import type { SharedPlace, SharedWindow } from './shared-window.ts'

/** After so long the server that counts for all is asked again, in milliseconds: others may have ended sooner, or it answers again. */
const RETRY_MS = 1_000

export interface PlaceRequest {
  readonly window: SharedWindow
  /** Of the budget, equal in every operator. */
  readonly name: string
  readonly claims: readonly SharedClaim[]
  readonly clock: Clock
  /** Longer than so is not waited, in milliseconds. */
  readonly maxWaitMs: number
  readonly signal: AbortSignal | undefined
  /** What to throw where it would take longer. */
  readonly limited: (waitMs: number, why: string) => Error
}

/**
 * Waits for a place among those of all operators. Where nobody can say whether there is one, there is none.
 * @throws what `limited` makes; the signal's reason
 */
export async function awaitPlace(request: PlaceRequest): Promise<SharedPlace> {
  const { window, name, claims, clock, maxWaitMs, signal, limited } = request
  const deadline = clock.now() + maxWaitMs
  let why = 'other operators use the same limits'
  for (;;) {
    const taken = await window.take(name, claims).catch(() => {
      why = 'the server that counts for all operators does not answer (--budget-redis)'
      return RETRY_MS
    })
    if (typeof taken !== 'number') return taken
    if (clock.now() + taken > deadline) throw limited(taken, why)
    await sleep(clock, Math.min(taken, RETRY_MS), signal)
  }
}
