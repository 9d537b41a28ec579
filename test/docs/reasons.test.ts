/** Every reason of the troubleshooting page, provoked: the operator's message is the one that the page shows. */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REASONS } from '../../operator/src/api/reasons.ts'
import type { Reason } from '../../operator/src/api/reasons.ts'
import type { HttpBackendHost } from '../e2e/harness/git-host.ts'
import { conditionOf, configMap, configMapRef } from '../e2e/harness/gitsync.ts'
import type { Condition, GitSyncOptions } from '../e2e/harness/gitsync.ts'
import { credentialSecret } from '../e2e/harness/tenant.ts'
import type { Tenant } from '../e2e/harness/tenant.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { startWorld } from '../e2e/harness/world.ts'
import type { World } from '../e2e/harness/world.ts'
import { startGrafanaStandIn } from '../kit/grafana/index.ts'
import type { Grafana } from '../kit/grafana/index.ts'
import { run } from '../kit/process/index.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import { blocksOf, ROOT } from './blocks.ts'

const PAGE = 'docs/troubleshooting.md'

type Shop = Tenant<TestRepository>

/** The first needs a host with requests: test/e2e/pull-requests.test.ts has one. The others nobody knows how to bring about from outside. */
const NOT_PROVOKED: readonly Reason[] = ['PullRequestClosed', 'InternalError']

let world: World<HttpBackendHost>
let grafana: Grafana
let web: { readonly host: string; stop(): Promise<void> }
let page: Readonly<Record<'message' | 'remedy', ReadonlyMap<string, string>>>

beforeAll(async () => {
  page = { message: await blocksByReason('message'), remedy: await blocksByReason('remedy') }
  world = await startWorld('embedded')
  web = await selfSigned()
  grafana = await startGrafanaStandIn()
  // As in a cluster: what is private needs a GitProvider.
  await world.operator.stop()
  world.operator = await world.startOperator({ allowPrivateHosts: false })
  await provider('here', { hosts: ['127.0.0.1'], allowPrivateAddresses: true, allowPlainHttp: true })
})
afterAll(async () => {
  await web?.stop()
  await grafana?.stop()
  await world?.stop()
})

/** The blocks of the page that have this use, by the reason whose section they stand in. */
async function blocksByReason(wanted: string): Promise<Map<string, string>> {
  const lines = (await readFile(join(ROOT, PAGE), 'utf8')).split('\n')
  const heading = (line: number): string =>
    lines
      .slice(0, line)
      .findLast((text) => text.startsWith('### '))
      ?.slice(4) ?? ''
  const blocks = blocksOf(PAGE).filter(({ use }) => use === wanted)
  return new Map(blocks.map(({ line, code }) => [heading(line), code]))
}

function provider(name: string, spec: object): Promise<unknown> {
  return world.api.create({ apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitProvider', metadata: { name }, spec })
}

async function selfSigned(): Promise<typeof web> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-docs-'))
  const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const made = [
    '-keyout',
    key,
    '-out',
    certificate,
    '-nodes',
    '-subj',
    '/CN=web',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  ]
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...made])
  const server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (_request, response) => {
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(dir, { recursive: true })
    },
  }
}

interface Trouble {
  /** Told by a Dashboard of this spec, and not by the GitSync. */
  readonly dashboard?: object | (() => object)
  /** Before the GitSync is made. */
  readonly given?: (shop: Shop) => unknown
  /** What is wrong with the GitSync. */
  readonly sync?: (shop: Shop) => Partial<GitSyncOptions>
  /** Once it has written its first commit. */
  readonly after?: (shop: Shop) => unknown
}

const git = () => world.host.remote.faults
const ofShop = ({ namespace }: Shop) => ({
  times: Number.POSITIVE_INFINITY,
  when: ({ path }: { readonly path: string }) => path.startsWith(`/${namespace}.git/`),
})
const pushesOf = ({ namespace }: Shop) => ({
  times: Number.POSITIVE_INFINITY,
  when: ({ path }: { readonly path: string }) => path === `/${namespace}.git/git-receive-pack`,
})
const edit = ({ namespace }: Shop): Promise<unknown> =>
  world.api.patch(configMapRef(namespace, 'settings'), { data: { key: 'edited' } })
