import type { KubernetesObject } from '../objects/object.ts'
import { sleep } from '../time/clock.ts'
import type { Clock } from '../time/clock.ts'
import type { KubeClient } from './client.ts'
import { isKubeError, KubeError } from './errors.ts'
import { addressesAnnotation, LEASES, microTime, readLease, writeLease } from './lease-record.ts'
import type { Addresses, LeaseRecord, LeaseRef, LeaseSpec } from './lease-record.ts'

/** What becomes of a lease, as it happens. */
export interface LeaseEvents {
  /** Another process holds it; told again only of another holder. */
  standby(holder: string): void
  /** The first request that failed after one that did not. */
  failing(error: unknown): void
  /** It could not be renewed in time: nothing may be written until `recovered`. */
  lapsed(): void
  /** Renewed, after a time in which it was not held. */
  recovered(): void
  /** Somebody else holds what this process held: it has to end. The last event. */
  lost(error: KubeError): void
}

export interface LeaseOptions extends LeaseRef {
  /** Ought to give a request up after about 5 s. */
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace'>
  /** Who this process is. Whoever starts with the identity that the record holds takes it back at once. */
  readonly identity: string
  /** Gives the times in the record, which only people read, and wakes. */
  readonly clock: Clock
  /** Milliseconds of a clock that nobody sets, as `performance.now`: all that is judged by time is judged by it. */
  readonly monotonic: () => number
  /** As `Math.random`. */
  readonly random: () => number
  readonly events: LeaseEvents
}

/** How long others wait after a renewal, at the least. */
const DURATION_MS = 15_000
/** How long this process believes in a renewal: less, so that it stops before another one starts. */
const RENEW_DEADLINE_MS = 10_000
const RETRY_MS = 2_000
/** Of the pauses between attempts, up and down. */
const JITTER = 0.2

/**
 * Leader election by a `coordination.k8s.io/v1` Lease (KEP-589), with the times of client-go's `leaderelection`: renewed
 * every 2 s, believed in for 10 s from the moment before the request, taken by others when it has not changed for 15 s of
 * their own clock. Every write is a compare-and-swap by resourceVersion. It fences nothing by itself: what was sent while
 * `held()` may arrive later.
 */
export class Lease {
  readonly #options: LeaseOptions
  readonly #end = new AbortController()
  #addresses: Addresses = {}
  /** As last answered to a write; undefined when the server has to be asked. */
  #object: KubernetesObject | undefined
  /** The version last seen, and when it was seen first. */
  #seen: { readonly version: string | undefined; readonly at: number; readonly record: LeaseRecord } | undefined
  /** Transitions as this process acquired it: a namesake's acquisition has others. */
  #term: number | undefined
  #heldUntil = Number.NEGATIVE_INFINITY
  #isFailing = false
  #isLapsed = false
  #announced = ''
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /** Whether this process may write now. To be asked before each write. */
  held(): boolean {
    return this.#options.monotonic() < this.#heldUntil
  }

  /** Identity of the holder last seen; empty when there was none. */
  get holder(): string {
    return this.#seen?.record.holder ?? ''
  }

  /** Where the holder last seen says that it is reached; empty when it says nothing. */
  get holderAddresses(): Addresses {
    return this.#seen?.record.addresses ?? {}
  }

  /**
   * Waits until the lease is held, and renews it from then on. To be called once.
   * @param addresses where others reach this process: told in the Lease while it is held
   * @returns false when `stop` came before
   * @throws KubeError what only people can mend: `Forbidden`, `NotFound` (the namespace), `Unauthorized`, …
   */
  acquire(addresses: Addresses = {}): Promise<boolean> {
    this.#addresses = addresses
    const acquired = this.#acquire()
    this.#running = acquired.then(
      (isHeld) => (isHeld ? this.#renewals() : undefined),
      () => undefined,
    )
    return acquired
  }

