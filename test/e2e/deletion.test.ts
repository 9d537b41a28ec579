import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestRepository } from '../kit/remote/index.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { conditionOf, CONFIG_MAPS, configMap, configMapRef, syncRef } from './harness/gitsync.ts'
import { oddKind } from './harness/odd-kind.ts'
import { grant, grantCluster, mayRead } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

const MODES = ['Owned', 'Observed', 'Never'] as const

describe.each(WORLDS)('deletion: %s', (plane) => {
  let world: World<HttpBackendHost>

  beforeAll(async () => {
    world = await startWorld(plane)
  })
  afterAll(() => world?.stop())

  /** Waits until an edit that was made later is in Git: what led to nothing until then leads to nothing. */
  const throughTheWatch = async (
    tenant: { namespace: string; repository: TestRepository },
    folder: string,
  ): Promise<void> => {
    const name = `marker-${performance.now().toFixed(0)}`
    await world.api.create(configMap(tenant.namespace, name))
    await waitFor(`${name} is in Git`, async () =>
      (await paths(tenant.repository)).some((path) => path.startsWith(folder) && path.includes(name)),
    )
  }

  test('a deleted object loses its file with Owned and Observed and keeps it with Never, seen or not', async () => {
    const tenant = await world.tenant('prune')
    const { repository, namespace } = tenant
    for (const name of ['stays', 'seen', 'unseen', 'other']) await world.api.create(configMap(namespace, name))
    for (const prune of MODES) await tenant.sync({ name: prune.toLowerCase(), spec: { prune } })
    for (const prune of MODES) await tenant.ready(prune.toLowerCase())
    const filesOf = async (mode: (typeof MODES)[number]): Promise<string[]> => {
      const folder = `prune/${mode.toLowerCase()}/prune/configmap/`
      return (await paths(repository))
        .filter((path) => path.startsWith(folder))
        .map((path) => path.slice(folder.length))
    }
    expect(await filesOf('Never')).toHaveLength(4)

    await world.api.delete(configMapRef(namespace, 'seen'))
    await waitFor(
      'the file is gone',
      async () => !(await filesOf('Owned')).includes('seen.yaml') && !(await filesOf('Observed')).includes('seen.yaml'),
    )
    expect(await repository.git('log', '-1', '--format=%s', 'main')).toBe('Delete ConfigMap prune/seen')
    expect(await filesOf('Never')).toContain('seen.yaml')
    await waitFor(
      'it is counted',
      async () => (await world.api.get(syncRef(namespace, 'never')))['status'].orphans === 1,
    )

    await world.operator.stop()
    await world.api.delete(configMapRef(namespace, 'unseen'))
    world.operator = await world.startOperator()
    await waitFor('the file is gone', async () => !(await filesOf('Owned')).includes('unseen.yaml'))
    // Each has compared its folder since the restart: a marker in each shows it.
    await world.api.create(configMap(namespace, 'marker'))
    for (const mode of MODES)
      await waitFor(`${mode} goes on`, async () => (await filesOf(mode)).includes('marker.yaml'))
    expect(await filesOf('Owned')).toEqual(['marker.yaml', 'other.yaml', 'stays.yaml'])
    expect(await filesOf('Observed')).toEqual(['marker.yaml', 'other.yaml', 'stays.yaml', 'unseen.yaml'])
    expect(await filesOf('Never')).toEqual(['marker.yaml', 'other.yaml', 'seen.yaml', 'stays.yaml', 'unseen.yaml'])
    await waitFor('what is left over is counted', async () => {
      const [owned, observed, never] = await Promise.all(
        MODES.map((mode) => world.api.get(syncRef(namespace, mode.toLowerCase()))),
      )
      return owned?.['status'].orphans === 0 && observed?.['status'].orphans === 1 && never?.['status'].orphans === 2
    })
  })

  test('with its namespace an object loses its file', async () => {
    const tenant = await world.tenant('watcher')
    const { repository } = tenant
    await grantCluster(world.api, 'watcher', { apiGroups: [''], resources: ['configmaps'] })
    await world.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'short-lived' } })
    await world.api.create(configMap('short-lived', 'inside'))
    await world.api.create(configMap('watcher', 'outside'))
    await tenant.sync({
      path: 'all',
      resources: [{ ...CONFIG_MAPS, namespaces: { names: ['watcher', 'short-lived'] } }],
    })
    await tenant.ready()
    expect(await paths(repository)).toEqual([
      'all/.gitsync',
      'all/short-lived/configmap/inside.yaml',
      'all/watcher/configmap/outside.yaml',
    ])
    await world.deleteNamespace('short-lived')
    await waitFor(
      'the file is gone',
      async () => !(await paths(repository)).includes('all/short-lived/configmap/inside.yaml'),
    )
    expect(await paths(repository)).toContain('all/watcher/configmap/outside.yaml')
  })

  test('objects that vanish with their definition keep their files, and the rest goes on', async () => {
    const tenant = await world.tenant('vanishing')
    const { repository, namespace } = tenant
    const kind = await oddKind(world, 'Vanisher')
    await world.api.create(kind.object(namespace, 'one'))
    await world.api.create(kind.object(namespace, 'two'))
    await world.api.create(configMap(namespace, 'steady'))
    await tenant.sync({ resources: [CONFIG_MAPS, kind.selector] })
    await tenant.ready()
    const before = await paths(repository)
    expect(before).toHaveLength(4)
    await kind.remove()
    await throughTheWatch(tenant, 'vanishing')
    await tenant.request()
    const { message } = await tenant.reason('UnknownKind')
    expect(message).toContain('Vanisher')
    expect(message).toContain('its files stay')
    expect(await paths(repository)).toEqual(expect.arrayContaining(before))
    await throughTheWatch(tenant, 'vanishing')
    expect(await paths(repository)).toEqual(expect.arrayContaining(before))
  })

  test('a permission that is taken away keeps the files, is named, and heals', async () => {
    const tenant = await world.tenant('revoked', { rules: [{ apiGroups: [''], resources: ['configmaps'] }] })
    const { repository, namespace } = tenant
    const services = { apiGroups: [''], resources: ['services'] }
    await grant(world.api, namespace, [services], 'services')
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace },
      spec: { ports: [{ port: 80 }] },
    }
    await world.api.create(service)
    await world.api.create(configMap(namespace, 'settings'))
    await tenant.sync({ resources: [CONFIG_MAPS, { kind: 'Service' }] })
    await tenant.ready()
    const before = await paths(repository)
    expect(before).toContain('revoked/sync/revoked/service/web.yaml')

    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', namespace, name: 'services' }
    await world.api.delete({ ...rbac, kind: 'RoleBinding' })
    await mayRead(world.api, namespace, '', 'services', false)
    await tenant.request()
    const { message } = await tenant.reason('Forbidden')
    expect(message).toContain('Service in namespace revoked')
    expect(message).toContain('auditor')
    await world.api.delete({ apiVersion: 'v1', kind: 'Service', namespace, name: 'web' })
    await throughTheWatch(tenant, 'revoked')
    expect(await paths(repository)).toEqual(expect.arrayContaining(before))

    await world.api.delete({ ...rbac, kind: 'Role' })
    await grant(world.api, namespace, [services], 'services')
    await tenant.request()
    await tenant.ready()
    // Now it may be known again that the object is gone.
    await waitFor(
      'the file is gone',
      async () => !(await paths(repository)).includes('revoked/sync/revoked/service/web.yaml'),
    )
  })

  if (plane === 'embedded')
    test('a list that is empty by mistake deletes nothing', async () => {
      const tenant = await world.tenant('empty-list')
      const { repository, namespace } = tenant
      for (const name of ['a', 'b', 'c']) await world.api.create(configMap(namespace, name))
      await tenant.sync()
      await tenant.ready()
      const { faults, requests } = world.embedded as NonNullable<typeof world.embedded>
      const lists = (): number =>
        requests.filter(({ resource, verb }) => resource === 'configmaps' && verb === 'list').length
      const before = { lists: lists(), paths: await paths(repository) }
      faults.refuseStreamingLists(true)
      const undo = faults.emptyLists(({ resource }) => resource === 'configmaps')
      try {
        faults.expireHistory()
        const dropped = faults.dropWatches(({ resource }) => resource === 'configmaps')
        expect(dropped).toBeGreaterThan(0)
        await waitFor('the operator has listed anew', () => lists() >= before.lists + dropped)
        await throughTheWatch(tenant, 'empty-list')
        expect(await paths(repository)).toEqual(expect.arrayContaining(before.paths))
        const request = await tenant.request()
        await waitFor(
          'the folder is compared',
          async () => (await world.api.get(syncRef(namespace)))['status'].lastHandledRequest === request,
        )
        expect(await paths(repository)).toEqual(expect.arrayContaining(before.paths))
      } finally {
        undo()
        faults.clear()
      }
      faults.expireHistory()
      faults.dropWatches(({ resource }) => resource === 'configmaps')
      await waitFor('all are known again', async () => (await world.api.get(syncRef(namespace)))['status'].files === 4)
      expect(await repository.git('log', '--diff-filter=D', '--format=%H', 'main')).toBe('')
    })

  test('a mass deletion waits for a confirmation, and is written once it has one', async () => {
    const tenant = await world.tenant('mass')
    const { repository, namespace } = tenant
    const names = Array.from({ length: 24 }, (_, i) => `item-${i}`)
    await Promise.all(names.map((name) => world.api.create(configMap(namespace, name))))
    await tenant.sync({ commit: { window: '300ms', maxLatency: '5s' } })
    await tenant.ready()
    const doomed = names.slice(0, 20)
    await Promise.all(doomed.map((name) => world.api.delete(configMapRef(namespace, name))))
    const token = await waitFor('all are held back', async () => {
      const object = await world.api.get(syncRef(namespace))
      const stalled = conditionOf(object, 'Stalled')
      if (stalled?.reason !== 'MassDeletion') throw new Error(JSON.stringify(object['status']))
      return /^20 files .*confirm-deletion=(\w+)/.exec(stalled.message)?.[1]
    })
    const written = (): Promise<string[]> =>
      paths(repository).then((all) => all.filter((path) => path.includes('/item-')))
    expect(await written()).toHaveLength(24)
    // Other changes go on meanwhile.
    await world.api.patch(configMapRef(namespace, 'item-23'), { data: { key: 'edited meanwhile' } })
    await waitFor('the edit is in Git', async () =>
      (await repository.readFile('main', 'mass/sync/mass/configmap/item-23.yaml')).includes('edited meanwhile'),
    )
    expect(await written()).toHaveLength(24)

    const confirm = (value: string): Promise<unknown> =>
      world.api.patch(syncRef(namespace), { metadata: { annotations: { 'gitsync.dev/confirm-deletion': value } } })
    await confirm('confirm-deletion=000000000000')
    await throughTheWatch(tenant, 'mass')
    expect(await written()).toHaveLength(24)
    await confirm(`confirm-deletion=${token}`)
    await waitFor('the files are gone', async () => (await written()).length === 4)
    await tenant.ready()
  })
})

async function paths(repository: TestRepository): Promise<string[]> {
  return (await repository.lsTree('main')).map(({ path }) => path)
}
