import type { KubeClient } from './client.ts'
import {
  createReflector,
  type Reflector,
  type ReflectorHandler,
  type ReflectorOptions,
  type ReflectorState,
  type Selector,
  type Subscription,
} from './reflector.ts'
import type { ApiResource } from './resource.ts'

export interface ReflectorPool {
  /** Subscribes to one kind in one namespace or (undefined) in all; equal subscriptions share one watch. */
  subscribe(
    resource: ApiResource,
    namespace: string | undefined,
    handler: ReflectorHandler,
    selector?: Selector,
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

interface Entry {
  readonly reflector: Reflector
  readonly resource: ApiResource
  readonly namespace: string | undefined
  readonly selector: Selector
  subscribers: number
}

export function createReflectorPool(
  client: KubeClient,
  options: Omit<ReflectorOptions, 'selector'> = {},
): ReflectorPool {
  const shared = { streamingLists: { refused: false }, ...options }
  const entries = new Map<string, Entry>()
  return {
    subscribe(resource, namespace, handler, selector = {}) {
      const { group, version, plural } = resource
      const { labelSelector = '', fieldSelector = '' } = selector
      const key = JSON.stringify([group, version, plural, namespace, labelSelector, fieldSelector])
      const entry = entries.get(key) ?? {
        reflector: createReflector(client, resource, namespace, { ...shared, selector }),
        resource,
        namespace,
        selector,
        subscribers: 0,
      }
      entries.set(key, entry)
      entry.subscribers++
      const subscription = entry.reflector.subscribe(handler)
      let open = true
      return {
        close() {
          if (!open) return
          open = false
          subscription.close()
          if (--entry.subscribers === 0) entries.delete(key)
        },
        get state() {
          return subscription.state
        },
      }
    },
    list: () =>
      [...entries.values()].map(({ resource, namespace, selector, reflector }) => ({
        resource,
        selector,
        state: reflector.state,
        size: reflector.size,
        ...(namespace === undefined ? {} : { namespace }),
      })),
  }
}