const secret = ({ namespace }: Shop, hosts: string, keys: Readonly<Record<string, string>>): Promise<unknown> =>
  world.api.create(credentialSecret(namespace, hosts, keys, 'other'))
async function hook({ repository }: Shop, words: string): Promise<void> {
  const file = join(repository.dir, 'hooks', 'update')
  await writeFile(file, `#!/bin/sh\necho "${words}" >&2\nexit 1\n`)
  await chmod(file, 0o755)
}

const DASHBOARD = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'Dashboard' }
const dashboardOf = (json: string): object => ({ syncRef: { name: 'shop' }, source: { json } })

const TROUBLES: Readonly<Partial<Record<Reason, Trouble>>> = {
  EncryptionFailed: {
    sync: () => ({ spec: { secrets: 'Encrypt', encryption: { recipients: [`age1${'q'.repeat(58)}`] } } }),
  },
  Succeeded: {},
  Progressing: { given: (shop) => git().hold(pushesOf(shop)) },
  Suspended: { sync: () => ({ spec: { suspend: true } }) },
  InvalidSpec: {
    sync: ({ namespace }) => ({ url: `https://${world.host.host.split(':')[0]}:70000/${namespace}.git` }),
  },
  InvalidTemplate: { sync: () => ({ spec: { layout: { template: '{nonsense}/{name}.yaml' } } }) },
  UnknownKind: { sync: () => ({ resources: [{ kind: 'Deployment' }] }) },
  ServiceAccountNotFound: { sync: () => ({ spec: { serviceAccountName: 'ghost' } }) },
  Forbidden: { sync: () => ({ resources: [{ kind: 'Service' }] }) },
  SecretNotFound: { sync: () => ({ secret: 'later' }) },
  SecretNotConsenting: {
    given: ({ namespace }) =>
      world.api.patch(
        { apiVersion: 'v1', kind: 'Secret', namespace, name: 'git-credentials' },
        { metadata: { labels: { 'gitsync.dev/credential': null } } },
      ),
  },
  InvalidSecret: {
    given: (shop) => secret(shop, world.host.host, { Token: 'spelled in another way' }),
    sync: () => ({ secret: 'other' }),
  },
  MappingNotUsable: {
    given: ({ namespace }) => world.api.create(configMap(namespace, 'people', { alice: 'Alice <alice@example.com>' })),
    sync: () => ({ spec: { authors: { mappingRef: { name: 'people' } } } }),
  },
  ProviderNotFound: {
    sync: ({ repository }) => ({ spec: { repository: { url: repository.url, providerRef: { name: 'corp' } } } }),
  },
  HostNotAllowed: { sync: () => ({ url: 'https://10.0.0.1/shop.git', secret: null }) },
  AuthenticationFailed: {
    given: (shop) => secret(shop, world.host.host, { token: 'revoked' }),
    sync: () => ({ secret: 'other' }),
  },
  PermissionDenied: { given: (shop) => git().status(403, pushesOf(shop)) },
  RepositoryNotFound: { given: ({ repository }) => rename(repository.dir, `${repository.dir}.hidden`) },
  BranchNotFound: { given: (shop) => hook(shop, 'branches are made by release managers') },
  PushRejected: {
    after: async (shop) => {
      await hook(shop, 'main is protected')
      await edit(shop)
    },
  },
  PullRequestRefused: {
    given: ({ repository }) => repository.commitFiles({ README: 'the base' }),
    sync: () => ({ spec: { push: { mode: 'PullRequest' } } }),
  },
  NotGit: { given: (shop) => git().html(ofShop(shop)) },
  CertificateInvalid: { sync: () => ({ url: `https://${web.host}/shop.git`, secret: null }) },
  Unreachable: {
    after: async (shop) => {
      git().status(503, ofShop(shop))
      await edit(shop)
    },
  },
  RateLimited: { given: (shop) => git().status(429, { ...ofShop(shop), retryAfter: 1 }) },
  LimitExceeded: {
    given: ({ namespace }) => {
      const deep = JSON.parse(`${'['.repeat(190)}${'1,'.repeat(100_000)}1${']'.repeat(190)}`) as unknown
      // Of another GitSync: an object like any other.
      const spec = { syncRef: { name: 'other' }, source: { model: { deep } } }
      return world.api.create({ ...DASHBOARD, metadata: { name: 'other', namespace }, spec })
    },
    sync: () => ({ resources: [{ group: 'gitsync.dev', kind: 'Dashboard' }] }),
  },
  FileUnreadable: {
    given: ({ repository, namespace }) =>
      repository.commitFiles({ [`shop/${namespace}/configmap/settings.yaml`]: 'kind: ConfigMap\n<<<<<<< HEAD\n' }),
  },
  PathConflict: {
    given: ({ namespace }) => world.api.create(configMap(namespace, 'second')),
    sync: () => ({ spec: { layout: { template: '{kind}.yaml' } } }),
  },
  PathOverlap: {
    given: async (shop) => {
      await shop.sync({ name: 'older', path: '.' })
      await shop.ready('older')
      // Who is older is known to the second.
      const second = Math.floor(Date.now() / 1000)
      await waitFor('the next second', () => Math.floor(Date.now() / 1000) > second)
    },
  },
  FolderClaimed: { given: ({ repository }) => repository.commitFiles({ 'shop/.gitsync': 'cluster: another\n' }) },
  HistoryRewritten: {
    after: async (shop) => {
      await shop.repository.git('update-ref', '-d', 'refs/heads/main')
      await shop.repository.commitFiles({ README: 'squashed' })
      await shop.request('shop')
    },
  },
  Drifted: {
    sync: () => ({ spec: { onDrift: 'Stall' } }),
    after: async (shop) => {
      await shop.repository.commitFiles({ [`shop/${shop.namespace}/configmap/settings.yaml`]: 'by hand' })
      await shop.request('shop')
    },
  },
  MassDeletion: {
    given: ({ namespace }) =>
      Promise.all(Array.from({ length: 11 }, (_, i) => world.api.create(configMap(namespace, `page-${i}`)))),
    after: ({ namespace }) =>
      Promise.all(Array.from({ length: 11 }, (_, i) => world.api.delete(configMapRef(namespace, `page-${i}`)))),
  },
  InvalidDashboard: { dashboard: dashboardOf('{\n  "title": "Checkout",\n}') },
  DuplicateUid: {
    given: ({ namespace }) =>
      world.api.create({
        ...DASHBOARD,
        metadata: { name: 'original', namespace },
        spec: dashboardOf('{"title": "Original", "uid": "checkout"}'),
      }),
    dashboard: dashboardOf('{"title": "Copy", "uid": "checkout"}'),
  },
  ConfigMapNotFound: {
    dashboard: { ...dashboardOf('{}'), source: { configMapRef: { name: 'grafana-nodes', key: 'nodes.json' } } },
  },
  GrafanaUnavailable: {
    given: ({ namespace }) => grafanaSecret(namespace, 'Editor'),
    dashboard: () => inGrafana({ url: 'http://127.0.0.1:9' }),
  },
  GrafanaRefused: {
    given: async ({ namespace }) => {
      await saves('checkout', 1)
      await grafanaSecret(namespace, 'Viewer')
    },
    dashboard: () => inGrafana({}),
  },
  NotInGrafana: {
    given: ({ namespace }) => grafanaSecret(namespace, 'Editor'),
    dashboard: () => inGrafana({ uid: 'nowhere' }),
  },
  VersionsMissing: {
    given: async ({ namespace }) => {
      await saves('pruned', 4)
      await grafana.keepVersions('pruned', 2)
      await grafanaSecret(namespace, 'Editor')
    },
    dashboard: () => inGrafana({ uid: 'pruned', history: 'Full' }),
  },
  SyncNotFound: { dashboard: { ...dashboardOf('{}'), syncRef: { name: 'later' } } },
  SyncNotWriting: { sync: () => ({ spec: { suspend: true } }), dashboard: dashboardOf('{}') },
  LeftOut: {
    sync: () => ({ resources: [{ group: 'rbac.authorization.k8s.io', kind: '*' }] }),
  },
  ClusterUnavailable: {
    given: () =>
      world.embedded?.faults.fail(1e6, { code: 500, match: ({ resource }) => resource === 'poddisruptionbudgets' }),
    sync: () => ({ resources: [{ group: 'policy', kind: 'PodDisruptionBudget' }] }),
  },
}

