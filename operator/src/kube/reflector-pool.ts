import { systemClock } from '../time/clock.ts'
import type { KubeClient } from './client.ts'
import { KindWatches } from './kind-watches.ts'
import { createReflector } from './reflector.ts'
import type { ReflectorHandler, ReflectorOptions, ReflectorState, Selector, Subscription } from './reflector.ts'
import type { ApiResource } from './resource.ts'

/** What is asked for of each object, and of which. */
export interface Narrowing extends Selector {
  /** Objects have nothing but metadata. Default false. */
  readonly metadataOnly?: boolean
}

export interface ReflectorPool {
  /**
   * Subscribes to one kind in one namespace or (undefined) in all. Subscriptions share watches: one for each namespace while
   * these are few, one for the whole cluster when they are many.
   */
  subscribe(
    resource: ApiResource,
    namespace: string | undefined,
    handler: ReflectorHandler,
    narrowing?: Narrowing,
  ): Subscription
  /** Every watch there is. */
  list(): readonly ReflectorReport[]
}

export interface ReflectorReport {
  readonly resource: ApiResource
  readonly namespace?: string
  readonly selector: Selector
  readonly state: ReflectorState
  /** Objects known. */
  readonly size: number
}

export interface ReflectorPoolOptions extends Omit<ReflectorOptions, 'selector' | 'metadataOnly' | 'onChange'> {
  /** Whether namespaces may be served by a watch of the whole cluster. Default true. */
  readonly mayBeWide?: boolean
  /** See `KindWatchesOptions`. */
  readonly maxNarrow?: number
  readonly minWide?: number
  readonly calmMs?: number
}

interface Entry {
  readonly watches: KindWatches
  readonly resource: ApiResource
  readonly selector: Selector
}

export function createReflectorPool(client: KubeClient, options: ReflectorPoolOptions = {}): ReflectorPool {
  const { mayBeWide = true, maxNarrow, minWide, calmMs, ...reflecting } = options
  const shared = { streamingLists: { refused: false }, ...reflecting }
  const limits = Object.fromEntries(
    Object.entries({ maxNarrow, minWide, calmMs }).filter(([, value]) => value !== undefined),
  )
  const entries = new Map<string, Entry>()

  const begin = (resource: ApiResource, { metadataOnly = false, ...selector }: Narrowing): Entry => ({
    resource,
    selector,
    watches: new KindWatches({
      clock: options.clock ?? systemClock,
      // Each namespace consents to the reading of its Secrets; nobody reads those of the others.
      mayBeWide: mayBeWide && !(resource.group === '' && resource.plural === 'secrets'),
      ...limits,
      reflect: (namespace, onChange) =>
        createReflector(client, resource, namespace, { ...shared, selector, metadataOnly, onChange }),
    }),
  })

  return {
    subscribe(resource, namespace, handler, narrowing = {}) {
      const { group, version, plural } = resource
      const { labelSelector = '', fieldSelector = '', metadataOnly = false } = narrowing
      const key = JSON.stringify([group, version, plural, labelSelector, fieldSelector, metadataOnly])
      const entry = entries.get(key) ?? begin(resource, narrowing)
      entries.set(key, entry)
      const subscription = entry.watches.subscribe(namespace, handler)
      return {
        close() {
          subscription.close()
          if (entry.watches.isUnused && entries.get(key) === entry) entries.delete(key)
        },
        get state() {
          return subscription.state
        },
      }
    },
    list: () =>
      [...entries.values()].flatMap(({ resource, selector, watches }) =>
        [...watches.reflectors()].map(([namespace, reflector]) => ({
          resource,
          selector,
          state: reflector.state,
          size: reflector.size,
          ...(namespace === undefined ? {} : { namespace }),
        })),
      ),
  }
}
