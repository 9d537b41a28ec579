import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HttpBackendHost } from './harness/git-host.ts'
import { configMap, configMapRef, CONFIG_MAPS } from './harness/gitsync.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

describe.each(WORLDS)('what is written, and where: %s', (plane) => {
  let world: World<HttpBackendHost>

  beforeAll(async () => {
    world = await startWorld(plane)
  })
  afterAll(() => world?.stop())

  const show = async (tenant: Tenant, path: string): Promise<string> =>
    `${await tenant.repository.git('show', `main:${path}`)}\n`
  /** The operator has looked, and written nothing. */
  const settled = async (tenant: Tenant): Promise<void> => {
    const tip = await tenant.repository.git('rev-parse', 'main')
    await tenant.look()
    expect(await tenant.repository.git('rev-parse', 'main')).toBe(tip)
  }

  test('comments and a new place survive: an edit changes its own line', async () => {
    const tenant = await world.tenant('in-place')
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'settings', { banner: 'none', level: '1' }))
    await tenant.sync({ path: 'all' })
    await tenant.ready()
    const printed = await show(tenant, `all/${namespace}/configmap/settings.yaml`)
    const commented = `# The shop's switches.\n${printed.replace('banner: none', "banner:   'none' # ask Ann first")}`
    await repository.commitFiles({
      [`all/${namespace}/configmap/settings.yaml`]: null,
      'all/team/switches.yaml': `---\n${commented}---\n# not of the cluster\nkind: Note\ntext: x\n`,
    })
    await settled(tenant)
    const before = await repository.git('rev-parse', 'main')
    await world.api.patch(
      configMapRef(namespace, 'settings'),
      { data: { banner: 'winter' } },
      { manager: 'kubectl-edit' },
    )
    await tenant.committed(/^Update ConfigMap in-place\/settings$/m)
    const diff = await repository.git('diff', '--numstat', before, 'main')
    expect(diff).toBe('1\t1\tall/team/switches.yaml')
    expect(await repository.git('diff', '-U0', before, 'main')).toContain(
      "\n-  banner:   'none' # ask Ann first\n+  banner:   'winter' # ask Ann first",
    )
    expect(await repository.git('log', '-1', '--format=%an', 'main')).toBe('kubectl-edit')

    // The same from cluster and Git alone.
    await world.operator.stop()
    world.operator = await world.startOperator()
    await settled(tenant)
    await world.api.delete(configMapRef(namespace, 'settings'))
    await tenant.committed(/^Delete ConfigMap in-place\/settings$/m)
    expect(await show(tenant, 'all/team/switches.yaml')).toBe('---\n# not of the cluster\nkind: Note\ntext: x\n')
  })

  test('several objects in a file, where an expression says, without what is ignored', async () => {
    const tenant = await world.tenant('many')
    const { namespace } = tenant
    const { api } = world
    for (const name of ['b', 'a']) await api.create(configMap(namespace, name, { keep: name, noise: '1' }))
    const labels = { 'e2e/written': 'true', team: 'red' }
    const red = configMap(namespace, 'c')
    await api.create({ ...red, metadata: { ...red.metadata, labels } })
    await tenant.sync({
      path: '.',
      spec: {
        layout: {
          expression: '("team" in object.metadata.labels ? object.metadata.labels.team : "all") + ".yaml"',
          documents: 'Many',
        },
        ignore: ['/data/noise', '/metadata/labels/e2e~1written'],
      },
    })
    await tenant.ready()
    const document = (name: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: many\ndata:\n  keep: ${name}\n`
    expect(await show(tenant, 'all.yaml')).toBe(`${document('a')}---\n${document('b')}`)
    expect(await show(tenant, 'red.yaml')).toContain('team: red')
    await api.patch(configMapRef(namespace, 'b'), { data: { noise: '2' } })
    await settled(tenant)
    await api.delete(configMapRef(namespace, 'a'))
    await tenant.committed(/^Delete ConfigMap many\/a$/m)
    expect(await show(tenant, 'all.yaml')).toBe(document('b'))
  })

  if (plane === 'kube-apiserver') {
    test('fields: Applied writes what people set, and kubectl applies it back without a change', async () => {
      const tenant = await world.tenant('applied')
      const { namespace } = tenant
      const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: applied}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "web:1", ports: [{containerPort: 80}]}
`
      const kubectl = (args: readonly string[], input?: string): Promise<string> => world.kubectl(args, input)
      await kubectl(['apply', '--server-side', '--field-manager=flux', '-f', '-'], manifest)
      await kubectl(['patch', 'deployment', 'web', '-n', namespace, '--type=merge', '-p', '{"spec": {"replicas": 3}}'])
      await tenant.sync({ path: '.', resources: [{ group: 'apps', kind: 'Deployment' }], spec: { fields: 'Applied' } })
      await tenant.ready()
      const path = 'applied/deployment.apps/web.yaml'
      expect(await show(tenant, path)).toBe(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: applied
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - image: web:1
          name: web
          ports:
            - containerPort: 80
`)
      // An autoscaler takes the replicas over: they are nobody's intent any more.
      const scale = { spec: { replicas: 5 } }
      const at = '/apis/apps/v1/namespaces/applied/deployments/web/scale?fieldManager=kube-controller-manager'
      expect((await world.api.send('PATCH', at, scale, 'application/merge-patch+json')).code).toBe(200)
      await waitFor('the replicas are gone', async () => !(await show(tenant, path)).includes('replicas'))
      const applied = await kubectl(
        ['diff', '--server-side', '--field-manager=flux', '-f', '-'],
        await show(tenant, path),
      )
      expect(applied).toBe('')
    })

    test('kustomize builds what is listed', async () => {
      const tenant = await world.tenant('listed')
      const { repository, namespace } = tenant
      for (const name of ['a', 'b']) await world.api.create(configMap(namespace, name))
      await tenant.sync({ path: 'k', resources: [CONFIG_MAPS], spec: { layout: { kustomization: true } } })
      await tenant.ready()
      const list = 'k/listed/configmap/kustomization.yaml'
      const own = (await show(tenant, list)).replace('resources:', 'namePrefix: x- # ours\nresources:')
      await repository.commitFiles({ [list]: own })
      await settled(tenant)
      await world.api.create(configMap(namespace, 'c'))
      await tenant.committed(/^Create ConfigMap listed\/c$/m)
      expect(await show(tenant, list)).toBe(own.replace('  - b.yaml\n', '  - b.yaml\n  - c.yaml\n'))
      const dir = await mkdtemp(join(tmpdir(), 'gitsync-kustomize-'))
      try {
        await repository.git('--work-tree', dir, 'checkout', '--force', 'main', '--', 'k')
        const built = await world.kubectl(['kustomize', join(dir, 'k')])
        expect([...built.matchAll(/^ {2}name: (.*)$/gm)].map(([, name]) => name)).toEqual(['x-a', 'x-b', 'x-c'])
      } finally {
        await rm(dir, { recursive: true, force: true })
      }
    })
  }
})
