import { readFile } from 'node:fs/promises'
import { parseAllDocuments } from 'yaml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { embeddedControlPlane, realControlPlane } from './harness/control-plane.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { conditionOf, configMap, configMapRef, syncRef } from './harness/gitsync.ts'
import { startOperator } from './harness/operator.ts'
import type { Operator } from './harness/operator.ts'
import { createTenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

describe.each(WORLDS)('several writers: %s', (plane) => {
  let world: World<HttpBackendHost>

  beforeAll(async () => {
    world = await startWorld(plane)
  })
  afterAll(() => world?.stop())

  test('foreign pushes that win a race are kept outside the folder and written over inside, and history stays linear', async () => {
    const tenant = await world.tenant('races')
    const { repository, namespace } = tenant
    await repository.commitFiles({ 'README.md': 'ours\n', 'races/other/file': 'theirs\n' })
    for (const name of ['a', 'b', 'c']) await world.api.create(configMap(namespace, name, { value: '0' }))
    await tenant.sync()
    await tenant.ready()
    const foreign: string[] = []
    const intrude = world.host.remote.faults.beforeReceivePack(
      async () => {
        const n = foreign.length
        foreign.push(
          await repository.commitFiles({
            [`elsewhere/${n}.txt`]: `push ${n}\n`,
            'README.md': `theirs ${n}\n`,
            [`races/sync/races/configmap/${n % 2 === 0 ? 'b' : 'c'}.yaml`]: n % 2 === 0 ? `drift ${n}\n` : null,
          }),
        )
      },
      { times: 6, when: ({ path, method }) => method === 'POST' && path === `/${repository.name}/git-receive-pack` },
    )
    for (let round = 1; round <= 12; round++) {
      await world.api.patch(configMapRef(namespace, 'a'), { data: { value: String(round) } })
      await waitFor(`edit ${round} is in Git`, async () =>
        (await text(repository, 'races/sync/races/configmap/a.yaml')).includes(`value: "${round}"`),
      )
    }
    expect(intrude.fired).toBe(6)
    await waitFor('drift is written over', async () => {
      const b = await text(repository, 'races/sync/races/configmap/b.yaml')
      const c = await text(repository, 'races/sync/races/configmap/c.yaml')
      return b.includes('value: "0"') && c.includes('value: "0"')
    })
    for (const [n, commit] of foreign.entries()) {
      expect(await text(repository, `elsewhere/${n}.txt`)).toBe(`push ${n}\n`)
      await repository.git('merge-base', '--is-ancestor', commit, 'main')
    }
    expect(await text(repository, 'README.md')).toBe('theirs 5\n')
    expect(await text(repository, 'races/other/file')).toBe('theirs\n')
    await expectLinear(repository)
    await repository.fsck()
  })

  test('drift inside the folder is mended at the interval, and what was never ours stays', async () => {
    const tenant = await world.tenant('drift')
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'kept'))
    await tenant.sync({ spec: { interval: '1s' } })
    await tenant.ready()
    const good = await text(repository, 'drift/sync/drift/configmap/kept.yaml')
    await repository.commitFiles({ 'drift/sync/drift/configmap/kept.yaml': null, 'drift/sync/notes.txt': 'by hand\n' })
    await waitFor(
      'the file is back',
      async () => (await text(repository, 'drift/sync/drift/configmap/kept.yaml')) === good,
    )
    expect(await text(repository, 'drift/sync/notes.txt')).toBe('by hand\n')
    expect(await repository.git('log', '-1', '--format=%B', 'main')).toContain('Gitsync-Compared: drift')
    await expectLinear(repository)
  })

  test('of two GitSyncs whose folders overlap the newer is refused, until the older is deleted', async () => {
    const tenant = await world.tenant('overlap')
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'shared'))
    const older = await tenant.sync({ name: 'older', path: 'team' })
    await tenant.ready('older')
    await waitFor('a second later', () => Date.now() > Date.parse(older.metadata['creationTimestamp']) + 1_100)
    await tenant.sync({ name: 'newer', path: 'Team/below' })
    const { message } = await tenant.reason('PathOverlap', 'newer')
    expect(message).toContain('GitSync older')
    expect(message).toContain('Choose another path')
    expect(conditionOf(await world.api.get(syncRef(namespace, 'newer')), 'Stalled')?.reason).toBe('PathOverlap')
    await world.api.patch(configMapRef(namespace, 'shared'), { data: { key: 'older goes on' } })
    await waitFor('the older goes on', async () =>
      (await text(repository, 'team/overlap/configmap/shared.yaml')).includes('older goes on'),
    )
    expect(await repository.git('ls-tree', '-r', '--name-only', 'main')).not.toContain('Team/')

    await world.api.delete(syncRef(namespace, 'older'))
    await tenant.ready('newer')
    expect(await text(repository, 'Team/below/overlap/configmap/shared.yaml')).toContain('older goes on')
    expect(await text(repository, 'team/overlap/configmap/shared.yaml')).toContain('older goes on')
  })

  test('a tenant does not learn the names of another whose folder overlaps', async () => {
    const tenant = await world.tenant('overlap-one')
    const other = await world.tenant('overlap-two')
    const older = await tenant.sync({ name: 'private-name', path: 'both' })
    await tenant.ready('private-name')
    await waitFor('a second later', () => Date.now() > Date.parse(older.metadata['creationTimestamp']) + 1_100)
    await other.sync({ url: `${tenant.repository.url}/`, path: 'both' })
    const { message } = await other.reason('PathOverlap')
    expect(message).not.toContain('private-name')
    expect(message).not.toContain('overlap-one')
  })

  test('a folder that another cluster writes is refused until it is taken over', async () => {
    const tenant = await world.tenant('claimed')
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'first'))
    await tenant.sync({ spec: { interval: '1s' } })
    await tenant.ready()
    const claim = await text(repository, 'claimed/sync/.gitsync')

    const second = await embeddedControlPlane()
    const operator = await startOperator({ kubeconfig: second.kubeconfig })
    try {
      const { host, credentials } = world.host
      const rival = await createTenant(second.api, namespace, { repository, host, credentials })
      await second.api.create(configMap(namespace, 'second'))
      await rival.sync()
      const { message } = await rival.reason('FolderClaimed')
      const [, owner] = /take-over=(\w+)/.exec(message) ?? []
      expect(owner).toBeDefined()
      expect(message).toContain('gitsync.dev/take-over')
      expect(await text(repository, 'claimed/sync/.gitsync')).toBe(claim)
      expect(await repository.git('ls-tree', '-r', '--name-only', 'main')).not.toContain('second.yaml')

      const wrong = { metadata: { annotations: { 'gitsync.dev/take-over': 'take-over=0123456789abcdef' } } }
      await second.api.patch(syncRef(namespace), wrong)
      await world.api.patch(configMapRef(namespace, 'first'), { data: { key: 'still the owner' } })
      await waitFor('the owner goes on', async () =>
        (await text(repository, 'claimed/sync/claimed/configmap/first.yaml')).includes('still the owner'),
      )
      await rival.reason('FolderClaimed')

      await second.api.patch(syncRef(namespace), {
        metadata: { annotations: { 'gitsync.dev/take-over': `take-over=${owner}` } },
      })
      await rival.ready()
      expect(await text(repository, 'claimed/sync/.gitsync')).not.toBe(claim)
      expect(await text(repository, 'claimed/sync/claimed/configmap/second.yaml')).toContain('key: second')
      await tenant.reason('FolderClaimed')
      await expectLinear(repository)
    } finally {
      await operator.stop()
      await second.stop()
    }
  })

  test('of two operators one stands by, and takes over when the other dies or ends: no edit is lost, none is written twice', async () => {
    const tenant = await world.tenant('twins')
    const { repository, namespace } = tenant
    const file = 'twins/sync/twins/configmap/counter.yaml'
    let value = 0
    const edit = async (): Promise<void> => {
      value += 1
      await world.api.patch(configMapRef(namespace, 'counter'), { data: { value: String(value) } })
    }
    const written = (): Promise<unknown> =>
      waitFor(`edit ${value} is in Git`, async () => (await text(repository, file)).includes(`value: "${value}"`), {
        timeout: 40_000,
      })
    await world.api.create(configMap(namespace, 'counter', { value: '0' }))
    await tenant.sync()
    await tenant.ready()

    let first = world.operator
    let second = await world.startOperator({ identity: 'second' })
    const standsBy = (operator: Operator, holder: string): Promise<unknown> =>
      waitFor(`one stands by for ${holder}`, async () => {
        const ready = await readiness(operator)
        return (
          ready === `200 standby: lease default/gitsync-operator is held by ${holder}\n` || Promise.reject(Error(ready))
        )
      })
    try {
      await standsBy(second, 'e2e')
      expect(await readiness(first)).toBe('200 ok\n')
      expect((await fetch(`${second.url}/healthz`)).status).toBe(200)
      const leads = (operator: Operator): Promise<number> =>
        operator.metric('leader_election_master_status', { name: 'gitsync-operator' })
      expect([await leads(first), await leads(second)]).toEqual([1, 0])
      for (let round = 0; round < 5; round++) {
        await edit()
        await written()
      }
      expect(await repository.git('rev-list', '--count', 'main')).toBe('6')
      expect(await second.metric('gitsync_git_requests_total')).toBe(0)
      expect(await second.metric('gitsync_watch_restarts_total')).toBe(0)

      await first.kill()
      await edit()
      const died = performance.now()
      await written()
      // The lease's 15 s from its last renewal, and one attempt in 2.4 s.
      expect(performance.now() - died).toBeLessThan(22_000)
      expect(await readiness(second)).toBe('200 ok\n')
      await edit()
      await written()

      world.operator = second
      first = second
      second = await world.startOperator({ identity: 'third' })
      await standsBy(second, 'second')
      await edit()
      await first.stop()
      const ended = performance.now()
      await edit()
      await written()
      expect(performance.now() - ended).toBeLessThan(8_000)
      expect((await first.exited).exitCode).toBe(0)
      expect(second.log().match(/"msg":"standby: /g)).toHaveLength(1)
    } finally {
      world.operator = second
    }
    const trees = (await repository.git('log', '--format=%T', 'main')).split('\n')
    expect(trees.filter((tree, i) => tree === trees[i + 1])).toEqual([])
    await expectLinear(repository)
  })

  test('an operator whose lease is taken ends at once, and is a standby when it is started again', async () => {
    const holder = { ...LEASE, namespace: 'default' }
    await waitFor('it leads', async () => (await readiness(world.operator)) === '200 ok\n')
    await world.api.patch(holder, { spec: { holderIdentity: 'somebody-else' } })
    const lost = world.operator
    expect((await lost.exited).exitCode).toBe(1)
    expect(lost.log()).toContain('is held by somebody-else now')
    world.operator = await world.startOperator()
    await waitFor('it stands by', async () => (await readiness(world.operator)).includes('held by somebody-else'))
    await world.api.patch(holder, { spec: { holderIdentity: '' } })
    await waitFor('it leads', async () => (await readiness(world.operator)) === '200 ok\n')
  })

  test('operators of different namespaces do not wait for each other', async () => {
    await world.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'alone' } })
    const operator = await world.startOperator({ identity: 'alone', args: ['--namespace', 'alone'] })
    try {
      await waitFor('it leads', async () => (await readiness(operator)) === '200 ok\n')
      const leases = await world.api.list({ apiVersion: LEASE.apiVersion, kind: 'Lease', namespace: 'default' })
      expect(leases.map(({ metadata }) => metadata.name.replace(/-[0-9a-f]{10}$/, '-HASH')).sort()).toEqual([
        'gitsync-operator',
        'gitsync-operator-HASH',
      ])
    } finally {
      await operator.stop()
    }
  })

  test('an operator that cannot have a lease says what is missing, and ends', async () => {
    const elsewhere = await world.startOperator({ args: ['--lease-namespace', 'not-there'] })
    expect((await elsewhere.exited).exitCode).toBe(1)
    expect(elsewhere.log()).toContain('there is no namespace not-there; create it')
  })
})

