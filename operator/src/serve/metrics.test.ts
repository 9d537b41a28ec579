import { expect, test } from 'vitest'
import type { Member } from '../push/member.ts'
import { showGitSyncs } from './gitsync-metrics.ts'
import type { GitSyncReport } from './gitsync-metrics.ts'
import { HostLabels } from './host-labels.ts'
import { createMetrics, metricsByHost } from './metrics.ts'

/** As far as the metrics look at it. */
function member(
  parts: { readonly pendingSince?: number; readonly held?: number; readonly unproven?: number } = {},
): Member {
  const { pendingSince, held, unproven = 0 } = parts
  const status = {
    files: 7,
    pending: pendingSince === undefined ? 0 : 2,
    orphans: 0,
    healthy: true,
    ...(pendingSince === undefined ? {} : { pendingSince }),
    ...(held === undefined ? {} : { massDeletion: { token: 't', count: held, recent: 0 } }),
    lastCommit: { sha: 'a'.repeat(40), time: 5_000 },
    unprovable: { count: unproven },
    driftedAt: 9_000,
    rewrittenAt: 8_000,
  }
  const whole: Partial<Record<keyof Member, unknown>> = {
    status,
    settings: { window: { silence: 0, maxLatency: 60_000 } },
  }
  return whole as unknown as Member
}

const report = (name: string, of?: Member): GitSyncReport => ({
  namespace: 'shop',
  name,
  conditions: [{ type: 'Ready', status: 'False', reason: 'Unreachable' }],
  member: of,
})

async function series(metrics: ReturnType<typeof createMetrics>, label: string): Promise<string[]> {
  const text = await metrics.registry.metrics()
  return text.split('\n').filter((line) => line.includes(label))
}

test('a GitSync is told as it is, and its series go with it', async () => {
  const metrics = createMetrics()
  showGitSyncs(
    metrics,
    [report('sync', member({ pendingSince: 10_000, held: 3, unproven: 1 })), report('idle')],
    25_000,
  )
  const at = '{namespace="shop",name="sync"'
  expect(await series(metrics, 'name="sync"')).toEqual([
    `gitsync_condition${at},type="Ready",status="False",reason="Unreachable"} 1`,
    `gitsync_files${at}} 7`,
    `gitsync_pending_files${at}} 2`,
    `gitsync_oldest_pending_seconds${at}} 15`,
    `gitsync_spec_max_latency_seconds${at}} 60`,
    `gitsync_refused_deletions${at},cause="guard"} 3`,
    `gitsync_refused_deletions${at},cause="proof"} 1`,
    `gitsync_last_commit_timestamp_seconds${at}} 5`,
    `gitsync_last_drift_timestamp_seconds${at}} 9`,
    `gitsync_last_rewrite_timestamp_seconds${at}} 8`,
  ])
  expect(await series(metrics, 'name="idle"')).toHaveLength(1)
  showGitSyncs(metrics, [report('idle', member())], 25_000)
  expect(await series(metrics, 'name="sync"')).toEqual([])
  expect(await series(metrics, 'oldest_pending_seconds{')).toEqual([
    'gitsync_oldest_pending_seconds{namespace="shop",name="idle"} 0',
  ])
})

test('a thousand GitSyncs are no more than ten thousand series', async () => {
  const metrics = createMetrics()
  const reports = Array.from({ length: 1_000 }, (_, index) => report(`sync-${index}`, member()))
  showGitSyncs(metrics, reports, 0)
  const lines = await series(metrics, 'name="sync-')
  expect(lines.length).toBeLessThanOrEqual(10_000)
})

test('names end as those of their type do', () => {
  for (const { name, type } of createMetrics().registry.getMetricsAsArray() as unknown as {
    name: string
    type: string
  }[]) {
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
    if (type === 'histogram') expect(name).toMatch(/_seconds$/)
  }
})

test('a Git host that nobody names any more leaves no series behind, and the API server stays', async () => {
  const metrics = createMetrics()
  const hosts = new HostLabels(metricsByHost(metrics))
  const host = hosts.of('git.example.com')
  metrics.apiRequests.inc({ host, code: '200' })
  metrics.pushDuration.observe({ host, result: 'pushed' }, 1)
  metrics.breakerOpen.set({ host }, 1)
  metrics.restRequests.inc({ host: 'git.example.com', method: 'GET', code: 200 })
  await hosts.keepOnly(new Set())
  expect(await series(metrics, 'git.example.com')).toEqual([
    'rest_client_requests_total{host="git.example.com",method="GET",code="200"} 1',
  ])
})
