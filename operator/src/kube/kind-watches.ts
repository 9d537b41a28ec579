import type { Clock } from '../time/clock.ts'
import { toldOn } from './reflector.ts'
import type { Reflector, ReflectorHandler, ReflectorState, Subscription, Told } from './reflector.ts'

export interface KindWatchesOptions {
  readonly clock: Clock
  /** Makes a reflector for one namespace or (undefined) for all; it calls back after anything became known. */
  readonly reflect: (namespace: string | undefined, onChange: () => void) => Reflector
  /** Whether one watch may serve all namespaces: not where the operator has Roles in some only. */
  readonly mayBeWide: boolean
  /** So many namespaces have a watch each; with more there is one for the whole cluster. Default 4. */
  readonly maxNarrow?: number
  /** With so few namespaces, for `calmMs`, each has a watch of its own again. Default 2. */
  readonly minWide?: number
  /** Milliseconds; default 30,000. */
  readonly calmMs?: number
}

/** One subscriber, whatever watch serves it. */
interface Client {
  readonly namespace: string
  readonly handler: ReflectorHandler
  side: Reflector
  subscription: Subscription
  /** Since when it could be served by the other kind of watch, milliseconds since the epoch. */
  waitingSince: number | undefined
}

interface Wide {
  readonly reflector: Reflector
  /** Keeps it going while nobody has changed to it. */
  hold: Subscription
  /** The API server refused it, and has not accepted it since. */
  isRefused: boolean
}

/** A subscriber whose two streams never say the same, because so much happens, changes by a list after so long. */
const PATIENCE_MS = 30_000
const QUIET: ReflectorHandler = { onObject: () => undefined, onDelete: () => undefined, onSynced: () => undefined }

/**
 * The watches of one kind: one for each namespace while these are few, so that nothing else is read; one for the whole cluster
 * when they are many or somebody wants all. Subscribers do not notice the change: they are handed over when both streams know
 * the same of their namespace. Where the operator may not watch the whole cluster, the watches of namespaces stay.
 */
export class KindWatches {
  readonly #options: Required<KindWatchesOptions>
  readonly #clients = new Set<Client>()
  /** How many subscribers each namespace has. */
  readonly #namespaces = new Map<string, number>()
  readonly #narrow = new Map<string, Reflector>()
  /** Keep watches of namespaces going for subscribers that wait to change to them. */
  readonly #warming = new Map<Reflector, Subscription>()
  #wide: Wide | undefined
  /** Subscribers of all namespaces. */
  #everywhere = 0
  #isScheduled = false
  #cancelNarrowing: (() => void) | undefined
  #cancelPatience: (() => void) | undefined
  #isNarrowing = false

  constructor(options: KindWatchesOptions) {
    this.#options = { maxNarrow: 4, minWide: 2, calmMs: 30_000, ...options }
  }

  get isUnused(): boolean {
    return this.#clients.size === 0 && this.#everywhere === 0
  }

  *reflectors(): Generator<readonly [namespace: string | undefined, reflector: Reflector]> {
    if (this.#wide !== undefined) yield [undefined, this.#wide.reflector]
    yield* this.#narrow
  }

  subscribe(namespace: string | undefined, handler: ReflectorHandler): Subscription {
    return namespace === undefined ? this.#everything(handler) : this.#one(namespace, handler)
  }

  #everything(handler: ReflectorHandler): Subscription {
    this.#everywhere++
    const subscription = this.#needWide().reflector.subscribe(handler)
    this.#schedule()
    return closingOnce(
      () => {
        subscription.close()
        this.#everywhere--
        this.#closed()
      },
      () => subscription.state,
    )
  }

  #one(namespace: string, handler: ReflectorHandler): Subscription {
    this.#namespaces.set(namespace, (this.#namespaces.get(namespace) ?? 0) + 1)
    const isWide = this.#wantsWide() && (this.#wide === undefined || !this.#wide.isRefused)
    const side = isWide ? this.#needWide().reflector : this.#needNarrow(namespace)
    const client: Client = { namespace, handler, side, subscription: NOT_YET, waitingSince: undefined }
    this.#clients.add(client)
    this.#join(client, side)
    this.#schedule()
    return closingOnce(
      () => {
        this.#clients.delete(client)
        client.subscription.close()
        const left = (this.#namespaces.get(namespace) ?? 1) - 1
        if (left === 0) this.#namespaces.delete(namespace)
        else this.#namespaces.set(namespace, left)
        this.#closed()
      },
      () => client.subscription.state,
    )
  }