function inGrafana(fields: object): object {
  const source = { url: grafana.url, secretRef: { name: 'grafana' }, uid: 'checkout', ...fields }
  return { syncRef: { name: 'shop' }, source: { grafana: source } }
}
async function grafanaSecret(namespace: string, role: 'Editor' | 'Viewer'): Promise<void> {
  const { token } = await grafana.serviceAccount(namespace, role)
  await world.api.create(credentialSecret(namespace, '127.0.0.1', { token }, 'grafana'))
}
async function saves(uid: string, count: number): Promise<void> {
  for (let version = 0; version < count; version++)
    await grafana.api('POST', '/api/dashboards/db', { dashboard: { uid, title: `${uid} ${version}`, version } })
}

/** What is left out does not keep a GitSync from being Ready. */
async function incomplete(shop: Shop): Promise<Condition> {
  return await waitFor('the condition Incomplete', async () => conditionOf(await shop.ready('shop'), 'Incomplete'))
}

test('every reason has its message on the page, and all but a few are provoked here', () => {
  expect([...page.message.keys()]).toEqual(Object.keys(REASONS))
  const provoked = Object.keys(TROUBLES)
  expect(Object.keys(REASONS).filter((reason) => !provoked.includes(reason))).toEqual(NOT_PROVOKED)
})

