/** What reaches a replica that does not write reaches the one that does. */
import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Cluster } from '../kit/cluster/index.ts'
import { withFreePorts } from '../kit/process/index.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { configMap, configMapRef } from './harness/gitsync.ts'
import type { Operator } from './harness/operator.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

const SECRET = 'open sesame'
const CONFIGURATION = 'gitsync-operator'
const HELD = 'example.com/held'

let folder: string
let world: World<HttpBackendHost>
let cluster: Cluster
let tenant: Tenant<TestRepository>
let late: Tenant<TestRepository>
let ports: readonly number[]
/** The first one writes. */
let first: Operator
let second: Operator
let third: Operator | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replicas-'))
  await writeFile(join(folder, 'secret'), `${SECRET}\n`)
  world = await startWorld('kube-apiserver')
  cluster = world.cluster as Cluster
  await cluster.grant('alice', { verbs: ['get', 'create', 'delete'], resources: ['configmaps'] })
  await world.operator.stop()
  ports = await withFreePorts(3, (free) => Promise.resolve(free))
  await apply(deletionsOf(CONFIGURATION, 'replicas', 'https://127.0.0.1:1/'))
  first = await replica(0)
  const told = await waitFor('the API server is told whom to trust', async () => {
    const found = await world.api.get({ ...WEBHOOKS, name: CONFIGURATION })
    const [webhook] = found['webhooks'] as {
      readonly clientConfig: { readonly url: string; readonly caBundle?: string }
    }[]
    return webhook?.clientConfig.caBundle === undefined ? undefined : webhook.clientConfig
  })
  const at = (port = 0): string => told.url.replace(':1/', `:${port}/`)
  // Before the other one: what is heard through that says that the API server knows both.
  await apply(deletionsOf('of-the-third', 'late', at(ports[2]), told.caBundle))
  await apply(deletionsOf(CONFIGURATION, 'replicas', at(ports[1]), told.caBundle))
  ;[tenant, late] = await Promise.all([started('replicas'), started('late')])
  second = await replica(1)
})
afterAll(async () => {
  await Promise.all([first?.stop(), second?.stop(), third?.stop()])
  await world?.stop()
  await rm(folder, { recursive: true, force: true })
})

const WEBHOOKS = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' }

const deletionsOf = (name: string, namespace: string, url: string, caBundle?: string): object => ({
  ...WEBHOOKS,
  metadata: { name },
  webhooks: [
    {
      name: 'deletions.gitsync.dev',
      admissionReviewVersions: ['v1'],
      failurePolicy: 'Ignore',
      timeoutSeconds: 2,
      sideEffects: 'NoneOnDryRun',
      clientConfig: { url, ...(caBundle === undefined ? {} : { caBundle }) },
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      rules: [{ apiGroups: [''], apiVersions: ['*'], resources: ['configmaps'], operations: ['DELETE'] }],
    },
  ],
})
const apply = (object: object): Promise<string> => world.kubectl(['apply', '-f', '-'], JSON.stringify(object))

const replica = (index: number): Promise<Operator> =>
  world.startOperator({
    identity: `replica-${index}`,
    args: [
      '--lease-namespace=default',
      `--webhook=127.0.0.1:${ports[index] ?? 0}`,
      '--webhook-host=127.0.0.1',
      '--push-hooks=127.0.0.1:0',
      `--push-hook-secret-file=${join(folder, 'secret')}`,
      '--advertise-address=127.0.0.1',
    ],
  })

async function started(name: string): Promise<Tenant<TestRepository>> {
  const made = await world.tenant(name)
  const commit = { window: '500ms', maxLatency: '20s', trailers: ['Changed-by'] }
  await made.sync({ path: name, spec: { interval: '24h' }, commit })
  await made.ready()
  return made
}

const relayed = (operator: Operator, what: 'record' | 'push', result = 'sent'): Promise<number> =>
  operator.metric('gitsync_relayed_total', { what, result })
