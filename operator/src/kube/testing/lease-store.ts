import type { KubernetesObject } from '../../objects/object.ts'
import { sleep } from '../../time/clock.ts'
import type { Clock } from '../../time/clock.ts'
import { KubeError } from '../errors.ts'
import type { LeaseOptions } from '../lease.ts'

/** What becomes of one request. */
export interface Trip {
  /** Milliseconds until the server acts, and from then until the answer is there. */
  readonly there: number
  readonly back: number
  /** The request, or its answer, gets lost: the client hears of it when the answer would have come. */
  readonly lost?: 'request' | 'answer' | undefined
}

type Client = LeaseOptions['client']

export interface LeaseStore {
  object: KubernetesObject | undefined
  /** Requests that have reached the server: `get`, `create`, `replace`. */
  readonly requests: string[]
  /** Instead of acting on the next requests, the server throws this. */
  refusal: KubeError | undefined
  client(trip?: () => Trip): Client
  /** Somebody else's write. */
  write(spec: object): void
}

/** One Lease as an API server keeps it: every write has a version, and a write that names an old one is refused. */
export function createLeaseStore(clock: Clock): LeaseStore {
  let version = 0
  const requests: string[] = []
  const put = (given: object): KubernetesObject => {
    const object = given as KubernetesObject
    store.object = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } }
    return store.object
  }
  const travel = async (verb: string, { there, back, lost }: Trip, act: () => KubernetesObject) => {
    if (there > 0) await sleep(clock, there)
    let outcome: () => KubernetesObject
    try {
      if (lost === 'request') throw new KubeError('Timeout', `${verb}: nothing came`)
      requests.push(verb)
      if (store.refusal !== undefined) throw store.refusal
      const object = act()
      outcome = () => object
    } catch (error) {
      outcome = () => {
        throw error
      }
    }
    if (back > 0) await sleep(clock, back)
    if (lost === 'answer') throw new KubeError('Timeout', `${verb}: nothing came`)
    return outcome()
  }
  const store: LeaseStore = {
    object: undefined,
    requests,
    refusal: undefined,
    client: (trip = () => ({ there: 0, back: 0 })) => ({
      get: () =>
        travel('get', trip(), () => {
          if (store.object === undefined) throw new KubeError('NotFound', 'get: 404', { status: 404 })
          return store.object
        }),
      create: (_resource, _namespace, object) =>
        travel('create', trip(), () => {
          if (store.object !== undefined) throw new KubeError('AlreadyExists', 'create: 409', { status: 409 })
          return put(object)
        }),
      replace: (_resource, _namespace, _name, object) =>
        travel('replace', trip(), () => {
          if (store.object === undefined) throw new KubeError('NotFound', 'replace: 404', { status: 404 })
          if ((object as KubernetesObject).metadata.resourceVersion !== store.object.metadata.resourceVersion)
            throw new KubeError('Conflict', 'replace: 409', { status: 409 })
          return put(object)
        }),
    }),
    write(spec) {
      const { metadata = { name: 'operator', namespace: 'system' } } = store.object ?? {}
      put({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
    },
  }
  return store
}

/** Lets time pass in small steps; after each, what it has set off has happened. */
export async function pass(
  clock: { advance(ms: number): void },
  ms: number,
  eachStep: () => void = () => undefined,
  step = 100,
): Promise<void> {
  for (let left = ms; left > 0; left -= step) {
    clock.advance(Math.min(step, left))
    await new Promise((resolve) => setImmediate(resolve))
    eachStep()
  }
}
