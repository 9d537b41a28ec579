import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { KubeObject } from '../e2e/harness/api.ts'
import { servedPolicies } from '../e2e/harness/attribution.ts'
import { gitsync } from '../e2e/harness/gitsync.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { component } from '../kit/components/index.ts'
import type { Helm } from '../kit/helm/index.ts'
import { run } from '../kit/process/index.ts'
import { startChartCluster } from './cluster.ts'
import type { ChartCluster } from './cluster.ts'
import { kindsOf, MATRIX, NAMESPACE, only, render, RESTRICTED } from './render.ts'

let world: ChartCluster
let helm: Helm

beforeAll(async () => {
  world = await startChartCluster()
  helm = await world.helm()
  const { stdout } = await run(await component('monitoring-crds'), [])
  await world.kubectl(['create', '-f', '-'], stdout.toString())
  await world.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
  await world.namespace(NAMESPACE, RESTRICTED)
  for (const name of ['shop', 'billing']) await world.namespace(name)
})
afterAll(() => world?.stop())

const json = (objects: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
const dryRun = ['create', '--dry-run=server', '--validate=strict', '-f', '-']
/** Those that the API server has. */
async function definitions(): Promise<string[]> {
  const listed = await world.kubectl(['get', 'crd', '--output=name'])
  return listed.split('\n').filter((name) => name.endsWith('.gitsync.dev'))
}

/**
 * The API server deletes their objects first, and where their storage was just made anew it tries again after pauses that double,
 * up to minutes: a change has it look at once.
 */
async function definitionsGone(): Promise<void> {
  let asked = performance.now()
  await waitFor(
    'the definitions are gone',
    async () => {
      const left = await definitions()
      if (left.length === 0) return true
      if (performance.now() - asked > 3_000) {
        asked = performance.now()
        const again = ['annotate', '--overwrite', ...left, `example.com/look-again=${Math.round(asked)}`]
        // One may go meanwhile.
        await world.kubectl(again).catch(() => '')
      }
      return false
    },
    { timeout: 240_000 },
  )
}

/** The Pod that the Deployment's controller would make. */
function podOf(objects: readonly KubeObject[]): object {
  const deployment = only(objects, 'Deployment')
  const { metadata, spec } = deployment['spec'].template
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'pod', namespace: NAMESPACE }, spec }
}

test.each(Object.keys(MATRIX))(
  'the API server accepts every object, and the Pod where restricted is enforced: %s',
  async (name) => {
    const objects = await render(helm, MATRIX[name], await servedPolicies(world.api))
    await world.kubectl(dryRun, json(objects))
    await world.kubectl(dryRun, json([podOf(objects)]))
  },
)

test('the namespace does refuse Pods that are less than restricted', async () => {
  const objects = await render(helm, { securityContext: { allowPrivilegeEscalation: true } })
  await expect(world.kubectl(dryRun, json([podOf(objects)]))).rejects.toThrow('violates PodSecurity "restricted')
})

describe('admission policy', () => {
  const rbac = 'rbac.authorization.k8s.io'
  const sync = gitsync({ namespace: 'shop', url: 'https://git.example.com/a.git' })
  const write = (user: 'alice' | 'bob', args: readonly string[], object: object = sync): Promise<string> =>
    world.cluster.kubectl([...args, '--namespace=shop'], { user, input: JSON.stringify(object) })

  beforeAll(async () => {
    await world.install(helm, 'gitsync-operator', NAMESPACE)
    await world.kubectl(['wait', '--for=condition=Established', 'crd', 'gitsyncs.gitsync.dev', '--timeout=30s'])
    await world.cluster.grant('alice', {
      verbs: ['get', 'create', 'update', 'patch'],
      resources: ['gitsyncs.gitsync.dev'],
      namespace: 'shop',
    })
    await world.cluster.grant('bob', {
      verbs: ['get', 'create', 'update', 'patch'],
      resources: ['gitsyncs.gitsync.dev'],
      namespace: 'shop',
    })
    const rules = [
      { apiGroups: [''], resources: ['serviceaccounts'], resourceNames: ['auditor'], verbs: ['impersonate'] },
    ]
    const name = 'may-use-auditor'
    await world.api.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name, namespace: 'shop' }, rules })
    const subjects = [{ apiGroup: rbac, kind: 'User', name: 'bob' }]
    const roleRef = { apiGroup: rbac, kind: 'Role', name }
    await world.api.create({
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name, namespace: 'shop' },
      roleRef,
      subjects,
    })
    await waitFor('the policy is in force', () =>
      write('alice', ['create', '--dry-run=server', '-f', '-']).then(
        () => false,
        (error: unknown) => String(error).includes('may not use ServiceAccount'),
      ),
    )
  })
  afterAll(async () => {
    await helm(['uninstall', 'gitsync-operator', '--namespace', NAMESPACE])
    await world.kubectl(['delete', '--wait=false', ...(await definitions())])
    await definitionsGone()
  }, 300_000)

  test('who may not use the account is refused, in words that say what it takes', async () => {
    await expect(write('alice', ['create', '-f', '-'])).rejects.toThrow(
      'alice may not use ServiceAccount auditor of namespace shop, as which this GitSync would read: that takes the verb impersonate on serviceaccounts/auditor there; see https://gitsync.dev/docs/troubleshooting#errors-of-kubectl-apply',
    )
  })

  test('who may is let through, for this account alone', async () => {
    await waitFor('bob is known', () => write('bob', ['create', '--dry-run=server', '-f', '-']).then(() => true))
    await write('bob', ['create', '-f', '-'])
    const spec = { serviceAccountName: 'cluster-admin' }
    await expect(
      write('bob', ['patch', 'gitsync', 'sync', '--type=merge', `--patch=${JSON.stringify({ spec })}`]),
    ).rejects.toThrow('may not use ServiceAccount cluster-admin')
  })

  test("another's GitSync may be annotated, but not made to read more", async () => {
    await write('alice', ['annotate', 'gitsync', 'sync', 'gitsync.dev/requested-at=now'])
    const specs = [
      { resources: [{ kind: 'Service' }] },
      // Nor sent elsewhere, nor read with an account that gives more.
      { repository: { url: 'https://evil.example/loot.git' } },
      { serviceAccountName: 'default' },
    ]
    for (const spec of specs) {
      await expect(
        write('alice', ['patch', 'gitsync', 'sync', '--type=merge', `--patch=${JSON.stringify({ spec })}`]),
      ).rejects.toThrow('alice may not use ServiceAccount')
    }
  })
})