test('while the lease cannot be renewed nothing is pushed, and all of it is when it can', async () => {
  const world = await startWorld('embedded')
  try {
    const tenant = await world.tenant('cut-off')
    const { repository, namespace } = tenant
    const file = 'cut-off/sync/cut-off/configmap/settings.yaml'
    await world.api.create(configMap(namespace, 'settings'))
    await tenant.sync()
    await tenant.ready()
    const allow = world.embedded?.faults.forbid(({ path }) => path.includes('/leases'))
    await waitFor('the lease has lapsed', async () => (await readiness(world.operator)).startsWith('503 lease'), {
      timeout: 30_000,
    })
    const tip = await repository.resolve('main')
    await world.api.patch(configMapRef(namespace, 'settings'), { data: { key: 'while cut off' } })
    await waitFor('the change is seen', async () => (await world.operator.metric('gitsync_pending_files')) === 1)
    expect(await world.operator.metric('leader_election_master_status')).toBe(0)
    const requests = world.host.requestCount()
    const refused = await world.operator.metric('rest_client_requests_total', { code: '403' })
    await waitFor(
      'two more renewals are refused',
      async () => (await world.operator.metric('rest_client_requests_total', { code: '403' })) >= refused + 2,
    )
    expect(await repository.resolve('main')).toBe(tip)
    expect(world.host.requestCount()).toBe(requests)
    allow?.()
    await waitFor('it is written', async () => (await text(repository, file)).includes('while cut off'))
    expect(world.operator.log()).toContain('verbs: [get, create, update]')
  } finally {
    await world.stop()
  }
})

