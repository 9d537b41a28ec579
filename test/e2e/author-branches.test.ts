/** A branch and a request for each author, on a real Gitea. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster } from '../kit/cluster/index.ts'
import { installPolicy } from './harness/attribution.ts'
import type { GiteaHost } from './harness/git-host.ts'
import { configMap, syncRef } from './harness/gitsync.ts'
import { installCommands } from './harness/plugin.ts'
import type { Commands } from './harness/plugin.ts'
import { describeHost, giteaPulls } from './harness/reviews.ts'
import type { GiteaPulls, Pull } from './harness/reviews.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startGiteaWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

let world: World<GiteaHost>
let commands: Commands
let cluster: Cluster
beforeAll(async () => {
  ;[world, commands] = await Promise.all([startGiteaWorld('kube-apiserver'), installCommands()])
  cluster = world.cluster as Cluster
  await installPolicy(world)
  for (const user of ['alice', 'bob']) await cluster.grant(user, { verbs: ['get', 'patch'], resources: ['configmaps'] })
  await describeHost(world, 'Gitea')
})
afterAll(async () => {
  await commands?.stop()
  await world?.stop()
})

type User = 'alice' | 'bob'

interface Scene {
  readonly tenant: Tenant
  readonly pulls: GiteaPulls
  /** Open requests by branch. */
  open(): Promise<Readonly<Record<string, Pull>>>
  edit(who: User, name: string, value: string): Promise<void>
  show(branch: string, name: string): Promise<string>
  /** Short names of the authors' branches. */
  branches(): Promise<string[]>
}

let count = 0
/** Two ConfigMaps that the base has already. */
async function begin(spec: object = {}): Promise<Scene> {
  const namespace = `authors-${count++}`
  const tenant = await world.tenant(namespace)
  const pulls = await giteaPulls(world.host, namespace)
  for (const name of ['web', 'db']) await world.api.create(configMap(namespace, name, { level: '1' }))
  await tenant.sync({ spec: { ...spec, push: { mode: 'Commit' } } })
  await tenant.ready()
  const push = { mode: 'PullRequest', branch: 'review/{author}' }
  await world.api.patch(syncRef(namespace), { spec: { push } })
  await tenant.ready()
  const file = (name: string): string => `${namespace}/sync/${namespace}/configmap/${name}.yaml`
  const api = `/repos/${world.host.gitea.user}/${namespace}`
  return {
    tenant,
    pulls,
    async open() {
      const all = (await world.host.gitea.api('GET', `${api}/pulls?state=open`)) as (Pull & {
        readonly head: { readonly ref: string }
      })[]
      return Object.fromEntries(all.map((pull) => [pull.head.ref, pull]))
    },
    async edit(who, name, value) {
      const patch = JSON.stringify({ data: { level: value } })
      const what = ['patch', 'configmap', name, `--namespace=${namespace}`, '--type=merge', `--patch=${patch}`]
      await cluster.kubectl(what, { user: who })
    },
    show: (branch, name) => tenant.repository.git('show', `${branch}:${file(name)}`),
    async branches() {
      const printed = await tenant.repository.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/review/')
      return printed.split('\n').filter((branch) => branch !== '')
    },
  }
}

/** Until just these are open. */
const opened = (it: Scene, ...branches: string[]): Promise<Readonly<Record<string, Pull>>> =>
  waitFor(`requests of ${branches.join(', ') || 'nobody'} are open`, async () => {
    const open = await it.open()
    if (Object.keys(open).sort().join() === branches.sort().join()) return open
    const { status } = await world.api.get(syncRef(it.tenant.namespace))
    throw new Error(JSON.stringify([Object.keys(open), status]))
  })

