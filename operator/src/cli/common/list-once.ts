import PQueue from 'p-queue'
import type { KubeClient } from '../../kube/client.ts'
import { isKubeError, KubeError } from '../../kube/errors.ts'
import { listAll } from '../../kube/list-pages.ts'
import type { ReflectorHandler, ReflectorState } from '../../kube/reflector.ts'
import type { ReflectorPool } from '../../kube/reflector-pool.ts'
import { groupKindKey } from '../../objects/object.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import type { ApiResource } from '../../kube/resource.ts'

const LISTS_AT_ONCE = 4

/** What a watch would tell, told once. */
export interface OneLook extends ReflectorPool {
  /** Resolves when all that was subscribed to has been told, or could not be read. */
  settled(): Promise<void>
}

export interface OneLookOptions {
  /** Namespaces in which a kind is read instead of the whole cluster; undefined for the cluster. */
  readonly namespacesOf?: (resource: ApiResource) => readonly string[] | undefined
  /** As kubectl takes it: `app=web,tier in (a, b)`. Default: everything. */
  readonly labelSelector?: string | undefined
  /** Objects read so far. */
  readonly onProgress?: (objects: number) => void
}

/**
 * Stands in for watches where one look is enough: whatever subscribes is told every object that this user may list, and
 * that this was all. Who may list and not watch can be served so.
 */
export function lookOnce(client: Pick<KubeClient, 'list'>, options: OneLookOptions = {}): OneLook {
  const queue = new PQueue({ concurrency: LISTS_AT_ONCE })
  const lists = new Map<string, Promise<readonly KubernetesObject[]>>()
  const pending = new Set<Promise<void>>()
  let read = 0

  const list = async (resource: ApiResource, namespace: string | undefined): Promise<readonly KubernetesObject[]> => {
    const { labelSelector, onProgress } = options
    try {
      return await listAll(client, resource, {
        namespace,
        query: { labelSelector },
        onPage: ({ items }) => onProgress?.((read += items.length)),
      })
    } catch (error) {
      if (!isKubeError(error)) throw error
      const where = namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`
      const why = error.details ?? error.message
      throw new KubeError(error.code, `${groupKindKey(resource)} ${where} cannot be listed: ${why}`, { cause: error })
    }
  }

  const listed = (resource: ApiResource, namespace: string | undefined): Promise<readonly KubernetesObject[]> => {
    const key = JSON.stringify([resource.group, resource.version, resource.plural, namespace])
    const known = lists.get(key)
    if (known !== undefined) return known
    const objects = queue.add(() => list(resource, namespace))
    lists.set(key, objects)
    return objects
  }

  return lookWith(async (resource, scope) => {
    const within = scope === undefined ? (options.namespacesOf?.(resource) ?? [undefined]) : [scope]
    return (await Promise.all(within.map((namespace) => listed(resource, namespace)))).flat()
  }, pending)
}

/** The same for one object: selection and rendering tell what becomes of it. */
export function lookAt(object: KubernetesObject, at: ApiResource): OneLook {
  const isIt = ({ group, kind }: ApiResource): boolean => group === at.group && kind === at.kind
  const { namespace } = object.metadata
  return lookWith(
    async (resource, scope) => (isIt(resource) && (scope ?? namespace) === namespace ? [object] : []),
    new Set(),
  )
}

type Look = (resource: ApiResource, scope: string | undefined) => Promise<readonly KubernetesObject[]>

function lookWith(look: Look, pending: Set<Promise<void>>): OneLook {
  const tell = async (resource: ApiResource, scope: string | undefined, handler: ReflectorHandler): Promise<void> => {
    const state = { since: 0, restarts: 0 }
    try {
      const objects = await look(resource, scope)
      for (const object of objects) handler.onObject(object, 'initial')
      handler.onState?.({ ...state, phase: 'Watching' })
      const present = new Set(objects.map(({ metadata: { namespace = '', name } }) => `${namespace}/${name}`))
      handler.onSynced({ present, vanished: new Set() })
    } catch (error) {
      const lastError = isKubeError(error) ? error : new KubeError('Malformed', String(error), { cause: error })
      handler.onState?.({ ...state, phase: phaseOf(lastError), lastError })
    }
  }
  return {
    subscribe(resource, namespace, handler) {
      const state: ReflectorState = { phase: 'Listing', since: 0, restarts: 0 }
      const told = tell(resource, namespace, handler)
      pending.add(told)
      return { close: () => undefined, state }
    },
    list: () => [],
    async settled() {
      // What is told may lead to further subscriptions.
      for (let size = -1; size !== pending.size;) {
        size = pending.size
        await Promise.all(pending)
      }
    },
  }
}

function phaseOf({ code }: KubeError): ReflectorState['phase'] {
  if (code === 'Forbidden' || code === 'Unauthorized') return 'Forbidden'
  return code === 'NotServed' ? 'NotServed' : 'Backoff'
}