describe.each(['helm', 'helm3'] as const)('the life of a release, by %s', (version) => {
  const release = 'sync'
  const home = `${version}-home`
  const full = 'sync-gitsync-operator'
  const owned = async (): Promise<string[]> => {
    const kinds =
      'deployment,service,serviceaccount,role,rolebinding,configmap,secret,poddisruptionbudget,networkpolicy'
    const everywhere = 'clusterrole,clusterrolebinding,validatingadmissionpolicy,validatingadmissionpolicybinding'
    const label = `--selector=app.kubernetes.io/instance=${release}`
    const lists = [[kinds, '--all-namespaces'], [everywhere]].map((args) =>
      world.kubectl(['get', ...args, label, '--output=name']),
    )
    return (await Promise.all(lists))
      .join('')
      .split('\n')
      .filter((line) => line !== '')
  }
  const replicas = async (): Promise<number> =>
    (await world.api.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: home, name: full }))['spec'].replicas

  test('install, upgrade, rollback, uninstall; definitions stay, with the GitSyncs', async () => {
    const helm = await world.helm(version)
    const notes = await world.install(helm, release, home)
    expect(notes).toContain('https://gitsync.dev/docs/quickstart')
    expect(notes).toContain(`kubectl -n ${home} rollout status deployment/${full}`)
    await world.kubectl(['wait', '--for=condition=Established', 'crd', 'gitsyncs.gitsync.dev', '--timeout=30s'])
    const sync = gitsync({ namespace: 'billing', url: 'https://git.example.com/b.git', name: version })
    await world.kubectl(['create', '-f', '-'], JSON.stringify(sync))
    await world.install(helm, release, home, { replicas: 2, networkPolicy: { enabled: true } })
    expect(await replicas()).toBe(2)
    expect((await owned()).join()).toContain('poddisruptionbudget')
    await helm(['rollback', release, '1', '--namespace', home])
    expect(await replicas()).toBe(1)
    expect((await owned()).join()).not.toContain('poddisruptionbudget')
    const history = parse(await helm(['history', release, '--namespace', home, '--output=yaml'])) as {
      status: string
    }[]
    expect(history.map(({ status }) => status)).toEqual(['superseded', 'superseded', 'deployed'])
    await helm(['uninstall', release, '--namespace', home])
    expect(await owned()).toEqual([])
    expect(await definitions()).toHaveLength(3)
    await world.kubectl(['get', 'gitsync', version, '--namespace=billing'])
  })

  test('what was kept is adopted by the next release, and goes with it when nothing is to be kept', async () => {
    const helm = await world.helm(version)
    await world.install(helm, release, home, { crds: { keep: false } })
    await helm(['uninstall', release, '--namespace', home])
    await definitionsGone()
    expect(await owned()).toEqual([])
  })
})

test('kinds of the matrix cover every template', async () => {
  const all = new Set((await Promise.all(Object.values(MATRIX).map((values) => render(helm, values)))).flatMap(kindsOf))
  for (const kind of [
    'PodDisruptionBudget',
    'NetworkPolicy',
    'ServiceMonitor',
    'PodMonitor',
    'PrometheusRule',
    'ConfigMap',
  ])
    expect(all).toContain(kind)
})
