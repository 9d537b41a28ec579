/** Dashboards whose changes are reviewed, on a real Gitea: in one branch, and in one for each author. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster } from '../kit/cluster/index.ts'
import { installPolicy } from './harness/attribution.ts'
import { dashboard } from './harness/dashboard.ts'
import type { GiteaHost } from './harness/git-host.ts'
import { syncRef } from './harness/gitsync.ts'
import { describeHost, giteaPulls } from './harness/reviews.ts'
import type { GiteaPulls } from './harness/reviews.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startGiteaWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

let world: World<GiteaHost>
let cluster: Cluster
beforeAll(async () => {
  world = await startGiteaWorld('kube-apiserver')
  cluster = world.cluster as Cluster
  await installPolicy(world)
  const rights = { verbs: ['get', 'patch', 'delete'], resources: ['dashboards.gitsync.dev'] }
  for (const user of ['alice', 'bob']) await cluster.grant(user, rights)
  await describeHost(world, 'Gitea')
})
afterAll(() => world?.stop())

type User = 'alice' | 'bob'

interface Scene {
  readonly tenant: Tenant
  readonly pulls: GiteaPulls
  retitle(who: User, title: string): Promise<void>
  /** Paths of the dashboards in a branch; none where there is no branch. */
  dashboards(branch: string): Promise<string>
  /** Until just these requests are open, by branch: their numbers. */
  open(...branches: string[]): Promise<number[]>
}

let count = 0
/** The base has the dashboard already, titled "Start". */
async function begin(branch?: string): Promise<Scene> {
  const namespace = `dashboards-${count++}`
  const tenant = await world.tenant(namespace)
  const pulls = await giteaPulls(world.host, namespace)
  await world.api.create(dashboard(namespace, 'one', { model: { title: 'Start', uid: 'one', panels: [] } }))
  await tenant.sync({ path: 'all', spec: { push: { mode: 'Commit' } } })
  await tenant.ready()
  await world.api.patch(syncRef(namespace), {
    spec: { push: { mode: 'PullRequest', ...(branch === undefined ? {} : { branch }) } },
  })
  await tenant.ready()
  const api = `/repos/${world.host.gitea.user}/${namespace}/pulls?state=open`
  return {
    tenant,
    pulls,
    async retitle(who, title) {
      const patch = JSON.stringify({ spec: { source: { model: { title } } } })
      const what = ['patch', 'dashboard', 'one', `--namespace=${namespace}`, '--type=merge', `--patch=${patch}`]
      await cluster.kubectl(what, { user: who })
    },
    dashboards: (of) =>
      tenant.repository.git('ls-tree', '-r', '--name-only', of, 'all/dashboards/').catch(() => 'no such branch'),
    open: (...branches) =>
      waitFor(`requests of ${branches.join(', ') || 'nobody'} are open`, async () => {
        const all = (await world.host.gitea.api('GET', api)) as { number: number; head: { ref: string } }[]
        const found = all.map(({ head }) => head.ref).sort()
        if (found.join() === branches.sort().join()) return all.map(({ number }) => number)
        throw new Error(JSON.stringify([found, (await world.api.get(syncRef(namespace))).status]))
      }),
  }
}

const at = (it: Scene, branch: string, path: string): Promise<true> =>
  waitFor(`${branch} has ${path || 'no dashboard'}`, async () => {
    const found = await it.dashboards(branch)
    if (found !== path) throw new Error(found)
    return true
  })

test('a new title moves the file within the request; the old one again closes it; deleted and merged, it is gone', async () => {
  const it = await begin()
  const { namespace, repository } = it.tenant
  const head = `gitsync/${namespace}/sync`
  await it.retitle('alice', 'Latency')
  await it.open(head)
  await at(it, head, 'all/dashboards/latency.json')
  expect(await it.dashboards('main')).toBe('all/dashboards/start.json')
  expect(await repository.git('log', '--format=%an', `main..${head}`)).toBe('alice')
  expect(await it.pulls.list()).toMatchObject([{ title: `Update Dashboard ${namespace}/one` }])
  expect(await repository.git('diff', '--name-status', '--find-renames=50%', 'main', head)).toMatch(/^R\d+/)

  await it.retitle('alice', 'Start')
  await it.open()
  await it.tenant.ready()

  await it.retitle('alice', 'Errors')
  const [number = 0] = await it.open(head)
  await at(it, head, 'all/dashboards/errors.json')
  await it.pulls.merge(number)
  await it.tenant.request()
  await at(it, 'main', 'all/dashboards/errors.json')
  await waitFor('its branch is gone', async () => (await it.dashboards(head)) === 'no such branch')

  await cluster.kubectl(['delete', 'dashboard', 'one', `--namespace=${namespace}`], { user: 'alice' })
  const [last = 0] = await it.open(head)
  await at(it, head, '')
  await it.pulls.merge(last)
  await it.tenant.request()
  await at(it, 'main', '')
  await it.tenant.ready()
  await repository.git('fsck', '--full', '--strict')
})

test('with a branch for each author its move is proposed by the last of them alone', async () => {
  const it = await begin('review/{author}')
  const { repository } = it.tenant
  await it.retitle('alice', 'Latency')
  await it.open('review/alice')
  await at(it, 'review/alice', 'all/dashboards/latency.json')
  await it.retitle('bob', 'Errors')
  const [number = 0] = await it.open('review/bob')
  await at(it, 'review/bob', 'all/dashboards/errors.json')
  await at(it, 'review/alice', 'no such branch')
  expect(await it.dashboards('main')).toBe('all/dashboards/start.json')
  expect(await repository.git('log', '--format=%an', 'main..review/bob')).toBe('bob')
  await it.pulls.merge(number)
  await it.tenant.request()
  await at(it, 'main', 'all/dashboards/errors.json')
  await waitFor('no branch is left', async () => (await repository.git('branch', '--list', 'review/*')) === '')
  await it.tenant.ready()
  await repository.git('fsck', '--full', '--strict')
})
