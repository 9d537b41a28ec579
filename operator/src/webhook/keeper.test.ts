import { expect, test } from 'vitest'
import type { KubeClient } from '../kube/client.ts'
import { KubeError } from '../kube/errors.ts'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { createLogger } from '../serve/log.ts'
import { LIFETIME } from './certificate.ts'
import { Keeper } from './keeper.ts'
import type { WebhookKeys } from './keeper.ts'

type Stored = Record<string, any>

/** Objects by kind and name, with versions that a replacement must name. */
function store() {
  const objects = new Map<string, Stored>()
  let version = 0
  const put = (key: string, object: Stored): Stored => {
    const stored = { ...object, metadata: { ...object['metadata'], resourceVersion: String(++version) } }
    objects.set(key, stored)
    return stored
  }
  const client = {
    get: async ({ kind }: { kind: string }, _namespace: string, name: string) => {
      const found = objects.get(`${kind}/${name}`)
      if (found === undefined) throw new KubeError('NotFound', `${kind} ${name}`)
      return found
    },
    create: async ({ kind }: { kind: string }, _namespace: string, object: Stored) => {
      const key = `${kind}/${object['metadata'].name}`
      if (objects.has(key)) throw new KubeError('AlreadyExists', key)
      return put(key, object)
    },
    replace: async ({ kind }: { kind: string }, _namespace: string, name: string, object: Stored) => {
      const key = `${kind}/${name}`
      if (objects.get(key)?.['metadata'].resourceVersion !== object['metadata'].resourceVersion)
        throw new KubeError('Conflict', key)
      return put(key, object)
    },
  } as unknown as KubeClient
  return { objects, put, client }
}

function replica(
  client: KubeClient,
  clock: ReturnType<typeof manualClock>,
  auditSecret?: string,
  hosts = ['hook.gitsync-system.svc'],
) {
  const used: WebhookKeys[] = []
  const keeper = new Keeper({
    client,
    clock,
    logger: createLogger('silent'),
    namespace: 'gitsync-system',
    name: 'hook',
    configuration: 'conf',
    hosts,
    auditSecret,
    use: (keys) => used.push(keys),
  })
  return { keeper, used }
}

test('the API server is told one token, and replicas know another', async () => {
  const { client, objects, put } = store()
  const hook = { name: 'w', clientConfig: { service: { name: 'hook', namespace: 'a' } } }
  put('ValidatingWebhookConfiguration/conf', { metadata: { name: 'conf' }, webhooks: [hook] })
  const { keeper, used } = replica(client, manualClock(Date.now()))
  await keeper.refresh()
  const { token = '', replicaToken = '' } = used[0] ?? {}
  const written = JSON.stringify([...objects.values()])
  expect(written).toContain(`/deleted/${token}`)
  expect(replicaToken).toMatch(/^[0-9a-f]{32}$/)
  expect(written).not.toContain(replicaToken)
})

