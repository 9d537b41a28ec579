/** Whatever happens in whatever order: what is wanted in the end is what the cluster says, and nothing wanted is ever proved gone. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ApiResource } from '../../kube/discovery.ts'
import { KubeError } from '../../kube/errors.ts'
import type { ReflectorPool } from '../../kube/reflector-pool.ts'
import type { ReflectorHandler } from '../../kube/reflector.ts'
import { manualClock } from '../../kube/testing/manual-clock.ts'
import { identityKey } from '../../objects/object.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { CONFIGMAPS, dashboardIdentity } from '../known-resources.ts'
import { Feeds } from './feeds.ts'
import type { FeedsOptions } from './feeds.ts'

const CONFIG_MAPS = ['a', 'b', 'c'] as const
const KEYS = ['x.json', 'y.json', 'z.txt'] as const
const SOURCES = [
  { json: '{}' },
  { configMapRef: { name: 'a', key: 'x.json' } },
  { configMapRef: { name: 'b', key: 'y.json' } },
  { configMapRef: { labelSelector: { matchLabels: { dash: '1' } } } },
  { configMapRef: { labelSelector: { matchLabels: { dash: '1' } }, keys: ['*'] } },
  { configMapRef: { labelSelector: { matchLabels: { dash: '2' } } } },
] as const

type Op =
  | { readonly do: 'configMap'; readonly name: string; readonly label: string; readonly keys: readonly string[] }
  | { readonly do: 'noConfigMap'; readonly name: string }
  | { readonly do: 'dashboard'; readonly source: number }
  | { readonly do: 'noDashboard' | 'status' | 'away' | 'back' | 'revoke' | 'grant' | 'tick' }

const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('configMap' as const),
      name: fc.constantFrom(...CONFIG_MAPS),
      label: fc.constantFrom('1', '2'),
      keys: fc.uniqueArray(fc.constantFrom(...KEYS)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('noConfigMap' as const), name: fc.constantFrom(...CONFIG_MAPS) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('dashboard' as const), source: fc.nat({ max: SOURCES.length - 1 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'noDashboard' as const,
        'status' as const,
        'away' as const,
        'back' as const,
        'revoke' as const,
        'grant' as const,
        'tick' as const,
        'tick' as const,
      ),
    }),
  },
)

/** ConfigMaps of a namespace and who watches them: lists come with a tick, and while the watch is away nothing is told. */
class Cluster {
  readonly objects = new Map<string, KubernetesObject>()
  readonly #watchers = new Map<ReflectorHandler, Map<string, string> | undefined>()
  #isAway = false