test('two people who edit within one window have a request each; merged, the base has both, and their branches go', async () => {
  const it = await begin()
  const { namespace, repository } = it.tenant
  await Promise.all([it.edit('alice', 'web', '2'), it.edit('bob', 'db', '2')])
  const open = await opened(it, 'review/alice', 'review/bob')
  expect(open['review/alice']?.title).toBe(`Update ConfigMap ${namespace}/web`)
  expect(await it.show('review/alice', 'web')).toContain('level: "2"')
  expect(await it.show('review/alice', 'db')).toContain('level: "1"')
  expect(await it.show('review/bob', 'db')).toContain('level: "2"')
  expect(await repository.git('log', '--format=%an', 'main..review/alice')).toBe('alice')
  expect(await repository.git('log', '--format=%an', 'main..review/bob')).toBe('bob')
  const { status } = await it.tenant.ready()
  expect(status.branch).toBe('review/{author}')
  const told = status.pullRequests as { readonly branch: string; readonly state: string; readonly number: number }[]
  expect(told.map(({ branch, state }) => `${branch} ${state}`).sort()).toEqual(['review/alice Open', 'review/bob Open'])

  await it.pulls.merge(open['review/alice']?.number ?? 0, 'squash')
  await it.tenant.request()
  await waitFor("alice's branch is gone", async () => !(await it.branches()).includes('review/alice'))
  await opened(it, 'review/bob')
  // What was merged is taken into the branches that are still open.
  expect(await it.show('review/bob', 'web')).toContain('level: "2"')
  await it.pulls.merge(open['review/bob']?.number ?? 0)
  await it.tenant.request()
  await waitFor('no branch is left', async () => (await it.branches()).length === 0)
  for (const name of ['web', 'db']) expect(await it.show('main', name)).toContain('level: "2"')
  await it.tenant.ready()
  await repository.git('fsck', '--full', '--strict')
})

test('an object that changes hands is proposed by its last author alone, and the request of the former is closed', async () => {
  const it = await begin()
  await it.edit('alice', 'web', '2')
  await opened(it, 'review/alice')
  await it.edit('bob', 'web', '3')
  await opened(it, 'review/bob')
  await it.tenant.ready()
  expect(await it.branches()).toEqual(['review/bob'])
  expect(await it.show('review/bob', 'web')).toContain('level: "3"')
  const events = await world.api.list({ apiVersion: 'v1', kind: 'Event', namespace: it.tenant.namespace })
  expect(events.map(({ reason }) => reason)).toContain('PullRequestClosed')
})

test('an operator that is killed at any moment leaves one request for each author, and each change in one of them', async () => {
  const it = await begin()
  for (let round = 2; round < 6; round++) {
    const [first, second]: [User, User] = round % 2 === 0 ? ['alice', 'bob'] : ['bob', 'alice']
    await Promise.all([it.edit(first, 'web', String(round)), it.edit(second, 'db', String(round))])
    // Later each time: before the pushes, between them, after them.
    await waitFor('something has begun', async () => round < 4 || (await it.branches()).length > 0)
    await world.operator.kill()
    world.operator = await world.startOperator()
    await waitFor('each object is proposed as it is', async () => {
      for (const name of ['web', 'db']) {
        const branches = await it.branches()
        const there = await Promise.all(branches.map((branch) => it.show(branch, name)))
        if (there.filter((content) => content.includes(`level: "${round}"`)).length !== 1) return false
      }
      return true
    })
  }
  await it.tenant.ready()
  const open = Object.keys(await it.open()).sort()
  expect(open).toEqual(await it.branches())
})

test('the command line knows what open requests propose', async () => {
  const it = await begin()
  const { namespace } = it.tenant
  await it.edit('alice', 'web', '2')
  await opened(it, 'review/alice')
  await it.tenant.ready()
  const plugin = (...args: string[]) =>
    commands.kubectl(['gitsync', ...args, '-n', namespace], { kubeconfig: world.kubeconfig })
  expect(await plugin('preview', 'sync')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Nothing to commit') as string,
    err: expect.stringContaining('branches of their authors review/{author}') as string,
  })
  expect((await plugin('explain', 'configmap/web')).out).toContain('Git has it as the cluster has it')
})

test('with deletionPolicy Remove all requests are closed and all branches go with the GitSync', async () => {
  const it = await begin({ deletionPolicy: 'Remove' })
  await Promise.all([it.edit('alice', 'web', '2'), it.edit('bob', 'db', '2')])
  await opened(it, 'review/alice', 'review/bob')
  await it.tenant.ready()
  await world.api.delete(syncRef(it.tenant.namespace))
  await opened(it)
  await waitFor('no branch is left', async () => (await it.branches()).length === 0)
  expect(await it.show('main', 'web')).toContain('level: "1"')
})