  /**
   * Ends renewing; `held()` is false from then on.
   * @param release whether to say in the record that it is free, so that another process need not wait
   * @throws KubeError when that could not be said
   */
  async stop(release: boolean): Promise<void> {
    this.#end.abort()
    await this.#running
    const isHeld = this.held()
    this.#heldUntil = Number.NEGATIVE_INFINITY
    if (!release || !isHeld) return
    const object = this.#object ?? (await this.#read())
    if (object === undefined || !this.#isOurs(object)) return
    const now = microTime(this.#options.clock.now())
    // A duration of 0 is not valid; the shortest one says the same to whoever asks for the duration first.
    await this.#write(object, { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now })
  }

  async #acquire(): Promise<boolean> {
    const { signal } = this.#end
    do {
      try {
        const isHeld = await this.#tryToAcquire()
        this.#isFailing = false
        if (isHeld) return !signal.aborted
      } catch (error) {
        if (!isPassing(error)) throw this.#explain(error)
        this.#failed(error)
      }
    } while (await this.#pause())
    return false
  }

  async #tryToAcquire(): Promise<boolean> {
    const found = await this.#read()
    if (!this.#isFree()) {
      if (this.#announced !== this.holder) this.#options.events.standby(this.holder)
      this.#announced = this.holder
      return false
    }
    const term = found === undefined ? 0 : readLease(found).transitions + 1
    await this.#hold(found, this.#newTerm(term))
    this.#term = term
    return true
  }

  /** By what was seen last: a Lease that somebody has deleted is still believed in by who held it. */
  #isFree(): boolean {
    if (this.#seen === undefined) return true
    const { at, record } = this.#seen
    if (record.holder === '' || record.holder === this.#options.identity) return true
    return this.#options.monotonic() - at >= Math.max(DURATION_MS, record.durationMs)
  }

  async #renewals(): Promise<void> {
    const { events } = this.#options
    while (await this.#pause()) {
      try {
        const wasInterrupted = await this.#renew()
        this.#isFailing = false
        this.#isLapsed = false
        if (wasInterrupted) events.recovered()
      } catch (error) {
        if (error instanceof Lost) return events.lost(error)
        this.#failed(this.#explain(error))
        if (this.held() || this.#isLapsed) continue
        this.#isLapsed = true
        events.lapsed()
      }
    }
  }

  /** @returns whether it was not held for a while before */
  async #renew(): Promise<boolean> {
    const known = this.#object
    const object = known ?? (await this.#read())
    if (object !== undefined && !this.#isOurs(object)) {
      this.#heldUntil = Number.NEGATIVE_INFINITY
      throw new Lost(this.#options, readLease(object).holder)
    }
    const renewal = { leaseDurationSeconds: DURATION_MS / 1000, renewTime: microTime(this.#options.clock.now()) }
    try {
      return await this.#hold(object, object === undefined ? this.#newTerm(this.#term ?? 0) : renewal)
    } catch (error) {
      if (known === undefined || !isKubeError(error, 'Conflict')) throw error
      // Somebody wrote since, maybe only a label: what is there now?
      return await this.#renew()
    }
  }

  #newTerm(term: number): LeaseSpec {
    const now = microTime(this.#options.clock.now())
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: DURATION_MS / 1000,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: term,
    }
  }

  #isOurs(object: KubernetesObject): boolean {
    const { holder, transitions } = readLease(object)
    return holder === this.#options.identity && transitions === this.#term
  }

  /** Counts from before the request: others cannot have seen it earlier. @returns whether it was not held until now */
  async #hold(before: KubernetesObject | undefined, spec: LeaseSpec): Promise<boolean> {
    const sentAt = this.#options.monotonic()
    this.#object = await this.#write(before, spec)
    const wasInterrupted = !this.held()
    this.#heldUntil = sentAt + RENEW_DEADLINE_MS
    return wasInterrupted
  }

  async #write(before: KubernetesObject | undefined, spec: LeaseSpec): Promise<KubernetesObject> {
    const { client, namespace, name, identity } = this.#options
    // Until an answer comes, nobody knows what the server has.
    this.#object = undefined
    const object = writeLease(this.#options, before, spec, addressesAnnotation(identity, this.#addresses))
    const written =
      before === undefined
        ? await client.create(LEASES, namespace, object)
        : await client.replace(LEASES, namespace, name, object).catch((error: unknown) => {
            if (isKubeError(error, 'NotFound')) throw new KubeError('Conflict', error.message, { cause: error })
            throw error
          })
    this.#observe(written)
    return written
  }

  async #read(): Promise<KubernetesObject | undefined> {
    const { client, namespace, name } = this.#options
    try {
      const object = await client.get(LEASES, namespace, name)
      this.#observe(object)
      return object
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined
      throw error
    }
  }

  #observe(object: KubernetesObject): void {
    const version = object.metadata.resourceVersion
    if (this.#seen !== undefined && this.#seen.version === version) return
    this.#seen = { version, at: this.#options.monotonic(), record: readLease(object) }
  }

  #failed(error: unknown): void {
    if (!this.#isFailing) this.#options.events.failing(error)
    this.#isFailing = true
  }

  /** @returns false when it was ended */
  #pause(): Promise<boolean> {
    const { clock, random } = this.#options
    const ms = RETRY_MS * (1 - JITTER + 2 * JITTER * random())
    return sleep(clock, ms, this.#end.signal).then(
      () => true,
      () => false,
    )
  }

  /** What people have to mend, in words that say how. */
  #explain(error: unknown): unknown {
    const { namespace, name } = this.#options
    if (isKubeError(error, 'Forbidden')) {
      const message =
        `lease ${namespace}/${name}: ${error.details ?? error.message}. Give the operator's account a Role in namespace ` +
        `${namespace} with apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update]; ` +
        'or name another namespace with --lease-namespace'
      return new KubeError('Forbidden', message, { status: 403, cause: error })
    }
    if (isKubeError(error, 'NotFound')) {
      const message = `lease ${namespace}/${name}: there is no namespace ${namespace}; create it, or name another one with --lease-namespace`
      return new KubeError('NotFound', message, { status: 404, cause: error })
    }
    return error
  }
}

class Lost extends KubeError {
  constructor({ namespace, name, identity }: LeaseOptions, holder: string) {
    const whose =
      holder === identity
        ? `has been taken by another process that calls itself ${identity}: give each its own --identity`
        : `is held by ${holder === '' ? 'nobody' : holder} now, and was held by this process (${identity})`
    super('Conflict', `lease ${namespace}/${name} ${whose}`)
  }
}

/** Whether the same may succeed later without anybody mending anything. */
function isPassing(error: unknown): boolean {
  return isKubeError(error, 'TooManyRequests', 'Unavailable', 'Timeout', 'Network', 'Conflict', 'AlreadyExists')
}