const deleteAsAlice = (namespace: string, name: string, ...more: string[]): Promise<string> =>
  cluster.kubectl(['delete', 'configmap', name, `--namespace=${namespace}`, ...more], { user: 'alice' })
/** Author and trailer of the commits of an object, oldest first; waits until there are so many. */
const authors = ({ repository, namespace }: Tenant, name: string, count: number): Promise<string[]> =>
  waitFor(
    `${count} commits of ${name}`,
    async () => {
      const format = '--format=%an|%(trailers:key=Changed-by,valueonly,separator=)'
      const path = `${namespace}/${namespace}/configmap/${name}.yaml`
      const found = (await repository.git('log', '--reverse', format, 'main', '--', path)).split('\n').filter(Boolean)
      return found.length < count ? Promise.reject(new Error(found.join())) : found
    },
    { timeout: 60_000 },
  )

test('an object is deleted by whom the standby has heard of', async () => {
  await waitFor('the API server asks the standby', async () => {
    await world.api.create(configMap('replicas', 'probe'))
    await world.api.delete(configMapRef('replicas', 'probe'))
    return (await relayed(second, 'record')) > 0
  })
  for (const name of ['one', 'two', 'three']) await world.api.create(configMap('replicas', name))
  await authors(tenant, 'three', 1)
  for (const name of ['one', 'two', 'three']) {
    await deleteAsAlice('replicas', name)
    expect((await authors(tenant, name, 2)).at(-1)).toBe('alice|alice')
  }
  expect(await relayed(second, 'record', 'lost')).toBe(0)
  expect(await relayed(first, 'record')).toBe(0)
})

const pushTo = (operator: Operator, url: string): Promise<Response> => {
  const body = JSON.stringify({ ref: 'refs/heads/main', repository: { clone_url: url } })
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  const hooks = /"pushHooks":"([^"]+)"/.exec(operator.log())?.[1] ?? ''
  return fetch(`http://${hooks}/push`, { method: 'POST', body, headers: { 'x-gitea-signature': signature } })
}

test('what is pushed by somebody else is looked at when the standby is told of it', async () => {
  const { repository } = tenant
  await world.api.create(configMap('replicas', 'kept'))
  await authors(tenant, 'kept', 1)
  const path = 'replicas/replicas/configmap/kept.yaml'
  const before = (await repository.readFile('main', path)).toString()
  await repository.commitFiles({ [path]: 'by hand\n' })
  expect((await pushTo(second, repository.url)).status).toBe(202)
  await waitFor('it is written over', async () => (await repository.readFile('main', path)).toString() === before)
  expect(await relayed(second, 'push')).toBe(1)
  expect(await relayed(second, 'push', 'lost')).toBe(0)
})

test('who takes over knows what it heard while nobody wrote, and is told what the next standby hears', async () => {
  const { metadata, ...rest } = configMap('replicas', 'held')
  await world.api.create({ ...rest, metadata: { ...metadata, finalizers: [HELD] } })
  await world.api.create(configMap('late', 'last'))
  await Promise.all([authors(tenant, 'held', 1), authors(late, 'last', 1)])
  await first.kill()
  await deleteAsAlice('replicas', 'held', '--wait=false')
  const written = async (): Promise<boolean> => (await (await fetch(`${second.url}/readyz`)).text()) === 'ok\n'
  expect(await written()).toBe(false)
  await waitFor('the second one writes', written, { timeout: 60_000 })
  // What it reads after this is no comparison any more.
  await world.api.create(configMap('replicas', 'after'))
  await authors(tenant, 'after', 1)
  await world.api.patch(configMapRef('replicas', 'held'), { metadata: { finalizers: null } })
  expect((await authors(tenant, 'held', 2)).at(-1)).toBe('alice|alice')
  expect(await relayed(second, 'record', 'lost')).toBe(0)

  third = await replica(2)
  await deleteAsAlice('late', 'last')
  expect((await authors(late, 'last', 2)).at(-1)).toBe('alice|alice')
  expect(await relayed(third, 'record')).toBe(1)
})
