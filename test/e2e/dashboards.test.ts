/** Dashboards: what kubectl writes becomes a file that Grafana imports, and each says how it stands with it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installPolicy } from './harness/attribution.ts'
import { dashboard, dashboardIs, dashboardRef } from './harness/dashboard.ts'
import { conditionOf, configMap, configMapRef, syncRef } from './harness/gitsync.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

const TEXT = `{
  "title": "Checkout: latency",
  "id": 41, "version": 7, "uid": "checkout",
  "panels": [{"type": "timeseries", "max": 9007199254740993, "min": -0, "step": 1.50e3}]
}`
const FILE = `{
  "panels": [
    {
      "max": 9007199254740993,
      "min": -0,
      "step": 1.50e3,
      "type": "timeseries"
    }
  ],
  "title": "Checkout: latency",
  "uid": "checkout"
}
`

const titled = (title: string): object => ({ model: { title, panels: [] } })

describe.each(WORLDS)('Dashboards: %s', (plane) => {
  let world: World<HttpBackendHost>

  beforeAll(async () => {
    world = await startWorld(plane)
    if (plane === 'kube-apiserver') await installPolicy(world)
  })
  afterAll(() => world?.stop())

  const show = async (tenant: Tenant, path: string): Promise<string> =>
    `${await tenant.repository.git('show', `main:${path}`)}\n`
  const files = async (tenant: Tenant): Promise<string[]> =>
    (await tenant.repository.git('ls-tree', '-r', '--name-only', 'main')).split('\n')
  const reason = (tenant: Tenant, name: string, wanted: string): ReturnType<typeof dashboardIs> =>
    dashboardIs(world.api, dashboardRef(tenant.namespace, name), wanted)
  /** As a person, with the real kubectl; in front of the embedded server its field manager has the person's name. */
  const asAlice = async (tenant: Tenant, args: readonly string[], input?: string): Promise<string> => {
    const all = [...args, `--namespace=${tenant.namespace}`]
    if (world.cluster === undefined) {
      const isDelete = args[0] === 'delete'
      return await world.kubectl([...all, ...(isDelete ? [] : ['--field-manager=alice'])], input)
    }
    return await world.cluster.kubectl(all, { user: 'alice', ...(input === undefined ? {} : { input }) })
  }

  test('created, edited and renamed by a person, deleted: a commit each, in her name', async () => {
    const tenant = await world.tenant('shop', { rules: [{ apiGroups: [''], resources: ['configmaps'] }] })
    const { namespace, repository } = tenant
    await world.cluster?.grant('alice', {
      verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'],
      resources: ['dashboards.gitsync.dev'],
    })
    await world.api.create(configMap(namespace, 'settings'))
    await tenant.sync({ path: 'all' })
    await tenant.ready()
    const settings = 'all/shop/configmap/settings.yaml'
    const object = dashboard(namespace, 'checkout', { json: TEXT })
    await asAlice(tenant, ['create', '-f', '-'], JSON.stringify(object))
    const { object: written } = await reason(tenant, 'checkout', 'Succeeded')
    const path = 'all/dashboards/checkout-latency.json'
    expect(written['status']).toMatchObject({
      path,
      title: 'Checkout: latency',
      oid: await repository.git('rev-parse', `main:${path}`),
    })
    expect(await show(tenant, path)).toBe(FILE)
    expect(await world.kubectl(['get', 'gdash', '-n', namespace])).toMatch(
      /NAME +READY +PATH +TITLE +AGE\ncheckout +True +all\/dashboards\/checkout-latency\.json +Checkout: latency/,
    )

    const patch = { spec: { source: { json: TEXT.replace('latency', 'latency and errors').replace('1.50e3', '2') } } }
    await asAlice(tenant, ['patch', 'dashboard', 'checkout', '--type=merge', '-p', JSON.stringify(patch)])
    await waitFor('the file has moved', async () =>
      (await files(tenant)).includes('all/dashboards/checkout-latency-and-errors.json'),
    )
    expect(await files(tenant)).toEqual(['all/.gitsync', 'all/dashboards/checkout-latency-and-errors.json', settings])
    const log = await repository.git(
      'log',
      '--follow',
      '--format=%an: %s',
      'main',
      '--',
      'all/dashboards/checkout-latency-and-errors.json',
    )
    expect(log).toBe('alice: Update Dashboard shop/checkout\nalice: Create Dashboard shop/checkout')

    // What was written has no number or time that a look alone would change.
    const tip = await repository.git('rev-parse', 'main')
    await tenant.look()
    expect(await repository.git('rev-parse', 'main')).toBe(tip)

    await asAlice(tenant, ['delete', 'dashboard', 'checkout'])
    await tenant.committed(/^Delete Dashboard shop\/checkout$/m)
    expect(await files(tenant)).toEqual(['all/.gitsync', settings])
  })

  test('what is not a dashboard keeps its file, says where it is wrong, and stops nobody else', async () => {
    const tenant = await world.tenant('wrong')
    const { namespace } = tenant
    await tenant.sync({ path: '.' })
    await world.api.create(dashboard(namespace, 'good', titled('Good')))
    await reason(tenant, 'good', 'Succeeded')
    await world.api.create(dashboard(namespace, 'bad', { json: '{\n  "title": "Bad",\n  "panels": [}\n}' }))
    const { message, object } = await reason(tenant, 'bad', 'InvalidDashboard')
    expect(message).toMatch(/^line 3, column 14: a value was expected, and "}\\n}" found\. Correct spec\.source/)
    expect(conditionOf(object, 'Stalled')?.status).toBe('True')
    await world.api.patch(dashboardRef(namespace, 'good'), { spec: { source: { model: { panels: 'none' } } } })
    expect((await reason(tenant, 'good', 'InvalidDashboard')).message).toContain('panels must be a list of objects')
    expect(await show(tenant, 'dashboards/good.json')).toBe('{\n  "panels": [],\n  "title": "Good"\n}\n')
    await world.api.create(configMap(namespace, 'other'))
    await tenant.committed(/^Create ConfigMap wrong\/other$/m)
    await tenant.ready()
    await world.api.patch(dashboardRef(namespace, 'bad'), { spec: { source: { json: '{"title": "Mended"}' } } })
    await reason(tenant, 'bad', 'Succeeded')
    expect(await show(tenant, 'dashboards/mended.json')).toBe('{\n  "title": "Mended"\n}\n')
  })

  test("a resource of Grafana's, text or model, becomes a file that has nothing of the Grafana it came from", async () => {
    const tenant = await world.tenant('resources')
    const { namespace } = tenant
    await tenant.sync({ path: '.' })
    const spec = { title: 'Second schema', elements: {}, layout: { kind: 'GridLayout', spec: { items: [] } } }
    const resource = (version: string, name: string) => ({
      apiVersion: `dashboard.grafana.app/${version}`,
      kind: 'Dashboard',
      metadata: { name, namespace: 'default', generation: 3, annotations: { 'grafana.app/createdBy': 'user:u1' } },
      spec,
    })
    await world.api.create(dashboard(namespace, 'text', { json: JSON.stringify(resource('v2', 'text')) }))
    const classic = { ...resource('v1', 'model'), spec: { title: 'First schema', version: 4, panels: [] } }
    await world.api.create(dashboard(namespace, 'model', { model: classic }))
    await reason(tenant, 'text', 'Succeeded')
    await reason(tenant, 'model', 'Succeeded')
    expect(JSON.parse(await show(tenant, 'dashboards/second-schema.json'))).toEqual({
      apiVersion: 'dashboard.grafana.app/v2',
      kind: 'Dashboard',
      metadata: { name: 'text' },
      spec,
    })
    expect(JSON.parse(await show(tenant, 'dashboards/first-schema.json'))).toEqual({
      apiVersion: 'dashboard.grafana.app/v1',
      kind: 'Dashboard',
      metadata: { name: 'model' },
      spec: { title: 'First schema', panels: [] },
    })
    await world.api.create(
      dashboard(namespace, 'twin', { json: JSON.stringify(resource('v2beta1', 'text')) }, { path: 'twin.json' }),
    )
    expect((await reason(tenant, 'twin', 'DuplicateUid')).message).toContain('text')
  })

  test('a GitSync that selects nothing writes its Dashboards, and nothing else', async () => {
    const tenant = await world.tenant('alone')
    const { namespace } = tenant
    await world.api.create(configMap(namespace, 'other'))
    await tenant.sync({ path: '.', resources: [] })
    await world.api.create(dashboard(namespace, 'one', titled('One')))
    await reason(tenant, 'one', 'Succeeded')
    await tenant.ready()
    expect(await files(tenant)).toEqual(['.gitsync', 'dashboards/one.json'])
    await world.api.delete(dashboardRef(namespace, 'one'))
    await waitFor('it is gone', async () => (await files(tenant)).join() === '.gitsync')
  })

  test('two that want one file are both told, and a path of its own settles it', async () => {
    const tenant = await world.tenant('conflict')
    const { namespace } = tenant
    await tenant.sync({ path: '.' })
    await world.api.create(dashboard(namespace, 'first', titled('Same')))
    await reason(tenant, 'first', 'Succeeded')
    await world.api.create(dashboard(namespace, 'second', titled('same!')))
    for (const [name, other] of [
      ['first', 'second'],
      ['second', 'first'],
    ] as const) {
      expect((await reason(tenant, name, 'PathConflict')).message).toContain(
        `dashboards/same.json is also wanted by Dashboard.gitsync.dev/conflict/${other}`,
      )
    }
    await world.api.patch(dashboardRef(namespace, 'second'), { spec: { path: 'team/same.json' } })
    await reason(tenant, 'first', 'Succeeded')
    await reason(tenant, 'second', 'Succeeded')
    expect((await files(tenant)).sort()).toEqual(['.gitsync', 'dashboards/same.json', 'team/same.json'])
    await tenant.ready()
  })

  test('one that names no GitSync waits for it, and is written when that appears', async () => {
    const tenant = await world.tenant('later')
    const { namespace } = tenant
    await world.api.create(dashboard(namespace, 'early', titled('Early')))
    expect((await reason(tenant, 'early', 'SyncNotFound')).message).toContain(
      'spec.syncRef.name: GitSync sync does not exist in namespace later',
    )
    await tenant.sync({ path: '.', spec: { suspend: true } })
    expect((await reason(tenant, 'early', 'SyncNotWriting')).message).toContain('(Suspended)')
    await world.api.patch(syncRef(namespace), { spec: { suspend: false } })
    await reason(tenant, 'early', 'Succeeded')
    expect(await show(tenant, 'dashboards/early.json')).toContain('"title": "Early"')
    await world.api.patch(syncRef(namespace), { spec: { exclude: [{ group: 'gitsync.dev', kind: 'Dashboard' }] } })
    await waitFor(
      'it says that it is left out',
      async () =>
        conditionOf(await world.api.get(dashboardRef(namespace, 'early')), 'Ready')?.reason === 'SyncNotWriting',
    )
  })

  test('resources select Dashboards of others as objects; those that name the GitSync stay dashboard files', async () => {
    const tenant = await world.tenant('objects')
    const { namespace } = tenant
    await world.api.create(dashboard(namespace, 'mine', titled('Mine')))
    await world.api.create(dashboard(namespace, 'theirs', titled('Theirs'), { syncRef: { name: 'other' } }))
    await tenant.sync({ path: '.', resources: [{ group: 'gitsync.dev', kind: '*' }] })
    await tenant.ready()
    await reason(tenant, 'mine', 'Succeeded')
    await reason(tenant, 'theirs', 'SyncNotFound')
    expect((await files(tenant)).sort()).toEqual([
      '.gitsync',
      'dashboards/mine.json',
      'objects/dashboard.gitsync.dev/theirs.yaml',
      'objects/gitsync.gitsync.dev/sync.yaml',
    ])
    await world.api.patch(dashboardRef(namespace, 'theirs'), { spec: { syncRef: { name: 'sync' } } })
    await reason(tenant, 'theirs', 'Succeeded')
    expect(await files(tenant)).toContain('dashboards/theirs.json')
  })

  test('edits of others are written over, and what went while no operator ran goes afterwards', async () => {
    const tenant = await world.tenant('restart')
    const { namespace, repository } = tenant
    for (const name of ['a', 'b', 'c', 'd']) await world.api.create(dashboard(namespace, name, titled(name)))
    await world.api.create(configMap(namespace, 'kept'))
    await tenant.sync({ path: '.' })
    await tenant.ready()
    for (const name of ['a', 'b', 'c', 'd']) await reason(tenant, name, 'Succeeded')
    const before = await show(tenant, 'dashboards/a.json')
    await repository.commitFiles({
      'dashboards/a.json': '<<<<<<< not JSON at all\n',
      'dashboards/b.json': '{"title": "edited in Git"}\n',
      'dashboards/stranger.json': '{"title": "of nobody"}\n',
    })
    await tenant.request()
    await waitFor('the edit is written over', async () => (await show(tenant, 'dashboards/a.json')) === before)
    await world.operator.stop()
    await repository.commitFiles({ 'dashboards/d.json': '{"title": "edited before it was deleted"}\n' })
    await world.api.delete(dashboardRef(namespace, 'b'))
    await world.api.delete(dashboardRef(namespace, 'd'))
    await world.api.patch(dashboardRef(namespace, 'c'), { spec: { source: { model: { title: 'See' } } } })
    world.operator = await world.startOperator()
    await reason(tenant, 'c', 'Succeeded')
    await waitFor('the files are gone', async () => {
      const there = (await files(tenant)).sort().join(' ')
      if (
        there !== '.gitsync dashboards/a.json dashboards/see.json dashboards/stranger.json restart/configmap/kept.yaml'
      )
        throw new Error(there)
      return true
    })
    await world.api.patch(configMapRef(namespace, 'kept'), { data: { key: '2' } })
    await tenant.committed(/^Update ConfigMap restart\/kept$/m)
    expect((await tenant.ready())['status'].orphans).toBe(0)
  })
})