  #closed(): void {
    if (this.isUnused) this.#reconsider()
    else this.#schedule()
  }

  #join(client: Client, side: Reflector, told: Told = {}): void {
    const isWide = side === this.#wide?.reflector
    client.side = side
    client.waitingSince = undefined
    client.subscription = side.subscribe(
      this.#guarded(client, side),
      isWide ? { namespace: client.namespace, ...told } : told,
    )
  }

  /** That the whole cluster may not be watched is nobody's concern who wants a namespace: there is another way. */
  #guarded({ handler }: Client, side: Reflector): ReflectorHandler {
    const isWide = side === this.#wide?.reflector
    return {
      onObject: (object, phase) => handler.onObject(object, phase),
      onDelete: (object) => handler.onDelete(object),
      onSynced: (sync) => handler.onSynced(sync),
      onState: (state: ReflectorState) => {
        if (!isWide || state.phase !== 'Forbidden') handler.onState?.(state)
      },
    }
  }

  #needWide(): Wide {
    if (this.#wide !== undefined) return this.#wide
    const reflector = this.#options.reflect(undefined, () => this.#changed())
    const wide: Wide = { reflector, hold: NOT_YET, isRefused: false }
    this.#wide = wide
    wide.hold = reflector.subscribe(QUIET)
    return wide
  }

  #needNarrow(namespace: string): Reflector {
    const reflector = this.#narrow.get(namespace) ?? this.#options.reflect(namespace, () => this.#changed())
    this.#narrow.set(namespace, reflector)
    return reflector
  }

  #wantsWide(): boolean {
    const { mayBeWide, maxNarrow } = this.#options
    if (this.#everywhere > 0) return true
    if (!mayBeWide) return false
    return this.#namespaces.size > maxNarrow || (this.#wide !== undefined && !this.#isNarrowing)
  }

  /** Something became known on a stream: those who wait for another may change to it now. */
  #changed(): void {
    if (this.#wide === undefined) return
    const { phase } = this.#wide.reflector.state
    const isOther = phase === 'Forbidden' ? !this.#wide.isRefused : phase === 'Watching' && this.#wide.isRefused
    if (isOther || this.#cancelPatience !== undefined) this.#schedule()
  }

  /** Nobody changes before the streams have told everybody what they are telling. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#reconsider()
    })
  }

  #reconsider(): void {
    this.#considerNarrowing()
    if (this.#wantsWide()) this.#needWide()
    const wide = this.#wide
    if (wide !== undefined) {
      const { phase } = wide.reflector.state
      if (phase === 'Forbidden') wide.isRefused = true
      else if (phase === 'Watching') wide.isRefused = false
      const target = this.#wantsWide() && !wide.isRefused ? wide.reflector : undefined
      for (const client of this.#clients) {
        const side = target ?? this.#needNarrow(client.namespace)
        if (client.side === side) client.waitingSince = undefined
        else this.#move(client, side, wide)
      }
      if (!this.#wantsWide() && ![...this.#clients].some(({ side }) => side === wide.reflector)) {
        this.#wide = undefined
        this.#isNarrowing = false
        wide.hold.close()
      }
    }
    this.#forgetUnused()
    this.#keepPatience()
  }

  /** Back to few watches only when few have sufficed for a while: GitSyncs come and go at once. */
  #considerNarrowing(): void {
    const { minWide, calmMs, clock } = this.#options
    const isCalm = this.#wide !== undefined && this.#everywhere === 0 && this.#namespaces.size <= minWide
    if (!isCalm || this.#namespaces.size === 0) {
      this.#cancelNarrowing?.()
      this.#cancelNarrowing = undefined
      this.#isNarrowing = isCalm
    } else if (!this.#isNarrowing) {
      this.#cancelNarrowing ??= clock.after(calmMs, () => {
        this.#cancelNarrowing = undefined
        this.#isNarrowing = true
        this.#reconsider()
      })
    }
  }

  #move(client: Client, side: Reflector, wide: Wide): void {
    const now = this.#options.clock.now()
    client.waitingSince ??= now
    const isLost = client.side === wide.reflector && wide.isRefused
    // What nobody follows does not run: whoever waits for it begins it.
    if (!isLost && side !== wide.reflector && !this.#warming.has(side)) this.#warming.set(side, side.subscribe(QUIET))
    const taken = side.takeOver(client.subscription, this.#guarded(client, side), client.namespace)
    if (taken !== undefined) {
      client.side = side
      client.subscription = taken
      client.waitingSince = undefined
      return
    }
    const isStuck = client.subscription.state.phase !== 'Watching' || now - client.waitingSince >= PATIENCE_MS
    if (!isLost && !(isStuck && side.state.phase === 'Watching')) return
    const before = client.subscription
    const told = toldOn(before)
    before.close()
    this.#join(client, side, told)
  }

  #forgetUnused(): void {
    const used = new Set([...this.#clients].map(({ side }) => side))
    const awaited = new Set(
      [...this.#clients].flatMap(({ namespace, waitingSince }) => (waitingSince === undefined ? [] : [namespace])),
    )
    for (const [namespace, reflector] of this.#narrow) {
      const warming = this.#warming.get(reflector)
      const isAwaited = awaited.has(namespace) && warming !== undefined && !used.has(reflector)
      if (warming !== undefined && !isAwaited) {
        this.#warming.delete(reflector)
        warming.close()
      }
      if (!used.has(reflector) && !isAwaited) this.#narrow.delete(namespace)
    }
  }

  /** Who waits too long changes all the same. */
  #keepPatience(): void {
    const isWaiting = [...this.#clients].some(({ waitingSince }) => waitingSince !== undefined)
    if (!isWaiting) {
      this.#cancelPatience?.()
      this.#cancelPatience = undefined
    } else {
      this.#cancelPatience ??= this.#options.clock.after(PATIENCE_MS, () => {
        this.#cancelPatience = undefined
        this.#reconsider()
      })
    }
  }
}

const NOT_YET: Subscription = {
  close: () => undefined,
  state: { phase: 'Stopped', since: 0, restarts: 0 },
}

function closingOnce(close: () => void, state: () => ReflectorState): Subscription {
  let isOpen = true
  return {
    close() {
      if (!isOpen) return
      isOpen = false
      close()
    },
    get state() {
      return state()
    },
  }
}
