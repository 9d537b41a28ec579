/** The audit page's timeline on a branch of 100,000 commits by 200 tenants: what a page takes. */
import { openRepository } from '@gitsync/protocol'
import { beforeAll, expect, test } from 'vitest'
import type { AuditedBranch, AuditedGitSync } from '../../operator/src/audit-page/audited.ts'
import { BranchLogs } from '../../operator/src/audit-page/remote/branch-logs.ts'
import { Seal } from '../../operator/src/audit-page/seal.ts'
import { readFilter } from '../../operator/src/audit-page/timeline/filter.ts'
import { timelineOf } from '../../operator/src/audit-page/timeline/timeline.ts'
import { ReadAllowance } from '../../operator/src/push/read-allowance.ts'
import { systemClock } from '../../operator/src/time/clock.ts'
import { unexpected } from '../../operator/src/audit-page/testing/unexpected.ts'
import { COMMITS, START, TENANTS, useLongBranch } from './long-branch.ts'

const long = useLongBranch()
let tip: string

beforeAll(async () => {
  tip = (await long.store.git('rev-parse', 'main')).trim()
})

function newBranch(): AuditedBranch {
  const repository = openRepository(long.store.url, { oneFetchBytes: 96 << 10 })
  const allowance = new ReadAllowance(systemClock)
  return {
    key: 'k',
    url: long.store.url,
    branch: 'main',
    tip,
    read: () => ({ repository, allowance }),
    pageOf: () => undefined,
  }
}

/** The last commit of a tenant; of those that change all the time about the tip. */
async function lastOf(tenant: number): Promise<string> {
  if (tenant < TENANTS - 1) return tip
  return (await long.store.git('rev-list', '--max-parents=0', 'main')).trim()
}

const gitsync = (tenant: number, branch: AuditedBranch, sha: string): AuditedGitSync => ({
  namespace: `tenant-${tenant}`,
  name: 'sync',
  repository: '',
  branch: 'main',
  path: `clusters/prod/tenant-${tenant}`,
  hidden: [],
  isSuspended: false,
  conditions: [],
  status: { lastCommit: { sha, time: new Date((START + COMMITS * 60) * 1000).toISOString() } },
  remote: branch,
})

const everybody = Array.from({ length: TENANTS }, (_tenant, index) => index)
const cases: readonly (readonly [
  name: string,
  tenants: readonly number[],
  query: string,
  requests: number,
  ms: number,
  notes: number,
])[] = [
  ['who sees all tenants', everybody, '', 2, 3_000, 0],
  ['who sees one of them', [7], '', 24, 12_000, 0],
  ['who sees one that has changed nothing since the first commit', [TENANTS - 1], '', 40, 15_000, 1],
  ['who sees all, changes of one author', everybody, 'author=person11@', 4, 10_000, 0],
  ['who sees all, a month long ago', everybody, 'since=2023-12-01&until=2023-12-31', 40, 20_000, 0],
]

test.each(cases)('%s', async (name, tenants, query, maxRequests, maxMs, notes) => {
  const branch = newBranch()
  const dependencies = { logs: new BranchLogs(systemClock, unexpected), seal: new Seal(), clock: systemClock }
  const gitsyncs = await Promise.all(tenants.map(async (tenant) => gitsync(tenant, branch, await lastOf(tenant))))
  const look = async (cursor?: string) => {
    const before = long.remote.requests.length
    const began = performance.now()
    const page = await timelineOf(gitsyncs, readFilter(new URLSearchParams(query)), cursor, dependencies)
    return { ...page, ms: Math.round(performance.now() - began), requests: long.remote.requests.length - before }
  }
  const first = await look()
  const again = await look()
  const second = first.next === undefined ? undefined : await look(first.next)
  console.log(
    `${name}: ${first.commits.length} rows in ${first.ms} ms and ${first.requests} requests; again ${again.ms} ms, ${again.requests}; next page ${second?.ms} ms, ${second?.requests}; ${first.notes.join()}`,
  )
  expect(first.notes).toHaveLength(notes)
  expect(first.commits.length).toBeGreaterThan(0)
  // What could not be found in time is looked for further.
  if (first.commits.length === 25) expect(again.requests).toBe(0)
  expect(first.requests).toBeLessThanOrEqual(maxRequests)
  expect(first.ms).toBeLessThan(maxMs)
})

test('the oldest commit, asked for by its id', async () => {
  const branch = newBranch()
  const logs = new BranchLogs(systemClock, unexpected)
  const [oldest = ''] = (await long.store.git('rev-list', '--max-parents=0', 'main')).split('\n')
  const before = long.remote.requests.length
  const began = performance.now()
  const commit = await logs.commit(branch, oldest)
  console.log(
    `oldest commit: ${Math.round(performance.now() - began)} ms, ${long.remote.requests.length - before} requests`,
  )
  expect(commit?.oid).toBe(oldest)
})
