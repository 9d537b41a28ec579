/** One value, in every place where a cluster keeps secrets, under every policy and through every sort of trouble: where does it come out? */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startOtlpReceiver } from '../kit/otlp/index.ts'
import type { OtlpReceiver } from '../kit/otlp/index.ts'
import { gitBytes } from '../kit/remote/git.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { CONFIG_MAPS, configMap, syncRef } from './harness/gitsync.ts'
import { oddKind } from './harness/odd-kind.ts'
import { newReader } from './harness/sops.ts'
import type { Reader } from './harness/sops.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

/** Parts between characters that escapes change: each survives as it is whatever the writing. */
const TOKENS = Array.from({ length: 3 }, () => `c4n4ry${randomBytes(12).toString('hex')}`)
const CANARY = `${TOKENS[0]}"\n\\${TOKENS[1]}é<&>${TOKENS[2]}`
const BINARY = Buffer.concat([Buffer.from([0, 255, 27]), Buffer.from(TOKENS[0] ?? ''), Buffer.from([200, 0])])
const base64 = (value: string | Buffer): string => Buffer.from(value).toString('base64')

/** How the value may look after it was encoded by whoever let it out; base64 at each of its three offsets, less its edges. */
const SHAPES = TOKENS.flatMap((token) => {
  const offsets = [0, 1, 2].map((pad) => base64('x'.repeat(pad) + token).slice(pad === 0 ? 0 : 4, -4))
  const twice = offsets.flatMap((text) =>
    [0, 1, 2].map((pad) => base64('x'.repeat(pad) + text).slice(pad === 0 ? 0 : 4, -4)),
  )
  const hex = Buffer.from(token).toString('hex')
  return [token, token.toUpperCase(), hex, hex.toUpperCase(), ...offsets, ...twice]
})

function shapesIn(text: string | Buffer): string[] {
  const bytes = Buffer.from(text)
  return SHAPES.filter((shape) => bytes.includes(shape))
}

const POLICIES = ['Exclude', 'Redact', 'Hash', 'Encrypt'] as const
const SENSITIVE = ['/data/token', '/metadata/annotations/copy', '/spec/users/*/password', '/spec/list']

let world: World<HttpBackendHost>
let receiver: OtlpReceiver
let reader: Reader
const tenants: Tenant<TestRepository>[] = []

async function restart(): Promise<void> {
  await world.operator.stop()
  world.operator = await world.startOperator({
    args: ['--log-level', 'trace'],
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '200' },
  })
}

beforeAll(async () => {
  ;[world, receiver, reader] = await Promise.all([startWorld('embedded'), startOtlpReceiver(), newReader()])
  await restart()
})
afterAll(async () => {
  await world?.stop()
  await receiver?.stop()
})

/** Every object of the repository, whether or not a branch still has it. */
const objectsOf = ({ repository }: Tenant<TestRepository>): Promise<Buffer> =>
  gitBytes(repository.dir, repository.dir, ['cat-file', '--batch-all-objects', '--batch', '--unordered'])

async function everywhere(): Promise<Record<string, string | Buffer>> {
  const kinds = 'events,events.events.k8s.io,gitsyncs,gitproviders,leases'
  const inventories = ['get', 'configmaps', '-A', '-o', 'json', '-l', 'gitsync.dev/internal=true']
  const keys = ['get', 'secrets', '-A', '-o', 'json', '-l', 'gitsync.dev/internal=true']
  return {
    log: world.log(),
    metrics: await (await fetch(`${world.operator.url}/metrics`)).text(),
    readiness: await (await fetch(`${world.operator.url}/readyz`)).text(),
    traces: receiver.bodies.join('\n'),
    status: await world.kubectl(['get', kinds, '-A', '-o', 'json', '--show-managed-fields']),
    inventories: await world.kubectl(inventories),
    keys: await world.kubectl(keys),
    ...Object.fromEntries(
      await Promise.all(
        tenants.map(async (tenant) => [`git of ${tenant.namespace}`, await objectsOf(tenant)] as const),
      ),
    ),
  }
}

