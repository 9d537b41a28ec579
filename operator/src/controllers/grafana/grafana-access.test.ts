import { expect, onTestFinished, test } from 'vitest'
import type { GrafanaSource } from '../../api/dashboard.ts'
import type { GitProvider } from '../../api/parse.ts'
import { GrafanaPool } from '../../grafana/grafana-pool.ts'
import { KubeError } from '../../kube/errors.ts'
import { manualClock } from '../../kube/testing/manual-clock.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { environment } from '../testing/reconciliation.ts'
import type { TestEnvironment } from '../testing/reconciliation.ts'
import { GrafanaAccess } from './grafana-access.ts'

const READER = { namespace: 'shop', sync: 'shop/sync' }

const source = (url: string): GrafanaSource => ({
  url,
  secretRef: { name: 'grafana' },
  uid: 'checkout',
  schema: 'Classic',
  history: 'FromNow',
  interval: '1m',
})
const encoded = (data: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
const secret = (hosts: string, data: Readonly<Record<string, string>> = { token: 'glsa_1' }): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 'grafana',
    labels: { 'gitsync.dev/credential': 'true' },
    annotations: { 'gitsync.dev/hosts': hosts },
  },
  data: encoded(data),
})

function access(found: KubernetesObject | undefined, parts: TestEnvironment = {}) {
  let reads = 0
  const client = {
    get: async () => {
      reads++
      if (found === undefined) throw new KubeError('NotFound', 'no such Secret')
      return found
    },
  }
  const whole = environment({ client, ...parts })
  const grafanas = new GrafanaAccess({
    pool: new GrafanaPool({ clock: manualClock(), userAgent: 'test' }),
    random: () => 0.5,
  })
  onTestFinished(() => grafanas.close())
  return {
    open: (url: string) => grafanas.open(whole, READER, source(url)),
    doubt: (url: string) => grafanas.doubt(READER, source(url)),
    reads: () => reads,
  }
}

test('a Secret of the namespace that names the host opens it, and is read once for many', async () => {
  const { open, reads, doubt } = access(secret('grafana.example.com'))
  const first = await open('https://grafana.example.com/below')
  expect(await open('https://grafana.example.com/below')).toBe(first)
  expect(reads()).toBe(1)
  // A refused login may have been replaced: the same one gives the same connections.
  doubt('https://grafana.example.com/below')
  expect(await open('https://grafana.example.com/below')).toBe(first)
  expect(reads()).toBe(2)
  // Whoever else is refused is none of its business.
  doubt('https://grafana.example.com/other')
  await open('https://grafana.example.com/below')
  expect(reads()).toBe(2)
})

test.each([
  [undefined, 'SecretNotFound', 'spec.source.grafana.secretRef: Secret grafana does not exist in namespace shop'],
  [secret('other.example.com'), 'SecretNotConsenting', 'does not name grafana.example.com'],
  [
    { ...secret('grafana.example.com'), metadata: { ...secret('grafana.example.com').metadata, labels: {} } },
    'SecretNotConsenting',
    'lacks the label',
  ],
  [secret('grafana.example.com', { key: 'glsa_1' }), 'InvalidSecret', 'neither the key token nor'],
])('without a login that may be used there nothing is opened (%#)', async (found, reason, message) => {
  const opening = access(found).open('https://grafana.example.com')
  await expect(opening).rejects.toMatchObject({ reason, message: expect.stringContaining(message) })
  await expect(opening).rejects.not.toThrow('glsa_1')
})

test.each([
  ['https://10.0.0.7', 'is the private address 10.0.0.7'],
  ['https://169.254.169.254/latest', 'is the private address'],
  ['https://[::ffff:127.0.0.1]', 'is the private address'],
  ['http://grafana.example.com', 'credentials are not sent over plain http'],
])('%s needs a GitProvider that allows it', async (url, message) => {
  const hosts = '10.0.0.7,169.254.169.254,grafana.example.com,[::ffff:7f00:1]'
  const closed = access(secret(hosts))
  await expect(closed.open(url)).rejects.toMatchObject({
    reason: 'HostNotAllowed',
    message: expect.stringMatching(/^spec\.source\.grafana\.url: /),
  })
  await expect(closed.open(url)).rejects.toThrow(message)
  expect(closed.reads()).toBe(0)
  const provider = {
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'GitProvider',
    metadata: { name: 'inner' },
    spec: { hosts: hosts.split(','), allowPrivateAddresses: true, allowPlainHttp: true },
  } as unknown as GitProvider
  await expect(access(secret(hosts), { providers: new Map([['inner', provider]]) }).open(url)).resolves.toBeDefined()
  const elsewhere = { ...provider, spec: { ...provider.spec, allowedNamespaces: { names: ['other'] } } }
  await expect(access(secret(hosts), { providers: new Map([['inner', elsewhere]]) }).open(url)).rejects.toThrow(
    'GitProvider inner does not allow namespace shop',
  )
})

test('a Grafana that does not answer keeps nobody waiting but those of its namespace that ask it', async () => {
  const grafanas = new GrafanaAccess({
    pool: new GrafanaPool({ clock: manualClock(), userAgent: 'test' }),
    random: () => 0.5,
  })
  const hung = Promise.withResolvers<void>()
  const began: string[] = []
  const ask = (namespace: string, host: string, answer = Promise.resolve()): void =>
    grafanas.enqueue({ namespace }, host, () => {
      began.push(`${namespace} ${host}`)
      return answer
    })
  for (let i = 0; i < 20; i++) ask('shop', 'hung.example.com', hung.promise)
  ask('shop', 'grafana.example.com')
  ask('other', 'hung.example.com')
  await expect.poll(() => began.length).toBe(6)
  expect(began.filter((each) => each === 'shop hung.example.com')).toHaveLength(4)
  hung.resolve()
  await expect.poll(() => began.length).toBe(22)
})
