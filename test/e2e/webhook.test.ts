/** Authors on a cluster that serves no MutatingAdmissionPolicies, who deleted what, and audit events. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority } from '../kit/cluster/certificates.ts'
import type { Cluster } from '../kit/cluster/index.ts'
import { withFreePorts } from '../kit/process/index.ts'
import { realControlPlane } from './harness/control-plane.ts'
import type { ControlPlane } from './harness/control-plane.ts'
import { httpBackendHost } from './harness/git-host.ts'
import type { GitHost } from './harness/git-host.ts'
import { configMap, configMapRef } from './harness/gitsync.ts'
import { startOperator } from './harness/operator.ts'
import type { Operator } from './harness/operator.ts'
import { createTenant } from './harness/tenant.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

const STAMP = 'gitsync.dev/changed-by'
const ARGS = ['--lease-namespace=default', '--webhook=127.0.0.1:0', '--webhook-host=127.0.0.1']
const CONFIGURATION = 'gitsync-operator'
const AUDIT_TOKEN = 'audit-token-of-the-api-server'

describe('a webhook of the operator, asked by kube-apiserver', () => {
  let world: World
  let tenant: Tenant
  let cluster: Cluster
  let address: string

  beforeAll(async () => {
    world = await startWorld('kube-apiserver')
    cluster = world.cluster as Cluster
    for (const user of ['alice', 'bob']) {
      const verbs = ['get', 'list', 'create', 'update', 'patch', 'delete']
      await cluster.grant(user, { verbs, resources: ['configmaps', 'deployments.apps', 'deployments.apps/status'] })
    }
    await world.operator.stop()
    await restart()
    tenant = await world.tenant('hooked')
    await tenant.sync({
      path: 'folder',
      commit: { window: '500ms', maxLatency: '20s', trailers: ['Changed-by', 'Object'] },
    })
    await tenant.ready()
  })
  afterAll(() => world?.stop())

  /** Starts the operator, and has the API server ask it where it listens now. */
  async function restart(...args: string[]): Promise<void> {
    world.operator = await world.startOperator({ args: [...ARGS, ...args] })
    address = /"webhook":"([^"]+)"/.exec(world.operator.log())?.[1] ?? ''
    const rule = { apiGroups: [''], apiVersions: ['*'], resources: ['configmaps'] }
    const webhook = {
      admissionReviewVersions: ['v1'],
      failurePolicy: 'Ignore',
      timeoutSeconds: 2,
      clientConfig: { url: `https://${address}/` },
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }],
      },
    }
    const apiVersion = 'admissionregistration.k8s.io/v1'
    const metadata = { name: CONFIGURATION }
    const subresources = {
      apiGroups: ['*'],
      apiVersions: ['*'],
      resources: ['deployments', '*/status'],
      operations: ['CREATE', 'UPDATE'],
    }
    for (const object of [
      {
        apiVersion,
        kind: 'MutatingWebhookConfiguration',
        metadata,
        webhooks: [
          {
            ...webhook,
            name: 'changed-by.gitsync.dev',
            sideEffects: 'None',
            rules: [{ ...rule, operations: ['CREATE', 'UPDATE'] }, subresources],
          },
        ],
      },
      {
        apiVersion,
        kind: 'ValidatingWebhookConfiguration',
        metadata,
        webhooks: [
          {
            ...webhook,
            name: 'deletions.gitsync.dev',
            sideEffects: 'NoneOnDryRun',
            rules: [{ ...rule, operations: ['DELETE'] }],
          },
        ],
      },
    ])
      await world
        .kubectl(['replace', '--force', '-f', '-'], JSON.stringify(object))
        .catch(() => world.kubectl(['create', '-f', '-'], JSON.stringify(object)))
    // The operator looks every minute; a restart looks at once.
    await world.operator.kill()
    world.operator = await world.startOperator({
      args: [...ARGS, ...args].map((arg) => (arg === ARGS[1] ? `--webhook=${address}` : arg)),
    })
    const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stamped', namespace: 'default' } }
    await waitFor('objects are stamped', async () => {
      const { body } = await world.api.send('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', probe)
      return body.metadata?.annotations?.[STAMP] === 'admin@0'
    })
  }

  const as = (user: 'alice' | 'bob', args: readonly string[], input = ''): Promise<string> =>
    cluster.kubectl([...args, '--namespace=hooked'], { user, input })
  const authors = (file: string, count: number, format?: string): Promise<string[]> =>
    tenant.history(`folder/hooked/configmap/${file}.yaml`, count, format)

  test('stamps as the policy does, and hears who deletes', async () => {
    const forged = { metadata: { annotations: { [STAMP]: 'root@99999999' } } }
    const patch = (user: 'alice' | 'bob', what: object): Promise<string> =>
      as(user, ['patch', 'configmap', 'shared', '--type=merge', '-p', JSON.stringify(what)])
    await as('alice', ['create', '-f', '-'], JSON.stringify(configMap('hooked', 'shared', { a: '0' })))
    await patch('bob', { ...forged, data: { a: '1' } })
    await patch('alice', { ...forged, data: { a: '1' } })
    await patch('alice', { data: { a: '2' } })
    expect(await authors('shared', 3)).toEqual(['alice', 'bob', 'alice'])
    await as('alice', ['delete', 'configmap', 'shared', '--dry-run=server'])
    await as('bob', ['delete', 'configmap', 'shared'])
    expect(await authors('shared', 4)).toEqual(['alice', 'bob', 'alice', 'bob'])
    expect((await authors('shared', 4, '%(trailers:key=Changed-by,valueonly)')).at(-1)).toBe('bob')

    await as('alice', ['create', 'deployment', 'web', '--image=web:1'])
    await as('bob', [
      'patch',
      'deployment',
      'web',
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ ...forged, status: { replicas: 1 } }),
    ])
    const web = await world.api.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'hooked', name: 'web' })
    expect(web.metadata['annotations'][STAMP]).toBe('alice@0')
  })

  test('whoever else reaches the port cannot say who has deleted what', async () => {
    await as('alice', ['create', '-f', '-'], JSON.stringify(configMap('hooked', 'framed')))
    await authors('framed', 1)
    const { uid } = (await world.api.get(configMapRef('hooked', 'framed'))).metadata
    const review = {
      request: { uid: 'x', operation: 'DELETE', oldObject: { metadata: { uid } }, userInfo: { username: 'root' } },
    }
    for (const path of ['/deleted/', '/deleted/guess', '/audit', '/nothing']) {
      expect([401, 404]).toContain(await post(path, review))
    }
    await as('bob', ['delete', 'configmap', 'framed'])
    expect((await authors('framed', 2)).at(-1)).toBe('bob')
  })

  test('a webhook that does not answer stops nobody, and what is not known is said to be unknown', async () => {
    await as('alice', ['create', '-f', '-'], JSON.stringify(configMap('hooked', 'open')))
    await authors('open', 1)
    await world.operator.kill()
    await as('bob', ['patch', 'configmap', 'open', '--type=merge', '-p', '{"data":{"a":"1"}}'])
    await world.kubectl(['delete', 'mutatingwebhookconfiguration,validatingwebhookconfiguration', CONFIGURATION])
    world.operator = await world.startOperator({ args: ['--lease-namespace=default'] })
    await authors('open', 2)
    await as('bob', ['delete', 'configmap', 'open'])
    expect((await authors('open', 3)).at(-1)).toBe('gitsync-operator')
    expect((await authors('open', 3, '%(trailers:key=Changed-by,valueonly)')).at(-1)).toBe('unknown (deleted)')
  })

  function post(path: string, body: object, token = 'wrong'): Promise<number | undefined> {
    const [host, port] = address.split(':')
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
      request({ host, port, path, method: 'POST', headers, rejectUnauthorized: false, agent: false }, (answer) =>
        resolve(answer.resume().statusCode),
      )
        .on('error', reject)
        .end(JSON.stringify(body))
    })
  }
})

