import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubeObject } from './harness/api.ts'
import { configMap, configMapRef, WRITTEN } from './harness/gitsync.ts'
import { grantCluster } from './harness/tenant.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startGiteaWorld, startWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

const WORLDS: Readonly<Record<string, () => Promise<World>>> = {
  'embedded + http-backend': () => startWorld('embedded'),
  'kube-apiserver + http-backend': () => startWorld('kube-apiserver'),
  'kube-apiserver + Gitea': () => startGiteaWorld('kube-apiserver'),
  'kube-apiserver on etcd 3.4 + http-backend': () => startWorld('kube-apiserver, etcd 3.4'),
}
const CONFIG_MAPS = 300
const DEPLOYMENTS = 130

describe.each(Object.keys(WORLDS))('main flow: %s', (name) => {
  let world: World
  let tenant: Tenant
  let files: number

  beforeAll(async () => {
    world = await (WORLDS[name] as () => Promise<World>)()
    tenant = await world.tenant('main-flow')
    const { api } = world
    await grantCluster(api, 'main-flow', { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] })
    const objects = [
      ...Array.from({ length: CONFIG_MAPS }, (_, i) =>
        configMap('main-flow', `settings-${i}`, { 'app.conf': `level = ${i}\nmode = fast\n` }),
      ),
      ...Array.from({ length: DEPLOYMENTS }, (_, i) => deployment(`web-${i}`)),
    ]
    for (let at = 0; at < objects.length; at += 32) {
      await Promise.all(objects.slice(at, at + 32).map((object) => api.create(object)))
    }
    const roles = await api.list({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' })
    files = objects.length + roles.length
  })
  afterAll(() => world?.stop())

  /** As the Git host counts; what the operator says of itself becomes the same when it has the last answer. */
  const gitRequests = (): Promise<number> =>
    waitFor('the operator counts what the host counts', async () => {
      const own = await world.operator.metric('gitsync_git_requests_total')
      return own === (world.host.requestCount() ?? own) && own
    })
  /** The host's answer has arrived, and the status says so. */
  const acknowledged = (commit: string): Promise<KubeObject> =>
    waitFor(`status names ${commit}`, async () => {
      const sync = await tenant.ready()
      return sync['status'].lastCommit.sha === commit && sync
    })
  const log = (...args: string[]): Promise<string> => tenant.repository.git('log', ...args, 'main')

  test('the first export writes every object that the account may read, in one push', async () => {
    const started = performance.now()
    await tenant.sync({
      path: 'clusters/one',
      resources: [
        { kind: 'ConfigMap', labelSelector: { matchLabels: WRITTEN } },
        { group: 'apps', kind: 'Deployment' },
        { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole' },
      ],
    })
    const sync = await tenant.ready(undefined, { timeout: 60_000 })
    const seconds = (performance.now() - started) / 1000
    const sent = await world.operator.metric('gitsync_git_body_bytes_total', { direction: 'sent' })
    const received = await world.operator.metric('gitsync_git_body_bytes_total', { direction: 'received' })
    const requests = await gitRequests()
    console.log(
      `${name}: ${files} files in ${seconds.toFixed(2)} s, ${requests} requests, ${sent} B up, ${received} B down`,
    )

    const listed = (await tenant.repository.git('ls-tree', '-r', '--name-only', '-z', 'main'))
      .split('\0')
      .filter((path) => path !== '')
    expect(listed).toHaveLength(files + 1)
    expect(listed).toContain('clusters/one/.gitsync')
    expect(listed).toContain('clusters/one/main-flow/configmap/settings-0.yaml')
    expect(listed).toContain('clusters/one/main-flow/deployment.apps/web-129.yaml')
    expect(listed).toContain('clusters/one/_cluster/clusterrole.rbac.authorization.k8s.io/cluster-admin.yaml')
    expect(listed).toContain('clusters/one/_cluster/clusterrole.rbac.authorization.k8s.io/system%3Anode.yaml')
    expect(await log('--format=%H')).not.toContain('\n')
    await tenant.repository.git('fsck', '--full', '--strict')
    expect(requests).toBeLessThanOrEqual(4)
    const tip = await tenant.repository.git('rev-parse', 'main')
    expect(sync['status']).toMatchObject({
      files,
      pending: 0,
      orphans: 0,
      branch: 'main',
      observedCommit: tip,
      lastCommit: { sha: tip },
    })
  })

  test('one edit is one commit and one request; an update that changes nothing is none', async () => {
    const { api } = world
    const before = { requests: await gitRequests(), commits: (await log('--format=%H')).split('\n').length }
    // Seen by the operator before the edit, since it is of the same kind: had it led to anything, it would show.
    await api.patch(configMapRef('main-flow', 'settings-8'), {
      metadata: { annotations: { 'deployment.kubernetes.io/revision': '2' } },
    })
    await api.patch(
      configMapRef('main-flow', 'settings-7'),
      { data: { 'app.conf': 'level = 11\n' } },
      { manager: 'alice' },
    )
    const commit = await tenant.committed(/^Update ConfigMap main-flow\/settings-7$/m)
    const sync = await acknowledged(commit)
    expect(await gitRequests()).toBe(before.requests + 1)
    expect((await log('--format=%H')).split('\n')).toHaveLength(before.commits + 1)
    expect(await tenant.repository.git('show', '--format=%an', '--name-only', 'main')).toBe(
      'alice\n\nclusters/one/main-flow/configmap/settings-7.yaml',
    )
    expect(sync['status']).toMatchObject({ observedCommit: commit, files, pending: 0 })
    expect(sync['status'].lastCommit.time).toBe(
      new Date(1000 * Number(await log('-1', '--format=%ct'))).toISOString().replace('.000', ''),
    )
  })

  test('an edit of the status of an object leads to nothing', async () => {
    const { api } = world
    const before = await gitRequests()
    const path = '/apis/apps/v1/namespaces/main-flow/deployments/web-1'
    const status = { status: { observedGeneration: 1, replicas: 1 } }
    expect((await api.send('PATCH', `${path}/status`, status, 'application/merge-patch+json')).code).toBe(200)
    await api.patch(
      { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'main-flow', name: 'web-2' },
      { spec: { replicas: 4 } },
    )
    await acknowledged(await tenant.committed(/^Update Deployment main-flow\/web-2$/m))
    expect(await gitRequests()).toBe(before + 1)
    expect(await log('--format=%s')).not.toContain('web-1\n')
  })

  if (name === 'kube-apiserver + http-backend')
    test("the cluster's own roles can be applied from their files", async () => {
      const dir = await mkdtemp(join(tmpdir(), 'gitsync-checkout-'))
      try {
        await tenant.repository.git('--work-tree', dir, 'checkout', '--force', 'main', '--', 'clusters/one/_cluster')
        const printed = await world.kubectl(['apply', '--dry-run=server', '-o', 'json', '-R', '-f', dir])
        const applied: KubeObject[] = JSON.parse(printed).items
        const live = await world.api.list({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' })
        const rules = (roles: readonly KubeObject[]): Map<string, unknown> =>
          new Map(roles.map((role) => [role.metadata.name, role['rules']]))
        expect(rules(applied)).toEqual(rules(live))
      } finally {
        await rm(dir, { recursive: true, force: true })
      }
    })

  test('pushes are told as Events, and kubectl get shows the state', async () => {
    const eventsOf = (reason: string) =>
      waitFor(`an Event ${reason}`, async () => {
        const selector = ['--field-selector', `reason=${reason}`]
        const text = await world.kubectl(['get', 'events', '-n', 'main-flow', ...selector, '-o', 'json'])
        const { items } = JSON.parse(text)
        return items.length > 0 && items
      })
    const events = await eventsOf('Pushed')
    const [created] = await eventsOf('BranchCreated')
    expect(created).toMatchObject({ type: 'Normal', message: expect.stringContaining('branch main did not exist') })
    expect(events[0].involvedObject).toMatchObject({ kind: 'GitSync', name: 'sync', namespace: 'main-flow' })
    const [header, row] = (await world.kubectl(['get', 'gitsync', '-n', 'main-flow'])).split('\n')
    expect(header?.split(/\s{2,}/)).toEqual(['NAME', 'READY', 'STATUS', 'COMMIT', 'AGE'])
    expect(row?.split(/\s{2,}/).slice(0, 3)).toEqual(['sync', 'True', 'Succeeded'])
    expect(row).toContain(await tenant.repository.git('rev-parse', 'main'))
  })
})

function deployment(name: string): object {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'main-flow' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example.com/web:1' }] } },
    },
  }
}