/** What a Dashboard says. */
async function toldBy(spec: object, namespace: string, reason: Reason): Promise<Condition> {
  const name = 'checkout'
  await world.api.create({ ...DASHBOARD, metadata: { name, namespace }, spec })
  return await waitFor(`Dashboard ${namespace}/${name} is ${reason}`, async () => {
    const object = await world.api.get({ ...DASHBOARD, namespace, name })
    return ['Ready', 'Incomplete'].map((type) => conditionOf(object, type)).find((told) => told?.reason === reason)
  })
}

test.each(Object.entries(TROUBLES) as [Reason, Trouble][])('%s', async (reason, trouble) => {
  const { given, sync, after, dashboard } = trouble
  const namespace = `shop-${reason.toLowerCase()}`
  const rules =
    reason === 'Forbidden' ? [{ apiGroups: [''], resources: ['configmaps'] }] : [{ apiGroups: ['*'], resources: ['*'] }]
  const shop = await world.tenant(namespace, { rules })
  await world.api.create(configMap(namespace, 'settings'))
  await given?.(shop)
  await shop.sync({ name: 'shop', path: 'shop', ...sync?.(shop) })
  if (after !== undefined) {
    await shop.ready('shop')
    await after(shop)
  }
  const told = (): Promise<Condition> => {
    if (dashboard !== undefined)
      return toldBy(typeof dashboard === 'function' ? dashboard() : dashboard, namespace, reason)
    return reason === 'LeftOut' ? incomplete(shop) : shop.reason(reason, 'shop')
  }
  const { message } = await told()
  const { host } = world.host
  const asOnThePage = message
    .replaceAll(namespace, 'shop')
    .replaceAll(`http://${host}`, 'https://git.example.com')
    .replaceAll(host, 'git.example.com')
    .replaceAll(web.host, 'git.example.com')
    .replaceAll(grafana.url, 'https://grafana.example.com')
    .replaceAll('http://127.0.0.1:9', 'https://grafana.example.com')
    .replaceAll('dashboard nowhere', 'dashboard checkout')
    .replace('Secret other ', 'Secret git-credentials ')
    .replaceAll(`${host.split(':')[0]}:70000`, 'git.example.com:70000')
  const shown = page.message.get(reason) ?? ''
  const pattern = shown
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('[^]*?')
  expect(asOnThePage).toMatch(new RegExp(`^${pattern}$`))
  git().clear()
  world.embedded?.faults.clear()
  const remedy = page.remedy.get(reason)
  if (remedy === undefined) return
  const [, id = ''] = /\((?:take-over|confirm-deletion|confirm-overwrite|accept-history)=(\w+)\)/.exec(message) ?? []
  const [program, ...args] = remedy.replace('-n shop', `-n ${namespace}`).replace('ID', id).split(' ')
  expect(program).toBe('kubectl')
  await world.kubectl(args)
  await shop.ready('shop')
})