test('replicas share one certificate, which is renewed while both are trusted', async () => {
  const { client, objects, put } = store()
  const clock = manualClock(Date.now())
  put('MutatingWebhookConfiguration/conf', {
    metadata: { name: 'conf' },
    webhooks: [{ name: 'w', clientConfig: { service: { name: 'hook', namespace: 'a' } } }],
  })
  const [first, second] = [replica(client, clock), replica(client, clock)]
  await first.keeper.refresh()
  await second.keeper.refresh()
  expect(first.used).toEqual(second.used)
  const bundle = (): string =>
    Buffer.from(
      objects.get('MutatingWebhookConfiguration/conf')?.['webhooks'][0].clientConfig.caBundle,
      'base64',
    ).toString()
  expect(bundle()).toBe(first.used[0]?.authorities)
  expect(objects.get('MutatingWebhookConfiguration/conf')?.['webhooks'][0].clientConfig.service.path).toBe('/stamp')
  const resourceVersion = objects.get('MutatingWebhookConfiguration/conf')?.['metadata'].resourceVersion
  await first.keeper.refresh()
  expect(first.used).toHaveLength(1)
  expect(objects.get('MutatingWebhookConfiguration/conf')?.['metadata'].resourceVersion).toBe(resourceVersion)

  clock.advance((LIFETIME * 2) / 3 + 60_000)
  await second.keeper.refresh()
  expect(second.used).toHaveLength(2)
  expect(second.used[1]?.certificate).not.toBe(second.used[0]?.certificate)
  // The first one still serves with the old certificate.
  expect(bundle()).toContain(first.used[0]?.authorities.trim() ?? '?')
  expect(bundle().match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  await first.keeper.refresh()
  expect(first.used[1]).toEqual(second.used[1])
})

test('replicas that begin at the same time serve with one certificate at once', async () => {
  const { client } = store()
  const clock = manualClock(Date.now())
  const [first, second] = [replica(client, clock), replica(client, clock)]
  await Promise.all([first.keeper.refresh(), second.keeper.refresh()])
  expect(first.used).toHaveLength(1)
  expect(second.used).toEqual(first.used)
})

test('replicas that tell the API server at the same time both serve at once', async () => {
  const { client, objects, put } = store()
  const clock = manualClock(Date.now())
  await replica(client, clock).keeper.refresh()
  const hook = { name: 'w', clientConfig: { service: { name: 'hook', namespace: 'a' } } }
  put('MutatingWebhookConfiguration/conf', { metadata: { name: 'conf' }, webhooks: [hook] })
  const [first, second] = [replica(client, clock), replica(client, clock)]
  await Promise.all([first.keeper.refresh(), second.keeper.refresh()])
  expect([first.used.length, second.used.length]).toEqual([1, 1])
  expect(objects.get('MutatingWebhookConfiguration/conf')?.['webhooks'][0].clientConfig.caBundle).toBeDefined()
})

test('a certificate that is not good for a host however it is made is made once for each look', async () => {
  const { client, objects } = store()
  const { keeper, used } = replica(client, manualClock(Date.now()), undefined, ['ä.example'])
  await keeper.refresh()
  expect(used).toHaveLength(1)
  expect(objects.get('Secret/hook')?.['metadata'].resourceVersion).toBe('1')
})

test('without the Secret for audit events stamps are served all the same, and events once it is there', async () => {
  const { client, put } = store()
  const { keeper, used } = replica(client, manualClock(Date.now()), 'audit')
  await keeper.refresh()
  expect(used.at(-1)?.auditToken).toBeUndefined()
  put('Secret/audit', { metadata: { name: 'audit' }, data: { token: Buffer.from('open sesame\n').toString('base64') } })
  await keeper.refresh()
  expect(used.map(({ auditToken }) => auditToken)).toEqual([undefined, 'open sesame'])
})

test('a certificate that somebody else has made is served and left alone', async () => {
  const { client, objects, put } = store()
  const clock = manualClock(Date.now())
  const one = replica(client, clock)
  const foreign = {
    'tls.crt': FOREIGN,
    'tls.key': 'key',
    'ca.crt': 'authority',
  }
  const data = Object.fromEntries(
    Object.entries(foreign).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  )
  put('Secret/hook', { metadata: { name: 'hook' }, data })
  await one.keeper.refresh()
  expect(one.used[0]).toMatchObject({ certificate: FOREIGN, authorities: 'authority' })
  expect(objects.get('Secret/hook')?.['data']).toEqual(data)
})

/** Made by openssl, for nobody; its key is gone. */
const FOREIGN = `-----BEGIN CERTIFICATE-----
MIIBhzCCAS2gAwIBAgIUQEoYQjgreta+gXX4FRVbLUp7xQswCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNc29tZWJvZHktZWxzZTAgFw0yNjExMjIwMDMyNTRaGA8yMTI2
MTAyOTAwMzI1NFowGDEWMBQGA1UEAwwNc29tZWJvZHktZWxzZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABK8ppEBVc0+nTmT6lRbCB1e4gDNABWbL2Kkv654CpweZ
OUslFNPjsjkO+34lWUVMsqYwrDe+fJR1fgOVkde/8NujUzBRMB0GA1UdDgQWBBQs
oMCmfdmugmkcXLxdUj1Fp7miMjAfBgNVHSMEGDAWgBQsoMCmfdmugmkcXLxdUj1F
p7miMjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIHP1LopsmkAf
fD7xEqU2D7J47Xi5kvPysNVaxj8MBamJAiEAhrkpj7lf47zmlhCEdLIgt/XrJ0Nh
2wunrCbjBRkRaus=
-----END CERTIFICATE-----
`
