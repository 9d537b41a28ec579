import type { Gauge } from 'prom-client'
import type { BudgetState } from '../push/budget/budget.ts'
import { OTHER } from './host-labels.ts'
import type { HostLabels } from './host-labels.ts'
import type { Metrics } from './metrics.ts'

/** Shows budgets as they are now: of several credentials of a host the scarcest counts. */
export function showBudgets(
  metrics: Metrics,
  hosts: HostLabels,
  budgets: {
    readonly states: readonly BudgetState[]
    readonly breakers: readonly { readonly host: string; readonly isOpen: boolean }[]
    /** Milliseconds since the epoch. */
    readonly now: number
  },
): void {
  const { budgetLimit, budgetRemaining, budgetWaiting, hostBlocked, hostQuotaLimit, hostQuotaRemaining } = metrics
  for (const gauge of [budgetLimit, budgetRemaining, budgetWaiting, hostBlocked, hostQuotaLimit, hostQuotaRemaining]) {
    gauge.reset()
  }
  metrics.breakerOpen.reset()
  for (const { host, isOpen } of budgets.breakers) {
    const label = hosts.of(host)
    // Many hosts at once have no state in common.
    if (label !== OTHER) metrics.breakerOpen.set({ host: label }, isOpen ? 1 : 0)
  }
  for (const [name, states] of Map.groupBy(budgets.states, ({ host }) => hosts.of(host))) {
    const host = { host: name }
    budgetWaiting.set(
      host,
      states.reduce((sum, { waiting }) => sum + waiting, 0),
    )
    if (name === OTHER) continue
    setLeast(
      budgetLimit,
      host,
      states.map(({ limits }) => limits.requests?.perMinute),
    )
    setLeast(
      budgetRemaining,
      host,
      states.map(({ remaining }) => remaining),
    )
    setLeast(
      hostQuotaLimit,
      host,
      states.map(({ quota }) => quota.limit),
    )
    setLeast(
      hostQuotaRemaining,
      host,
      states.map(({ quota }) => quota.remaining),
    )
    const until = Math.max(...states.map(({ blockedUntil = 0 }) => blockedUntil))
    hostBlocked.set(host, Math.max(0, until - budgets.now) / 1_000)
  }
}

function setLeast(
  gauge: Gauge<'host'>,
  host: { readonly host: string },
  values: readonly (number | undefined)[],
): void {
  const known = values.filter((value) => value !== undefined)
  if (known.length > 0) gauge.set(host, Math.min(...known))
}