async function expectNothing(): Promise<void> {
  for (const [place, text] of Object.entries(await everywhere())) {
    expect(shapesIn(text), place).toEqual([])
  }
}

test('no policy and no trouble lets a value out', { timeout: 170_000 }, async () => {
  const odd = await oddKind(world, 'Gadget')
  for (const policy of POLICIES) {
    const namespace = policy.toLowerCase()
    const tenant = await world.tenant(namespace)
    tenants.push(tenant)
    await world.api.patch(
      { apiVersion: 'v1', kind: 'Namespace', name: namespace },
      { metadata: { labels: { 'gitsync.dev/secrets': 'allowed' } } },
    )
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'db', namespace, annotations: { copy: CANARY, applied: base64(CANARY) } },
      data: { text: base64(CANARY), binary: base64(BINARY) },
      stringData: { more: CANARY },
    }
    // As people apply it: the whole object is in an annotation as well.
    await world.kubectl(['apply', '-f', '-'], JSON.stringify(secret))
    const map = configMap(namespace, 'settings', { token: CANARY, mode: 'fast' })
    await world.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({ ...map, metadata: { ...map.metadata, annotations: { copy: CANARY } } }),
    )
    const spec = { users: [{ name: 'a', password: CANARY }], list: [CANARY, { deep: CANARY }], mode: 'fast' }
    await world.api.create(odd.object(namespace, 'good', { spec }))
    // Nothing that sops could write: refused as a whole where it would have to be encrypted.
    await world.api.create(odd.object(namespace, 'odd', { spec, sops: { mode: 'fast' } }))
    const resources = [CONFIG_MAPS, odd.selector, ...(policy === 'Exclude' ? [] : [{ kind: 'Secret' }])]
    await tenant.sync({
      resources,
      spec: {
        secrets: policy,
        sensitive: SENSITIVE,
        ...(policy === 'Encrypt' ? { encryption: { recipients: [reader.recipient] } } : {}),
      },
    })
  }
  const encrypt = tenants[3] as Tenant<TestRepository>
  expect(shapesIn(await world.kubectl(['get', 'secrets', '-A', '-o', 'json'])).length).toBeGreaterThan(0)
  for (const tenant of tenants.slice(0, 3)) await tenant.ready()
  expect((await encrypt.reason('EncryptionFailed')).message).toContain('Gadget.e2e.example.com/encrypt/odd')
  const path = (tenant: Tenant, file: string): string => `main:${tenant.namespace}/sync/${tenant.namespace}/${file}`
  const opened = await waitFor('the Secret is in Git', () =>
    encrypt.repository.git('show', path(encrypt, 'secret/db.yaml')).then((file) => reader.open(`${file}\n`)),
  )
  // It was there to be let out.
  expect(opened.data).toEqual({ text: base64(CANARY), binary: base64(BINARY), more: base64(CANARY) })
  expect(opened.metadata.annotations.copy).toBe(CANARY)
  await expectNothing()

  // The Git host is away, refuses, and answers with something else.
  const everything = { times: Number.POSITIVE_INFINITY }
  const edits = async (round: number): Promise<void> => {
    for (const { namespace } of tenants) {
      const data = { text: base64(`${round}${CANARY}`), binary: base64(BINARY) }
      await world.api.patch({ apiVersion: 'v1', kind: 'Secret', namespace, name: 'db' }, { data })
      const settings = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'settings' }
      await world.api.patch(settings, { data: { token: `${round}${CANARY}`, mode: String(round) } })
    }
  }
  const written = async (round: number): Promise<void> => {
    for (const tenant of tenants) {
      await waitFor(`edit ${round} of ${tenant.namespace} is in Git`, async () =>
        (await tenant.repository.git('show', path(tenant, 'configmap/settings.yaml'))).includes(`mode: "${round}"`),
      )
    }
  }
  const troubles: (readonly [string, () => { remove(): void }])[] = [
    ['Unreachable', () => world.host.remote.faults.status(503, everything)],
    ['NotGit', () => world.host.remote.faults.html(everything)],
    ['AuthenticationFailed', () => world.host.remote.faults.status(401, everything)],
  ]
  for (const [round, [reason, begin]] of troubles.entries()) {
    const trouble = begin()
    await edits(round)
    for (const tenant of tenants) await tenant.request()
    for (const tenant of tenants) await tenant.reason(reason)
    await expectNothing()
    trouble.remove()
    for (const tenant of tenants) await tenant.request()
    await written(round)
  }

  // Somebody else pushes in between; the answer to a push is lost.
  const lost = world.host.remote.faults.loseAnswer({ times: 4 })
  for (const tenant of tenants) await tenant.repository.commitFiles({ 'README.md': 'by somebody else\n' })
  await edits(7)
  await written(7)
  expect(lost.fired).toBeGreaterThan(0)
  await expectNothing()
  lost.remove()

  // The API server is in trouble: lists fail, watches break, keys may not be read.
  world.embedded?.faults.dropWatches()
  world.embedded?.faults.fail(12, {
    code: 500,
    match: ({ resource, verb }) => resource === 'secrets' && verb !== 'patch',
  })
  await edits(8)
  const undo = world.embedded?.faults.forbid(
    ({ resource, name }) => resource === 'secrets' && name.startsWith('gitsync-keys-'),
  )
  for (const { namespace } of tenants.slice(2))
    await world.api.patch(syncRef(namespace), { metadata: { annotations: { nudge: 'keys' } } })
  await waitFor('the keys are missed', async () =>
    (await encrypt.reason('EncryptionFailed')).message.includes('the operator may not read, make and change Secret'),
  )
  await restart()
  await encrypt.reason('EncryptionFailed')
  await edits(9)
  await expectNothing()
  undo?.()

  // Specs that are wrong, paths that meet, a policy that changes to each of the others.
  const [first] = tenants
  const others = [
    { layout: { template: 'all.yaml' } },
    { layout: { template: '{namespace}/{type}/{name}.yaml', format: 'JSON' } },
    { secrets: 'Encrypt', encryption: { recipients: [`age1${'q'.repeat(58)}`] } },
    { secrets: 'Redact', encryption: null, resources: [{ kind: 'Secret' }, CONFIG_MAPS] },
    { secrets: 'Hash' },
    { secrets: 'Encrypt', encryption: { recipients: [reader.recipient] } },
    { secrets: 'Exclude', encryption: null },
    { secrets: 'Encrypt', encryption: { recipients: [`AGE-SECRET-KEY-${TOKENS[0]}`.slice(0, 62)] } },
    { secrets: 'Redact', encryption: null, sensitive: SENSITIVE },
  ]
  for (const spec of others) {
    await world.api.patch(syncRef(first?.namespace ?? ''), { spec })
    await waitFor('the operator has seen the spec', async () => {
      const sync = await world.api.get(syncRef(first?.namespace ?? ''))
      return sync['status'].observedGeneration === sync.metadata['generation']
    })
    // A private key where the public one belongs is in the spec; nobody repeats it.
    if (JSON.stringify(spec).includes('SECRET-KEY')) expect(shapesIn(world.log())).toEqual([])
    else await expectNothing()
  }
  await world.api.patch(syncRef(encrypt.namespace), {
    spec: { encryption: { recipients: [(await newReader()).recipient] } },
  })
  await restart()
  for (const tenant of tenants.slice(0, 3)) {
    await tenant.request()
    await tenant.ready()
  }
  await expectNothing()
  const looked = await everywhere()
  expect(Object.keys(looked).filter((place) => (looked[place]?.length ?? 0) < 3)).toEqual([])
})
