import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { TestRepository } from '../kit/remote/index.ts'
import type { KubeObject } from './harness/api.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { WRITTEN } from './harness/gitsync.ts'
import { oddKind } from './harness/odd-kind.ts'
import { grantCluster } from './harness/tenant.ts'
import type { Tenant } from './harness/tenant.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'
import { SAMPLES } from './round-trip-samples.ts'

const NAMESPACE = 'round-trip'
/** Numbers that a reader of doubles would change; sent and expected as text. */
const EXACT = ['9007199254740993', '-9223372036854775808', '9223372036854775807']

describe.each(WORLDS)('round trip: %s', (plane) => {
  let world: World<HttpBackendHost>
  let tenant: Tenant<TestRepository>
  let live: KubeObject[]

  beforeAll(async () => {
    world = await startWorld(plane)
    tenant = await world.tenant(NAMESPACE)
    const { api } = world
    await grantCluster(api, NAMESPACE, { apiGroups: ['*'], resources: ['*'] })
    const kind = await oddKind(world, 'Oddity')
    const odd = JSON.stringify(
      kind.object(NAMESPACE, 'odd', {
        payload: { deep: [{ list: [[], {}, null, ''] }], big: ['BIG0', 'BIG1', 'BIG2'], 'a/b.c': 0.1 },
        status: { kept: 'this kind has no status subresource' },
        'x-Top': 'level',
        data: { yes: 'no' },
      }),
    ).replaceAll(/"BIG(\d)"/g, (_all, i: string) => EXACT[Number(i)] ?? '')
    live = [await api.create(odd)]
    for (const sample of SAMPLES) {
      const { metadata, namespaced, ...rest } = sample
      const home = namespaced ? { namespace: NAMESPACE } : {}
      live.push(
        await api.create({ ...rest, metadata: { ...metadata, ...home, labels: { ...WRITTEN, ...metadata.labels } } }),
      )
    }
    const kinds = new Map(live.map(({ apiVersion, kind: name }) => [name, apiVersion]))
    const labelSelector = { matchLabels: WRITTEN }
    await tenant.sync({
      path: 'all',
      resources: [...kinds].map(([name, apiVersion]) => ({
        kind: name,
        group: apiVersion.includes('/') ? apiVersion.split('/')[0] : '',
        labelSelector,
      })),
    })
    await tenant.ready()
  })
  afterAll(() => world?.stop())

  const files = async (): Promise<Map<string, string>> => {
    const found = new Map<string, string>()
    for (const { path } of await tenant.repository.lsTree('main')) {
      if (path.endsWith('.yaml')) found.set(path, (await tenant.repository.readFile('main', path)).toString())
    }
    return found
  }

  test('a file holds its whole object, without what only the server can say', async () => {
    const documents = new Map(
      [...(await files()).values()].map((text) => {
        const document = parse(text) as KubeObject
        return [keyOf(document), document]
      }),
    )
    expect([...documents.keys()].sort()).toEqual(live.map(keyOf).sort())
    for (const object of live) expect(documents.get(keyOf(object)), keyOf(object)).toEqual(expectedOf(object))
  })

  test('numbers are written as they are spelled', async () => {
    const text = (await files()).get('all/round-trip/oddity.e2e.example.com/odd.yaml') ?? ''
    for (const number of EXACT) expect(text).toMatch(new RegExp(`- ${number}$`, 'm'))
  })

  test('git reads what was written: no file depends on a checkout that changes line ends or cases', async () => {
    await tenant.repository.fsck()
    const paths = [...(await files()).keys()]
    expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(paths.length)
    for (const path of paths) expect(path).toMatch(/^[a-z0-9._%/A-F-]+$/)
  })

  if (plane !== 'embedded')
    test('every file is accepted by the cluster as it is, and gives back the same object', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'gitsync-checkout-'))
      try {
        await tenant.repository.git('--work-tree', dir, 'checkout', '--force', 'main', '--', '.')
        const printed = await world.kubectl(['apply', '--dry-run=server', '-o', 'json', '-R', '-f', dir])
        const applied = (JSON.parse(printed) as { items: KubeObject[] }).items
        expect(applied.map(keyOf).sort()).toEqual(live.map(keyOf).sort())
        const before = new Map(live.map((object) => [keyOf(object), object]))
        for (const object of applied) {
          expect(withoutBookkeeping(object), keyOf(object)).toEqual(
            withoutBookkeeping(before.get(keyOf(object)) as KubeObject),
          )
        }
      } finally {
        await rm(dir, { recursive: true, force: true })
      }
    })

  if (plane !== 'embedded')
    test('an object that was deleted comes back as it was from its file', async () => {
      const { api } = world
      const dir = await mkdtemp(join(tmpdir(), 'gitsync-checkout-'))
      try {
        await tenant.repository.git('--work-tree', dir, 'checkout', '--force', 'main', '--', '.')
        await api.patch(
          { apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitSync', namespace: NAMESPACE, name: 'sync' },
          { spec: { suspend: true } },
        )
        await tenant.reason('Suspended')
        const gone = live.filter(({ kind }) => !['PersistentVolumeClaim', 'Job', 'Namespace'].includes(kind))
        for (const { apiVersion, kind, metadata } of gone)
          await api.delete({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace })
        await world.kubectl(['apply', '-R', '-f', dir])
        for (const object of gone) {
          const { apiVersion, kind, metadata } = object
          const again = await api.get({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace })
          expect(expectedOf(again), keyOf(object)).toEqual(expectedOf(object))
        }
      } finally {
        await rm(dir, { recursive: true, force: true })
      }
    })
})

const keyOf = ({ apiVersion, kind, metadata }: KubeObject): string => `${apiVersion} ${kind} ${metadata.name}`

/** Fields that the API server sets anew on every write. */
function withoutBookkeeping(object: KubeObject): KubeObject {
  const { managedFields: _m, resourceVersion: _r, generation: _g, annotations, ...metadata } = object.metadata
  const { 'kubectl.kubernetes.io/last-applied-configuration': _l, ...rest } = annotations ?? {}
  return { ...object, metadata: { ...metadata, ...(Object.keys(rest).length === 0 ? {} : { annotations: rest }) } }
}

/** What the file of an object must say: the object without what a server has added, written down here a second time. */
function expectedOf(given: KubeObject): KubeObject {
  const object = structuredClone(withoutBookkeeping(given)) as any
  for (const field of ['uid', 'creationTimestamp', 'ownerReferences', 'selfLink']) delete object.metadata[field]
  if (['Service', 'PersistentVolumeClaim', 'Job', 'CronJob', 'Deployment', 'Ingress'].includes(object.kind))
    delete object.status
  if (object.kind === 'Service' && object.spec.clusterIP !== 'None') {
    delete object.spec.clusterIP
    delete object.spec.clusterIPs
  }
  if (object.kind === 'Job') {
    // Labels and selector of the sample are all the server's, and nothing else is in the template's metadata.
    delete object.spec.selector
    delete object.spec.template.metadata
    const { 'e2e/written': own } = object.metadata.labels
    object.metadata.labels = { 'e2e/written': own }
  }
  return object
}
