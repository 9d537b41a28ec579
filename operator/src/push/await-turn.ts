import type { Clock } from '../time/clock.ts'
import type { Turn } from './budget/turn.ts'
import type { Attached } from './connection.ts'

/** Shorter waits are nobody's business, in milliseconds. */
const LEAST_WAIT_MS = 10_000

/**
 * Waits until a push for these may begin; undefined where nothing limits them. Those that wait for longer than their
 * `maxLatency` say so. The turn is their namespaces': each pays its part.
 * @throws PushFailure `Unreachable` when the host does not answer anybody just now; the signal's reason
 */
export async function awaitTurn(
  due: readonly Attached[],
  options: { readonly clock: Clock; readonly cost: number; readonly signal: AbortSignal | undefined },
): Promise<Turn | undefined> {
  const [first] = due
  const budget = first?.connection.budget
  if (first === undefined || budget === undefined) return undefined
  const { clock, cost, signal } = options
  const cancel = due.map(({ member }) =>
    clock.after(Math.max(LEAST_WAIT_MS, member.settings.window.maxLatency), () => {
      member.standing.delayed = { until: budget.expectedAt(), host: budget.host }
    }),
  )
  try {
    const owners = new Set(due.map(({ member }) => member.name.split('/')[0] ?? member.name))
    return await budget.turn({ owners: [...owners], cost, repository: first.connection.repository.url, signal })
  } finally {
    for (const stop of cancel) stop()
    for (const { member } of due) member.standing.delayed = undefined
  }
}