test('an operator without the right to use leases names the rule, and leads when it is there', async () => {
  const plane = await realControlPlane('etcd')
  try {
    const kubeconfig = plane.cluster?.kubeconfig('operator') ?? ''
    const rbac = 'rbac.authorization.k8s.io'
    const apiGroups = ['', 'gitsync.dev', 'apiextensions.k8s.io', 'authorization.k8s.io', 'events.k8s.io', rbac]
    const rules = [{ apiGroups, resources: ['*'], verbs: ['*'] }]
    const name = 'all-but-leases'
    const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name }
    const subjects = [{ apiGroup: rbac, kind: 'User', name: 'operator' }]
    await plane.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gitsync-system' } })
    await plane.api.create({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules })
    await plane.api.create({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef,
      subjects,
    })
    const may = (what: string): Promise<unknown> =>
      waitFor(`the operator may ${what}`, () =>
        plane.kubectl(['auth', 'can-i', ...what.split(' '), '--as', 'operator']),
      )
    const start = (): Promise<Operator> => startOperator({ kubeconfig, args: ['--lease-namespace', 'gitsync-system'] })

    await may('get namespaces/kube-system')
    const refused = await start()
    expect((await refused.exited).exitCode).toBe(1)
    expect(refused.log()).toContain(
      'Role in namespace gitsync-system with apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update]',
    )

    const shipped = parseAllDocuments(await readFile(SHIPPED, 'utf8')).map((document) => document.toJSON())
    const role = shipped.filter(({ metadata }) => metadata.name === 'gitsync-operator-lease')
    await plane.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: role }))
    const binding = { apiVersion: `${rbac}/v1`, kind: 'RoleBinding', namespace: 'gitsync-system' }
    await plane.api.patch({ ...binding, name: 'gitsync-operator-lease' }, { subjects })
    await may('update leases.coordination.k8s.io -n gitsync-system')
    const operator = await start()
    await waitFor('it leads', async () => (await readiness(operator)) === '200 ok\n')
    await operator.stop()
    expect((await plane.api.get({ ...LEASE, namespace: 'gitsync-system' }))['spec'].holderIdentity ?? '').toBe('')
  } finally {
    await plane.stop()
  }
})

/** What an installation gives the operator's account. */
const SHIPPED = new URL('../../deploy/base/rbac.yaml', import.meta.url)

const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'gitsync-operator' }

/** Status and text of `/readyz`. */
async function readiness(operator: Operator): Promise<string> {
  const response = await fetch(`${operator.url}/readyz`)
  return `${response.status} ${await response.text()}`
}

async function text(repository: TestRepository, path: string): Promise<string> {
  return await repository.readFile('main', path).then(
    (bytes) => bytes.toString(),
    () => '',
  )
}

async function expectLinear(repository: TestRepository): Promise<void> {
  expect(await repository.git('rev-list', '--merges', '--count', 'main')).toBe('0')
}
