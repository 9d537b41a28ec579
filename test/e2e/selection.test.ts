import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubeObject, Ref } from './harness/api.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { conditionOf, CONFIG_MAPS, configMap, configMapRef, syncRef } from './harness/gitsync.ts'
import { oddKind } from './harness/odd-kind.ts'
import { grantCluster } from './harness/tenant.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

const CANARY = 'canary-3f1c'

describe.each(WORLDS)('selection: %s', (plane) => {
  let world: World<HttpBackendHost>

  beforeAll(async () => {
    world = await startWorld(plane)
  })
  afterAll(() => world?.stop())

  const filesOf = async ({ repository }: Tenant): Promise<string[]> =>
    (await repository.git('ls-tree', '-r', '--name-only', 'main')).split('\n').filter((path) => path !== '')
  /** Below the folder of its namespace, without what every tenant of the tests has. */
  const written = async (tenant: Tenant): Promise<string[]> =>
    (await filesOf(tenant))
      .map((path) => path.replace(`${tenant.namespace}/sync/${tenant.namespace}/`, ''))
      .filter((path) => !/auditor|\.gitsync$/.test(path))
  const commits = async ({ repository }: Tenant): Promise<number> =>
    Number(await repository.git('rev-list', '--count', 'main'))
  const shown = ({ repository, namespace }: Tenant, path: string): Promise<string> =>
    repository.git('show', `main:${namespace}/sync/${path}`)

  test('* stands for every kind, those that come and go too, but for Secrets and noise', async () => {
    const tenant = await world.tenant('wildcard')
    const { namespace, repository } = tenant
    const inNamespace = { name: 'x', namespace }
    await world.api.create(configMap(namespace, 'settings'))
    await world.api.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: inNamespace,
      stringData: { password: CANARY },
    })
    await world.api.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: inNamespace, spec: {} })
    await world.api.create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: inNamespace,
      spec: { podSelector: {} },
    })
    await tenant.sync({ resources: [{ group: '*', kind: '*' }] })
    const sync = await tenant.ready()
    const own = ['configmap/settings.yaml', 'gitsync.gitsync.dev/sync.yaml', 'networkpolicy.networking.k8s.io/x.yaml']
    expect(await written(tenant)).toEqual(own)
    const incomplete = conditionOf(sync, 'Incomplete')
    expect(incomplete).toMatchObject({ status: 'True', reason: 'LeftOut' })
    expect(incomplete?.message).toMatch(/may not list and watch \d+ of \d+ kinds that kind: "\*" stands for: \w+/)
    expect(conditionOf(sync, 'Ready')?.message).toContain('see condition Incomplete')

    // A definition that is installed now, and one of its objects.
    const gadget = await oddKind(world, 'Gadget')
    await world.api.create(gadget.object(namespace, 'g'))
    const installed = performance.now()
    await waitFor('the new kind is in Git', async () =>
      (await written(tenant)).includes('gadget.e2e.example.com/g.yaml'),
    )
    console.log(`${plane}: a new kind in Git after ${Math.round(performance.now() - installed)} ms`)
    await gadget.remove()
    const before = await commits(tenant)
    await world.api.patch(configMapRef(namespace, 'settings'), { data: { key: 'edited' } })
    await waitFor('the edit is in Git', async () =>
      (await shown(tenant, `${namespace}/configmap/settings.yaml`)).includes('edited'),
    )
    await tenant.ready()
    // Nothing but the edit: no status, no deletion.
    expect(await commits(tenant)).toBe(before + 1)
    expect(await written(tenant)).toEqual([own[0], 'gadget.e2e.example.com/g.yaml', ...own.slice(1)])
    expect(await repository.git('log', '-p', 'main')).not.toContain(CANARY)
    expect(await repository.git('log', '-p', 'main')).not.toContain(Buffer.from(CANARY).toString('base64'))
  })

  test('fields, owners, exclusions and exact names decide', async () => {
    const tenant = await world.tenant('choosy')
    const { namespace } = tenant
    const service = (name: string, type: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { type, ports: [{ port: 80 }] },
    })
    await world.api.create(service('inside', 'ClusterIP'))
    await world.api.create(service('outside', 'NodePort'))
    const owner = await world.api.create(configMap(namespace, 'owner'))
    const { uid, name } = owner.metadata
    const owned = configMap(namespace, 'owned')
    await world.api.create({
      ...owned,
      metadata: {
        ...owned.metadata,
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true }],
      },
    })
    await world.api.create(configMap(namespace, 'draft-tmp'))
    await world.api.create(configMap(namespace, 'istio-ca-root-cert'))
    await world.api.create(configMap(namespace, 'openshift-service-ca.crt'))
    await tenant.sync({
      resources: [
        {
          kind: 'Service',
          fieldSelector: { matchFields: [{ key: 'spec.type', operator: 'NotIn', values: ['ClusterIP'] }] },
        },
        { ...CONFIG_MAPS, owned: 'Exclude' },
        { kind: 'ConfigMap', names: ['istio-ca-root-cert'] },
      ],
      spec: { exclude: [{ names: ['*-tmp'] }] },
    })
    await tenant.ready()
    expect(await written(tenant)).toEqual([
      'configmap/istio-ca-root-cert.yaml',
      'configmap/owner.yaml',
      'service/outside.yaml',
    ])
    // A field that changes takes the object in.
    await world.api.patch(
      { apiVersion: 'v1', kind: 'Service', namespace, name: 'inside' },
      { spec: { type: 'NodePort' } },
    )
    await waitFor('the service is in Git', async () => (await written(tenant)).includes('service/inside.yaml'))
    await world.api.patch(syncRef(namespace), { spec: { defaultExclusions: false, exclude: null } })
    await waitFor('nothing is left out', async () => {
      const files = await written(tenant)
      return files.includes('configmap/openshift-service-ca.crt.yaml') && files.includes('configmap/draft-tmp.yaml')
    })
  })

  test('namespaces are followed by their labels, and one that leaves keeps its files', async () => {
    const tenant = await world.tenant('labels')
    await grantCluster(world.api, 'labels', { apiGroups: [''], resources: ['configmaps'] })
    const names = Array.from({ length: 8 }, (_, i) => `team-${i}`)
    const label = (name: string, team: string | null): Promise<KubeObject> =>
      world.api.patch({ apiVersion: 'v1', kind: 'Namespace', name }, { metadata: { labels: { team } } })
    for (const name of names) {
      await world.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { team: 'shop' } } })
      await world.api.create(configMap(name, 'settings'))
    }
    await label('team-7', null)
    await tenant.sync({ resources: [{ ...CONFIG_MAPS, namespaces: { selector: { matchLabels: { team: 'shop' } } } }] })
    await tenant.ready()
    const file = (name: string): string => `labels/sync/${name}/configmap/settings.yaml`
    const folders = async (): Promise<string[]> => (await filesOf(tenant)).filter((path) => !path.endsWith('.gitsync'))
    expect(await folders()).toEqual(names.slice(0, 7).map(file))

    await label('team-7', 'shop')
    await waitFor('the namespace that matches now is in Git', async () => (await folders()).length === 8)
    await label('team-0', 'bank')
    await waitFor("its file is nobody's", async () => (await tenant.ready())['status'].orphans === 1)
    await world.api.patch(configMapRef('team-0', 'settings'), { data: { key: 'secretly' } })
    await world.api.patch(configMapRef('team-1', 'settings'), { data: { key: 'openly' } })
    await waitFor('the other edit is in Git', async () =>
      (await tenant.repository.git('show', `main:${file('team-1')}`)).includes('openly'),
    )
    expect(await tenant.repository.git('log', '-p', 'main')).not.toContain('secretly')
    expect(await folders()).toEqual(names.map(file))
  })

  // A real API server takes too long to make them.
  if (plane === 'embedded') {
    test('a thousand namespaces are one watch and two questions', async () => {
      const { embedded } = world
      if (embedded === undefined) throw new Error('the embedded API server is expected')
      const tenant = await world.tenant('thousand')
      await grantCluster(world.api, 'thousand', { apiGroups: [''], resources: ['configmaps'] })
      for (let i = 0; i < 1_000; i++) {
        const name = `many-${i}`
        embedded.objects.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { many: 'yes' } } })
        embedded.objects.create(configMap(name, 'settings'))
      }
      embedded.requests.length = 0
      const started = performance.now()
      await tenant.sync({ resources: [{ ...CONFIG_MAPS, namespaces: { selector: { matchLabels: { many: 'yes' } } } }] })
      const sync = await tenant.ready(undefined, { timeout: 60_000 })
      console.log(`1,000 namespaces by label: Ready after ${Math.round(performance.now() - started)} ms`)
      expect(sync['status'].files).toBe(1_000)
      const asked = embedded.requests.filter(({ resource }) => resource === 'subjectaccessreviews').length
      // Those of the other GitSyncs, which the grant wakes, among them; one for each namespace would be 2,000.
      expect(asked).toBeLessThan(300)
      const perNamespace = embedded.requests.filter(
        ({ verb, resource, namespace }) =>
          verb === 'watch' && resource === 'configmaps' && namespace.startsWith('many-'),
      )
      expect(new Set(perNamespace.map(({ namespace }) => namespace)).size).toBeLessThanOrEqual(4)
      await world.api.patch(configMapRef('many-999', 'settings'), { data: { key: 'edited' } })
      await waitFor('an edit in the last is in Git', async () =>
        (await tenant.repository.git('show', 'main:thousand/sync/many-999/configmap/settings.yaml')).includes('edited'),
      )
    })
  }

  test('what Flux wrote last is left alone, until somebody else writes it', async () => {
    const tenant = await world.tenant('looping')
    const { namespace } = tenant
    await world.api.create(configMap(namespace, 'settings', { key: 'one' }))
    await tenant.sync({ spec: { ignoreManagers: ['kustomize-*'] } })
    await tenant.ready()
    const path = `${namespace}/configmap/settings.yaml`
    /** Until the write is in a second of its own. */
    const write = async (manager: string): Promise<string> =>
      await waitFor(`the newest write is by ${manager}`, async () => {
        const value = `by ${manager} at ${performance.now()}`
        const patch = { data: { key: value } }
        const { metadata } = await world.api.patch(configMapRef(namespace, 'settings'), patch, { manager })
        const entries: readonly { manager: string; time?: string }[] = metadata['managedFields']
        const newest = entries
          .map(({ time = '' }) => time)
          .toSorted()
          .at(-1)
        return entries.every((entry) => entry.time !== newest || entry.manager === manager) && value
      })
    const byFlux = await write('kustomize-controller')
    await tenant.request()
    await world.api.create(configMap(namespace, 'later'))
    await waitFor('a later object is in Git', async () => (await written(tenant)).includes('configmap/later.yaml'))
    await waitFor('it is no orphan', async () => (await tenant.ready())['status'].orphans === 0)
    // A restart knows no more than the cluster says.
    await world.operator.stop()
    world.operator = await world.startOperator()
    await world.api.patch(configMapRef(namespace, 'later'), { data: { key: 'after' } })
    await waitFor('the operator is at work again', async () =>
      (await shown(tenant, `${namespace}/configmap/later.yaml`)).includes('after'),
    )
    expect(await shown(tenant, path)).not.toContain(byFlux)
    expect(await written(tenant)).toEqual(['configmap/later.yaml', 'configmap/settings.yaml'])

    const byPerson = await write('kubectl-edit')
    await waitFor('the edit is in Git', async () => (await shown(tenant, path)).includes(byPerson))
    await write('kustomize-controller')
    await world.api.delete(configMapRef(namespace, 'settings'))
    await waitFor('its file goes', async () => !(await written(tenant)).includes('configmap/settings.yaml'))
  })

  test('a pinned version stays when the preferred one changes, and the change is told', async () => {
    const tenant = await world.tenant('versions')
    const { namespace } = tenant
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
    const version = (name: string, storage: boolean): object => ({ name, served: true, storage, schema })
    const definition: Ref = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: 'gizmos.versions.example.com',
    }
    await world.api.create({
      apiVersion: definition.apiVersion,
      kind: definition.kind,
      metadata: { name: definition.name },
      spec: {
        group: 'versions.example.com',
        scope: 'Namespaced',
        names: { kind: 'Gizmo', plural: 'gizmos' },
        versions: [version('v1beta1', true)],
      },
    })
    const gizmo = {
      apiVersion: 'versions.example.com/v1beta1',
      kind: 'Gizmo',
      metadata: { name: 'g', namespace },
      size: 1,
    }
    await waitFor('the kind is served', () => world.api.create(gizmo).catch(() => false))
    const selector = { group: 'versions.example.com', kind: 'Gizmo' }
    await tenant.sync({ name: 'free', resources: [selector] })
    await tenant.sync({ name: 'pinned', resources: [{ ...selector, version: 'v1beta1' }] })
    await Promise.all([tenant.ready('free'), tenant.ready('pinned')])
    const file = (name: string): string => `main:${namespace}/${name}/${namespace}/gizmo.versions.example.com/g.yaml`
    const pinned = await tenant.repository.git('rev-parse', file('pinned'))

    await world.api.patch(definition, { spec: { versions: [version('v1beta1', false), version('v1', true)] } })
    await waitFor('the preferred version is written', async () =>
      (await tenant.repository.git('show', file('free'))).includes('apiVersion: versions.example.com/v1\n'),
    )
    const events = await waitFor('an event says so', async () => {
      const found = await world.api.list({ apiVersion: 'events.k8s.io/v1', kind: 'Event', namespace })
      const told = found.filter(({ reason }) => reason === 'VersionChanged')
      return told.length > 0 && told
    })
    expect(events.map(({ regarding, note }) => [regarding.name, note])).toEqual([
      [
        'free',
        expect.stringContaining('Gizmo.versions.example.com is read in version v1 from now on, and was in v1beta1'),
      ],
    ])
    await tenant.ready('pinned')
    expect(await tenant.repository.git('rev-parse', file('pinned'))).toBe(pinned)

    await world.api.patch(definition, {
      spec: { versions: [{ ...version('v1beta1', false), served: false }, version('v1', true)] },
    })
    const { message } = await tenant.reason('UnknownKind', 'pinned')
    expect(message).toContain(
      'does not serve Gizmo.versions.example.com in version v1beta1 (it serves v1); its files stay',
    )
    expect(await tenant.repository.git('rev-parse', file('pinned'))).toBe(pinned)
  })
})