describe('audit events of kube-apiserver', () => {
  let plane: ControlPlane
  let host: GitHost
  let operator: Operator
  let tenant: Tenant
  let dir: string

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gitsync-audit-'))
    const at = (file: string): string => join(dir, file)
    const authority = await createAuthority(dir)
    const pair = await authority.issue('hook', '/CN=hook', 'subjectAltName = IP:127.0.0.1\n')
    const port = await withFreePorts(1, ([free = 0]) => Promise.resolve(free))
    // Nobody would want this to be logged of Secrets.
    const rules = [
      {
        level: 'RequestResponse',
        resources: [{ group: '', resources: ['configmaps'] }],
        omitStages: ['RequestReceived'],
      },
      { level: 'None' },
    ]
    await writeFile(at('policy'), JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }))
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'a', cluster: { server: `https://127.0.0.1:${port}/audit`, 'certificate-authority': authority.ca } },
      ],
      users: [{ name: 'a', user: { token: AUDIT_TOKEN } }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      'current-context': 'a',
    }
    await writeFile(at('webhook'), JSON.stringify(kubeconfig))
    plane = await realControlPlane('etcd', [
      `--audit-policy-file=${at('policy')}`,
      `--audit-webhook-config-file=${at('webhook')}`,
      '--audit-webhook-batch-max-wait=500ms',
    ])
    host = await httpBackendHost()
    const data = { 'tls.crt': pair.cert, 'tls.key': pair.key, 'ca.crt': authority.ca }
    const stringData = Object.fromEntries(
      await Promise.all(Object.entries(data).map(async ([key, path]) => [key, await readFile(path, 'utf8')] as const)),
    )
    const secret = (name: string, values: object): Promise<unknown> =>
      plane.api.create({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace: 'default' },
        stringData: values,
      })
    await secret('gitsync-operator-webhook', stringData)
    await secret('audit', { token: AUDIT_TOKEN })
    operator = await startOperator({
      kubeconfig: plane.kubeconfig,
      args: [
        '--lease-namespace=default',
        `--webhook=127.0.0.1:${port}`,
        '--webhook-host=127.0.0.1',
        '--audit-token-secret=audit',
      ],
    })
    const repository = await host.createRepository('audited')
    tenant = await createTenant(plane.api, 'audited', { repository, host: host.host, credentials: host.credentials })
    const cluster = plane.cluster as Cluster
    for (const user of ['alice', 'bob'])
      await cluster.grant(user, { verbs: ['get', 'create', 'patch', 'delete'], resources: ['configmaps'] })
    await tenant.sync({ path: 'folder', commit: { window: '500ms', maxLatency: '20s', trailers: ['Changed-by'] } })
    await tenant.ready()
  })
  afterAll(async () => {
    await operator?.stop()
    await host?.stop()
    await plane?.stop()
    await rm(dir, { recursive: true, force: true })
  })

  test('name who wrote each version and who deleted, without any stamp', async () => {
    const as = (user: 'alice' | 'bob', args: readonly string[], input = ''): Promise<string> =>
      (plane.cluster as Cluster).kubectl([...args, '--namespace=audited'], { user, input })
    const patch = (user: 'alice' | 'bob', a: string): Promise<string> =>
      as(user, ['patch', 'configmap', 'shared', '--type=merge', '-p', JSON.stringify({ data: { a } })])
    await as('alice', ['create', '-f', '-'], JSON.stringify(configMap('audited', 'shared', { a: '0' })))
    await patch('bob', '1')
    await patch('alice', '2')
    await as('bob', ['delete', 'configmap', 'shared'])
    const format = '%an|%(trailers:key=Changed-by,valueonly,separator=)'
    const found = await tenant.history('folder/audited', 4, format)
    expect(found).toEqual(['alice|alice', 'bob|bob', 'alice|alice', 'bob|bob'])
  })
})
