/** Dashboards whose text is in ConfigMaps: one that is named, or all that are labelled. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installPolicy } from './harness/attribution.ts'
import type { KubeObject } from './harness/api.ts'
import { dashboard, dashboardIs, dashboardRef } from './harness/dashboard.ts'
import { configMap, configMapRef } from './harness/gitsync.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { grant } from './harness/tenant.ts'
import type { Tenant } from './harness/tenant.ts'
import type { ClusterUser } from '../kit/cluster/index.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

const CONFIGMAPS = [{ apiGroups: [''], resources: ['configmaps'] }]
const RBAC = 'rbac.authorization.k8s.io/v1'

const text = (title: string, more: object = {}): string => JSON.stringify({ title, id: 3, panels: [], ...more })
const fromConfigMaps = (namespace: string, name: string, configMapRef: object, spec: object = {}): KubeObject =>
  dashboard(namespace, name, { configMapRef }, spec)
/** As kube-prometheus-stack labels them. */
const LABEL = { grafana_dashboard: '1' }
const LABELLED = { labelSelector: { matchLabels: LABEL } }
const labelled = (namespace: string, name: string, data: object, annotations: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels: LABEL, annotations },
  data,
})

describe.each(WORLDS)('Dashboards from ConfigMaps: %s', (plane) => {
  let world: World<HttpBackendHost>

  beforeAll(async () => {
    world = await startWorld(plane)
    if (plane === 'kube-apiserver') await installPolicy(world)
    for (const user of ['alice', 'bob'] as const) {
      await world.cluster?.grant(user, {
        verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'],
        resources: ['dashboards.gitsync.dev', 'configmaps'],
      })
    }
  })
  afterAll(() => world?.stop())

  /** Its account may read ConfigMaps, which the GitSync itself does not select. */
  const started = async (namespace: string, spec: object = {}) => {
    const tenant = await world.tenant(namespace, { rules: CONFIGMAPS })
    await grant(world.api, namespace, [{ apiGroups: [''], resources: ['services'] }], 'services')
    await tenant.sync({ path: '.', resources: [{ kind: 'Service' }], spec })
    await tenant.ready()
    return tenant
  }
  const show = async (tenant: Tenant, path: string): Promise<string> =>
    `${await tenant.repository.git('show', `main:${path}`)}\n`
  const files = async (tenant: Tenant): Promise<string[]> =>
    (await tenant.repository.git('ls-tree', '-r', '--name-only', 'main'))
      .split('\n')
      .filter((path) => path !== '.gitsync')
  const filesAre = (tenant: Tenant, wanted: readonly string[]): Promise<unknown> =>
    waitFor(`the files are ${wanted.join()}`, async () => {
      const there = await files(tenant)
      if (there.sort().join() !== [...wanted].sort().join()) throw new Error(there.join())
      return true
    })
  const reason = (tenant: Tenant, name: string, wanted: string): ReturnType<typeof dashboardIs> =>
    dashboardIs(world.api, dashboardRef(tenant.namespace, name), wanted)
  /** As a person, with the real kubectl; in front of the embedded server its field manager has the person's name. */
  const as = async (user: ClusterUser, tenant: Tenant, args: readonly string[], input?: string): Promise<string> => {
    const all = [...args, `--namespace=${tenant.namespace}`]
    if (world.cluster === undefined)
      return await world.kubectl([...all, ...(args[0] === 'delete' ? [] : [`--field-manager=${user}`])], input)
    return await world.cluster.kubectl(all, { user, ...(input === undefined ? {} : { input }) })
  }
  const patch = (user: ClusterUser, tenant: Tenant, what: string, change: object): Promise<string> =>
    as(user, tenant, ['patch', ...what.split('/'), '--type=merge', '-p', JSON.stringify(change)])

  test('one that is named: who changes the ConfigMap is the author, and who changes the Dashboard', async () => {
    const tenant = await started('named')
    const { namespace, repository } = tenant
    await world.api.create(configMap(namespace, 'grafana', { 'nodes.json': text('Nodes', { max: 1 }) }))
    const object = fromConfigMaps(namespace, 'nodes', { name: 'grafana', key: 'nodes.json' })
    await as('alice', tenant, ['create', '-f', '-'], JSON.stringify(object))
    const { object: written } = await reason(tenant, 'nodes', 'Succeeded')
    expect(written['status']).toMatchObject({ path: 'dashboards/nodes.json', title: 'Nodes' })
    expect(await show(tenant, 'dashboards/nodes.json')).toBe('{\n  "max": 1,\n  "panels": [],\n  "title": "Nodes"\n}\n')

    const edited = '{"title": "Nodes", "panels": [], "max": 9007199254740993}'
    await patch('bob', tenant, 'configmap/grafana', { data: { 'nodes.json': edited } })
    await tenant.history('dashboards/nodes.json', 2)
    await patch('alice', tenant, 'dashboard/nodes', { spec: { path: 'team/nodes.json' } })
    await filesAre(tenant, ['team/nodes.json'])
    await patch('bob', tenant, 'configmap/grafana', { data: { 'nodes.json': edited.replace('993', '994') } })
    await waitFor('the edit is there', async () => (await show(tenant, 'team/nodes.json')).includes('740994'))
    const log = await repository.git('log', '--follow', '--format=%an: %s', 'main', '--', 'team/nodes.json')
    const update = 'Update Dashboard named/nodes'
    expect(log.split('\n')).toEqual([
      `bob: ${update}`,
      `alice: ${update}`,
      `bob: ${update}`,
      'alice: Create Dashboard named/nodes',
    ])

    // The same text compressed is the same file; and what else the ConfigMap holds is nobody's business.
    await tenant.look()
    const tip = await repository.git('rev-parse', 'main')
    const compressed = gzipSync(edited.replace('993', '994')).toString('base64')
    await world.api.patch(configMapRef(namespace, 'grafana'), {
      data: { 'nodes.json': null, other: 'x' },
      binaryData: { 'nodes.json': compressed },
    })
    await patch('bob', tenant, 'dashboard/nodes', { metadata: { labels: { a: 'b' } } })
    await tenant.look()
    await reason(tenant, 'nodes', 'Succeeded')
    expect(await repository.git('log', '--format=%an: %s', `${tip}..main`)).toBe('')
  })

  test('what is missing is said, and removes no file', async () => {
    const tenant = await started('missing')
    const { namespace } = tenant
    await world.api.create(fromConfigMaps(namespace, 'a', { name: 'grafana', key: 'a.json' }))
    expect((await reason(tenant, 'a', 'ConfigMapNotFound')).message).toContain(
      'spec.source.configMapRef.name: ConfigMap grafana does not exist in namespace missing; the file stays',
    )
    await world.api.create(configMap(namespace, 'grafana', { 'b.json': text('B') }))
    await waitFor('the key is missed', async () =>
      (await reason(tenant, 'a', 'ConfigMapNotFound')).message?.includes(
        'has no key a.json, but b.json; the file stays',
      ),
    )
    await world.api.patch(configMapRef(namespace, 'grafana'), { data: { 'a.json': text('A') } })
    await reason(tenant, 'a', 'Succeeded')
    await world.api.delete(configMapRef(namespace, 'grafana'))
    await reason(tenant, 'a', 'ConfigMapNotFound')
    await tenant.request()
    await waitFor('the file is an orphan', async () => (await tenant.ready())['status'].orphans === 1)
    expect(await files(tenant)).toEqual(['dashboards/a.json'])
    await world.operator.stop()
    world.operator = await world.startOperator()
    await reason(tenant, 'a', 'ConfigMapNotFound')
    await tenant.ready()
    expect(await files(tenant)).toEqual(['dashboards/a.json'])
    await world.api.create(configMap(namespace, 'grafana', { 'a.json': '{"title": "A", "title": "B"}' }))
    expect((await reason(tenant, 'a', 'InvalidDashboard')).message).toContain('key "title" stands twice')
    // Nor does it forget that when somebody writes to the Dashboard what is no edit.
    await world.api.patch(dashboardRef(namespace, 'a'), { metadata: { labels: { team: 'x' } } })
    await tenant.look()
    await reason(tenant, 'a', 'InvalidDashboard')
    await world.api.delete(dashboardRef(namespace, 'a'))
    await filesAre(tenant, [''])
  })

  test('all that are labelled: a file each, in their folders, named for those who change them', async () => {
    const tenant = await started('labelled')
    const { namespace, repository } = tenant
    await world.api.create(labelled(namespace, 'nodes', { 'nodes.json': text('Nodes'), 'readme.txt': 'no dashboard' }))
    await world.api.create(
      labelled(
        namespace,
        'teams',
        { 'a.json': text('Home'), 'b.json': text('Rates') },
        { grafana_folder: '../../Team A/' },
      ),
    )
    await world.api.create(configMap(namespace, 'other', { 'other.json': text('Other') }))
    await as('alice', tenant, ['create', '-f', '-'], JSON.stringify(fromConfigMaps(namespace, 'all', LABELLED)))
    await filesAre(tenant, ['dashboards/nodes.json', 'dashboards/team-a/home.json', 'dashboards/team-a/rates.json'])
    const { object, message } = await reason(tenant, 'all', 'Succeeded')
    expect(message).toBe('3 dashboards are in Git')
    expect(object['status']).toMatchObject({ files: 3, failed: 0, problems: [] })
    expect(await repository.git('log', '--format=%an', 'main', '--', 'dashboards/nodes.json')).toBe('alice')

    // A label, a key, a title that is there already: each by whoever made it so.
    await patch('bob', tenant, 'configmap/other', { metadata: { labels: LABEL } })
    await filesAre(tenant, [
      'dashboards/nodes.json',
      'dashboards/other.json',
      'dashboards/team-a/home.json',
      'dashboards/team-a/rates.json',
    ])
    await patch('bob', tenant, 'configmap/nodes', { data: { 'copy.json': text('Nodes', { uid: 'copy' }) } })
    const copy = await waitFor('the copy has a name of its own', async () =>
      (await files(tenant)).find((path) => /^dashboards\/nodes-[0-9a-f]{8}\.json$/.test(path)),
    )
    expect(await show(tenant, copy)).toContain('"uid": "copy"')
    expect(await show(tenant, 'dashboards/nodes.json')).not.toContain('copy')
    await patch('alice', tenant, 'configmap/teams', {
      metadata: { annotations: { grafana_folder: 'Team B' } },
      data: { 'b.json': '{' },
    })
    await waitFor('the folder has moved', async () => (await files(tenant)).includes('dashboards/team-b/home.json'))
    const bad = await reason(tenant, 'all', 'InvalidDashboard')
    expect(bad.message).toContain('1 dashboard of 5 is wrong: teams/b.json: line 1, column 2')
    expect(bad.object['status']).toMatchObject({ files: 4, failed: 1, problems: [{ dashboard: 'teams/b.json' }] })
    await tenant.ready()
    expect(await show(tenant, 'dashboards/team-a/rates.json')).toContain('Rates')
    await patch('bob', tenant, 'configmap/teams', { data: { 'b.json': null } })
    await patch('bob', tenant, 'configmap/other', { metadata: { labels: { grafana_dashboard: null } } })
    await filesAre(tenant, ['dashboards/nodes.json', copy, 'dashboards/team-b/home.json'])
    await reason(tenant, 'all', 'Succeeded')
    const who = await repository.git('log', '--diff-filter=D', '--no-renames', '--format=%an', '--name-only', 'main')
    expect(who).toMatch(/bob\n\ndashboards\/other\.json/)
    expect(await repository.git('log', '-1', '--format=%an', 'main', '--', copy)).toBe('bob')

    await as('alice', tenant, ['delete', 'dashboard', 'all'])
    await filesAre(tenant, [''])
    await repository.git('fsck', '--strict')
  })

  test('what went while no operator ran goes afterwards; what is only not seen stays', async () => {
    const tenant = await started('away')
    const { namespace } = tenant
    const data = (title: string): object => ({ 'x.json': text(title), 'y.json': text(`${title} 2`) })
    for (const name of ['gone', 'unlabelled', 'key', 'kept'])
      await world.api.create(labelled(namespace, name, data(name)))
    await world.api.create(fromConfigMaps(namespace, 'all', LABELLED, { path: '{configMap}/{key}.json' }))
    const all = ['gone', 'unlabelled', 'key', 'kept'].flatMap((name) => [`${name}/x.json`, `${name}/y.json`])
    await filesAre(tenant, all)
    await reason(tenant, 'all', 'Succeeded')
    await world.operator.stop()
    await world.api.delete(configMapRef(namespace, 'gone'))
    await world.api.patch(configMapRef(namespace, 'unlabelled'), { metadata: { labels: { grafana_dashboard: null } } })
    await world.api.patch(configMapRef(namespace, 'key'), { data: { 'x.json': null } })
    // While its account may not read, nothing is judged.
    await world.api.delete({ apiVersion: RBAC, kind: 'RoleBinding', namespace, name: 'auditor' })
    await world.api.delete({ apiVersion: RBAC, kind: 'Role', namespace, name: 'auditor' })
    world.operator = await world.startOperator()
    expect((await reason(tenant, 'all', 'Forbidden')).message).toContain(
      'the ServiceAccount of the GitSync may not list and watch ConfigMap in namespace away',
    )
    await tenant.request()
    await waitFor('the files are orphans', async () => (await tenant.ready())['status'].orphans === 8)
    expect((await files(tenant)).sort()).toEqual([...all].sort())
    await grant(world.api, namespace, CONFIGMAPS)
    await filesAre(tenant, ['key/y.json', 'kept/x.json', 'kept/y.json'])
    await reason(tenant, 'all', 'Succeeded')
    await waitFor('nothing is left over', async () => (await tenant.ready())['status'].orphans === 0)
  })

  test('names that were taken stay as they are, and many that go at once wait for a person', async () => {
    const tenant = await started('guard')
    const { namespace } = tenant
    const keys = Array.from({ length: 11 }, (_, i) => `b${String(i).padStart(2, '0')}.json`)
    const data = Object.fromEntries(keys.map((key) => [key, text('Same', { uid: key.slice(0, 3) })]))
    await world.api.create(labelled(namespace, 'a', data))
    await world.api.create(fromConfigMaps(namespace, 'all', LABELLED))
    await waitFor('11 files', async () => (await files(tenant)).length === 11)
    await reason(tenant, 'all', 'Succeeded')
    await world.api.patch(configMapRef(namespace, 'a'), { data: { 'a.json': text('Same', { uid: 'b00' }) } })
    const { message } = await reason(tenant, 'all', 'DuplicateUid')
    expect(message).toMatch(/^2 dashboards of 12 are wrong: a\/a\.json: uid b00 is also that of \S+\/all\/a\/b00\.json/)
    await waitFor('12 files', async () => (await files(tenant)).length === 12)
    // Whose the name is stands in the inventory: the keys come in another order now.
    const plain = await show(tenant, 'dashboards/same.json')
    expect(plain).toContain('"uid": "b00"')
    const before = await files(tenant)
    await world.operator.stop()
    world.operator = await world.startOperator()
    await world.api.patch(configMapRef(namespace, 'a'), { data: { 'a.json': text('Same', { uid: 'a' }) } })
    await reason(tenant, 'all', 'Succeeded')
    expect(await show(tenant, 'dashboards/same.json')).toBe(plain)
    expect(await files(tenant)).toEqual(before)
    await world.api.patch(configMapRef(namespace, 'a'), { data: { 'b00.json': null } })
    await waitFor('its file goes', async () => (await files(tenant)).length === 11)
    expect(await files(tenant)).not.toContain('dashboards/same.json')

    await world.api.patch(configMapRef(namespace, 'a'), { metadata: { labels: { grafana_dashboard: null } } })
    expect((await tenant.reason('MassDeletion')).message).toMatch(/^11 files would be deleted/)
    expect(await files(tenant)).toHaveLength(11)
    await world.api.patch(configMapRef(namespace, 'a'), { metadata: { labels: LABEL } })
    await tenant.ready()
    expect(await files(tenant)).toHaveLength(11)
  })

  test('a mirror takes nothing away of what may not be read', async () => {
    const tenant = await started('mirror', { prune: 'Always' })
    const { namespace, repository } = tenant
    await world.api.create(labelled(namespace, 'a', { 'x.json': text('X'), 'y.json': text('Y') }))
    await world.api.create(fromConfigMaps(namespace, 'all', LABELLED))
    await filesAre(tenant, ['dashboards/x.json', 'dashboards/y.json'])
    await reason(tenant, 'all', 'Succeeded')
    await repository.commitFiles({ 'stranger.json': '{}' })
    await tenant.request()
    await filesAre(tenant, ['dashboards/x.json', 'dashboards/y.json'])
    await world.api.delete({ apiVersion: RBAC, kind: 'RoleBinding', namespace, name: 'auditor' })
    await world.api.delete({ apiVersion: RBAC, kind: 'Role', namespace, name: 'auditor' })
    await tenant.request()
    await reason(tenant, 'all', 'Forbidden')
    await repository.commitFiles({ 'stranger.json': '{}' })
    await tenant.look()
    await world.api.delete(configMapRef(namespace, 'a'))
    expect((await files(tenant)).sort()).toEqual(['dashboards/x.json', 'dashboards/y.json', 'stranger.json'])
    await grant(world.api, namespace, CONFIGMAPS)
    await filesAre(tenant, [''])
  })

  test('a source that becomes another leaves nothing behind', async () => {
    const tenant = await started('turned')
    const { namespace } = tenant
    await world.api.create(labelled(namespace, 'a', { 'x.json': text('X'), 'y.json': text('Y') }))
    await world.api.create(fromConfigMaps(namespace, 'd', LABELLED))
    await filesAre(tenant, ['dashboards/x.json', 'dashboards/y.json'])
    const turn = (source: object): Promise<unknown> =>
      world.api.patch(dashboardRef(namespace, 'd'), { spec: { source: { configMapRef: null, json: null, ...source } } })
    await turn({ json: text('Own') })
    await filesAre(tenant, ['dashboards/own.json'])
    await turn({ configMapRef: { name: 'a', key: 'y.json' } })
    await filesAre(tenant, ['dashboards/y.json'])
    await turn({ configMapRef: { name: null, key: null, ...LABELLED } })
    await filesAre(tenant, ['dashboards/x.json', 'dashboards/y.json'])
    await turn({ configMapRef: { labelSelector: { matchLabels: { grafana_dashboard: 'none' } } } })
    await filesAre(tenant, [''])
    await reason(tenant, 'd', 'Succeeded')
  })
})
