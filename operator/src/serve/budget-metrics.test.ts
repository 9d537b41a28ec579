import { expect, test } from 'vitest'
import { NO_LIMITS } from '../push/budget/limits.ts'
import type { BudgetState } from '../push/budget/budget.ts'
import { showBudgets } from './budget-metrics.ts'
import { HostLabels } from './host-labels.ts'
import { createMetrics } from './metrics.ts'

const state = (host: string, parts: Partial<BudgetState> = {}): BudgetState => ({
  host,
  limits: NO_LIMITS,
  remaining: undefined,
  waiting: 0,
  blockedUntil: undefined,
  quota: {},
  ...parts,
})

test('of several credentials of a host the scarcest is shown; what is not known is absent', async () => {
  const metrics = createMetrics()
  const hosts = new HostLabels([], 2)
  const limits = { ...NO_LIMITS, requests: { perMinute: 60, burst: 5 } }
  const states = [
    state('a', { limits, remaining: 4, waiting: 2, quota: { limit: 100, remaining: 7 } }),
    state('a', { limits, remaining: 1, waiting: 3, blockedUntil: 15_000, quota: { remaining: 9 } }),
    state('b'),
    state('beyond', { limits, waiting: 1 }),
  ]
  const breakers = [
    { host: 'a', isOpen: false },
    { host: 'b', isOpen: true },
  ]
  const show = async (shown: readonly BudgetState[]): Promise<string[]> => {
    showBudgets(metrics, hosts, { states: shown, breakers, now: 5_000 })
    const lines = (await metrics.registry.metrics()).split('\n')
    return lines.filter((line) => /^gitsync_(budget|git_host_(quota|blocked|breaker)).*\{/.test(line))
  }
  expect(await show(states)).toEqual([
    'gitsync_budget_requests_per_minute{host="a"} 60',
    'gitsync_budget_remaining_requests{host="a"} 1',
    'gitsync_budget_waiting_pushes{host="a"} 5',
    'gitsync_budget_waiting_pushes{host="b"} 0',
    'gitsync_budget_waiting_pushes{host="other"} 1',
    'gitsync_git_host_blocked_seconds{host="a"} 10',
    'gitsync_git_host_blocked_seconds{host="b"} 0',
    'gitsync_git_host_quota_limit{host="a"} 100',
    'gitsync_git_host_quota_remaining{host="a"} 7',
    'gitsync_git_host_breaker_open{host="a"} 0',
    'gitsync_git_host_breaker_open{host="b"} 1',
  ])
  expect((await show([])).filter((line) => !line.includes('breaker'))).toEqual([])
})