  readonly pool: ReflectorPool = {
    subscribe: (_resource, _namespace, handler) => {
      this.#watchers.set(handler, undefined)
      return { close: () => void this.#watchers.delete(handler), state: { phase: 'Listing', since: 0, restarts: 0 } }
    },
    list: () => [],
  }

  set(name: string, object: KubernetesObject | undefined): void {
    const before = this.objects.get(name)
    if (object === undefined) this.objects.delete(name)
    else this.objects.set(name, object)
    if (this.#isAway) return
    for (const [handler, known] of this.#watchers) {
      if (known === undefined) continue
      if (object !== undefined) {
        known.set(name, object.metadata.resourceVersion ?? '')
        handler.onObject(object, 'live')
      } else if (before !== undefined && known.delete(name)) handler.onDelete(before)
    }
  }

  away(isAway: boolean): void {
    this.#isAway = isAway
    for (const handler of this.#watchers.keys())
      handler.onState?.({ phase: isAway ? 'Backoff' : 'Watching', since: 0, restarts: 0 })
    if (!isAway) for (const [handler, known] of this.#watchers) if (known !== undefined) this.#list(handler, known)
  }

  /** Who has just come has a list. */
  tick(): void {
    if (this.#isAway) return
    for (const [handler, known] of this.#watchers) if (known === undefined) this.#list(handler, new Map())
  }

  #list(handler: ReflectorHandler, known: Map<string, string>): void {
    this.#watchers.set(handler, known)
    for (const [name, object] of this.objects) {
      const { resourceVersion = '' } = object.metadata
      if (known.get(name) !== resourceVersion) handler.onObject(object, 'initial')
      known.set(name, resourceVersion)
    }
    const gone = [...known.keys()].filter((name) => !this.objects.has(name))
    for (const name of gone) known.delete(name)
    handler.onState?.({ phase: 'Watching', since: 0, restarts: 0 })
    const keyed = (names: Iterable<string>): Set<string> => new Set([...names].map((name) => `shop/${name}`))
    handler.onSynced({ present: keyed(this.objects.keys()), vanished: keyed(gone) })
  }
}

/** Files that a Dashboard stands for, told from nothing but what is in the cluster. */
function filesOf(source: (typeof SOURCES)[number] | undefined, cluster: Cluster): Map<string, string> {
  const files = new Map<string, string>()
  if (source === undefined || 'json' in source) return files
  const { configMapRef: ref } = source
  for (const [name, { metadata, ...rest }] of cluster.objects) {
    for (const key of Object.keys(rest['data'] as object)) {
      const isNamed = 'name' in ref && ref.name === name && ref.key === key
      const isLabelled = 'labelSelector' in ref && metadata.labels?.['dash'] === ref.labelSelector.matchLabels.dash
      const isDashboard = key.endsWith('.json') || 'keys' in ref
      if (isNamed) files.set('d', metadata.resourceVersion ?? '')
      if (isLabelled && isDashboard) files.set(`d/${name}/${key}`, metadata.resourceVersion ?? '')
    }
  }
  return files
}

const EVERY_FILE = ['d', ...CONFIG_MAPS.flatMap((name) => KEYS.map((key) => `d/${name}/${key}`))]
const keyOf = (name: string): string => identityKey(dashboardIdentity('shop', name))

test('in the end it is as the cluster says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 40, size: 'max' }), async (ops) => {
      const cluster = new Cluster()
      let version = 0
      let live: KubernetesObject | undefined
      let isAllowed = true
      const wanted = new Map<string, string>()
      const client = {
        get: async ({ kind }: ApiResource, _namespace: string, name: string) => {
          const found = kind === 'Dashboard' ? live : cluster.objects.get(name)
          if (found === undefined) throw new KubeError('NotFound', 'not found')
          return found
        },
      }
      const proof = { isGone: async () => live === undefined, isServed: async () => true }
      const feeds: Feeds = new Feeds({
        environment: {
          pool: cluster.pool,
          client,
          proof,
          clock: manualClock(0),
        } as unknown as FeedsOptions['environment'],
        gitsync: 'shop/sync',
        nameLogin: () => undefined,
        render: (identity, { version: oid }) => ({
          file: { key: identityKey(identity), identity, path: 'x.json', oid },
          bytes: new Uint8Array(),
        }),
        handler: {
          written(key, _by, render) {
            const rendered = render()
            if (rendered !== undefined) wanted.set(key, rendered.file.oid)
          },
          followed: () => undefined,
          deleted: (key, _how, isStill) => void (isStill() && wanted.delete(key)),
          looked: () => undefined,
          dropped: (key) => void wanted.delete(key),
          synced: () => undefined,
          stateChanged: () => undefined,
          asksForAccess: () => undefined,
        },
      })
      feeds.allow(CONFIGMAPS, true)
      const sourceOf = (): (typeof SOURCES)[number] | undefined =>
        (live?.['spec'] as { source: (typeof SOURCES)[number] } | undefined)?.source
      const take = (object: KubernetesObject): void => {
        live = object
        const how = { seen: {}, made: { author: { name: 'a', email: 'a@x' } }, isAwaited: false }
        if (!feeds.take(object, how)) wanted.set(keyOf('d'), 'its own')
      }
      const dashboard = (source: unknown, generation: number): KubernetesObject => {
        const uid = live?.metadata.uid ?? `u${version}`
        const metadata = { name: 'd', namespace: 'shop', uid, generation, resourceVersion: `${version}` }
        const spec = { syncRef: { name: 'sync' }, source }
        return { apiVersion: 'gitsync.dev/v1alpha1', kind: 'Dashboard', metadata, spec }
      }
      const run = async (op: Op): Promise<void> => {
        version++
        switch (op.do) {
          case 'configMap': {
            const data = Object.fromEntries(op.keys.map((key) => [key, '{}']))
            const metadata = {
              name: op.name,
              namespace: 'shop',
              resourceVersion: `${version}`,
              labels: { dash: op.label },
            }
            return cluster.set(op.name, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data })
          }
          case 'noConfigMap':
            return cluster.set(op.name, undefined)
          case 'dashboard':
            return take(dashboard(SOURCES[op.source], version))
          case 'status':
            return live === undefined ? undefined : take(dashboard(sourceOf(), live.metadata.generation ?? 0))
          case 'noDashboard': {
            const last = live
            live = undefined
            if (last === undefined) return
            wanted.delete(keyOf('d'))
            return feeds.end(keyOf('d'), last)
          }
          case 'away':
          case 'back':
            return cluster.away(op.do === 'away')
          case 'revoke':
          case 'grant':
            isAllowed = op.do === 'grant'
            return feeds.allow(CONFIGMAPS, isAllowed)
          case 'tick':
            return cluster.tick()
        }
      }
      const judge = async (isSettled: boolean): Promise<void> => {
        const source = sourceOf()
        const files = filesOf(source, cluster)
        if (source !== undefined && 'json' in source) files.set('d', 'its own')
        // One that is named and missing is still the Dashboard's.
        const named = source !== undefined && 'configMapRef' in source && 'name' in source.configMapRef
        for (const name of EVERY_FILE) {
          const identity = dashboardIdentity('shop', name)
          const isGone = feeds.has(identity) ? await feeds.isGone(identity) : live === undefined
          const isWanted = files.has(name) || (named && name === 'd')
          if (isWanted) expect(isGone, name).toBe(false)
          else if (isSettled) expect([feeds.knows(identity), isGone], name).toEqual([true, true])
        }
        // What may not be read is let go of.
        if (!isAllowed) expect([...wanted.values()].filter((oid) => oid !== 'its own')).toEqual([])
        if (!isSettled) return
        expect(wanted).toEqual(new Map([...files].map(([name, oid]) => [keyOf(name), oid] as const)))
      }
      for (const each of ops) {
        await run(each)
        await Promise.resolve()
        await judge(false)
      }
      isAllowed = true
      feeds.allow(CONFIGMAPS, true)
      cluster.away(false)
      // Lists come one after the other.
      for (let i = 0; i < ops.length + 2; i++) {
        await Promise.resolve()
        cluster.tick()
      }
      await judge(true)
      expect([feeds.listed, feeds.current]).toEqual([true, true])
    }),
    { numRuns: 1_000 },
  )
})
