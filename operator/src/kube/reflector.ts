import type { KubernetesObject } from '../objects/object.ts'
import { backoffMs, type Backoff } from '../time/backoff.ts'
import { METADATA_ONLY } from './client.ts'
import type { KubeClient } from './client.ts'
import type { Query } from './requester.ts'
import { sleep, systemClock, type Clock } from '../time/clock.ts'
import { isKubeError, KubeError, type KubeErrorCode } from './errors.ts'
import { FanOut, type Attachment, type Member, type ObjectHandler } from './fan-out.ts'
import { listPages } from './list-pages.ts'
import { resourcePath, type ApiResource } from './resource.ts'
import { parseWatchEvent } from './watch-event.ts'

export type { ObjectHandler, ObjectKey, Sync } from './fan-out.ts'

export interface ReflectorState {
  /**
   * - `Listing`: reading everything
   * - `Watching`: everything is known and changes come in
   * - `Backoff`: waiting after an error; what was told may be out of date
   * - `Forbidden`, `NotServed`: the same, and it will not mend by itself; tried again now and then
   * - `Stopped`: nobody is subscribed
   */
  readonly phase: 'Listing' | 'Watching' | 'Backoff' | 'Forbidden' | 'NotServed' | 'Stopped'
  /** When the phase began, milliseconds since the epoch. */
  readonly since: number
  readonly lastError?: KubeError
  /** Up to which everything has been told. */
  readonly resourceVersion?: string
  /** How often a watch had to be begun again. */
  readonly restarts: number
}

export interface ReflectorHandler extends ObjectHandler {
  /** Called at once on subscribing, then whenever the phase changes. */
  onState?(state: ReflectorState): void
}

export interface Subscription {
  /** Nothing is told from here on. */
  close(): void
  readonly state: ReflectorState
}

/** What was told to a subscriber of a reflector: with it another can go on. */
export type Told = Pick<Attachment, 'known' | 'synced'>

export interface Reflector {
  readonly state: ReflectorState
  /** Objects known. */
  readonly size: number
  /** Lists and watches while there is at least one subscriber. */
  subscribe(handler: ReflectorHandler, attachment?: Attachment): Subscription
  /**
   * Takes over another reflector's subscription of one namespace, when both know the same of it: nothing is listed or told.
   * @returns the subscription here, the other being closed; undefined when it cannot be done for now
   */
  takeOver(other: Subscription, handler: ReflectorHandler, namespace: string): Subscription | undefined
}

export type ReconnectReason = KubeErrorCode | 'Closed' | 'StreamingListRefused'

/** Narrows what is listed and watched. */
export interface Selector {
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export interface ReflectorOptions {
  readonly clock?: Clock
  /** As `Math.random`. */
  readonly random?: () => number
  /** A watch without a byte for so long is taken for dead, in milliseconds. Default: the client's. */
  readonly idleTimeoutMs?: number
  /** Objects per page of a list. Default 500. */
  readonly pageSize?: number
  /** Waits between failures. Default 250 ms doubling to 30 s. */
  readonly backoff?: Partial<Backoff>
  /** Wait before a kind that is forbidden or not served is tried again, in milliseconds. Default 60,000. */
  readonly refusedRetryMs?: number
  /** Live events kept for a late subscriber while its own list runs. Default 10,000. */
  readonly maxBuffered?: number
  readonly selector?: Selector
  /** Only metadata is asked for: objects have nothing else. Default false. */
  readonly metadataOnly?: boolean
  /** Called after anything became known, subscribers having been told, and after the phase changed. */
  readonly onChange?: () => void
  /** Whether the server can stream lists; shared by the reflectors of one server, so that one finds out for all. */
  readonly streamingLists?: StreamingLists
  readonly onReconnect?: (reason: ReconnectReason) => void
  readonly onHandlerError?: (error: unknown) => void
}

/** Streaming lists (KEP-3157) need Kubernetes 1.32 and etcd 3.4.31 or 3.5.13; a server with an older etcd fails only late. */
export interface StreamingLists {
  refused: boolean
}

/** As {@link METADATA_ONLY}, of many. */
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
/** Late subscribers of up to so many namespaces have these listed, more the whole cluster. */
const LIST_NAMESPACES = 4

/** A watch that ended properly after less than this counts as a failure, in milliseconds. */
const SHORT_MS = 1_000
/** Bad lines in a row from one position after which the position is given up. */
const MAX_BAD_LINES = 3
/** Watches in a row that never said anything, after which the position is given up: a server whose history was set back is silent. */
const MAX_SILENT = 2

/** Keeps subscribers told about every object of one kind, in one namespace or (undefined) in all. */
export function createReflector(
  client: KubeClient,
  resource: ApiResource,
  namespace: string | undefined,
  options: ReflectorOptions = {},
): Reflector {
  const { clock = systemClock, random = Math.random, pageSize } = options
  const { refusedRetryMs = 60_000, maxBuffered = 10_000, streamingLists = { refused: false } } = options
  const idle = options.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: options.idleTimeoutMs }
  const backoff = { baseMs: 250, maxMs: 30_000, ...options.backoff }
  const path = resourcePath(resource, namespace)
  const what = `WATCH ${path}`
  const selector: Query = { ...options.selector }
  const { metadataOnly = false, onChange } = options
  const listOptions = {
    query: selector,
    ...(pageSize === undefined ? {} : { pageSize }),
    ...(metadataOnly ? { accept: METADATA_LIST } : {}),
  }
  const watchAccept = metadataOnly ? { accept: METADATA_ONLY } : {}
  const fan = new FanOut({ maxBuffered, onHandlerError: options.onHandlerError })
  const stateHandlers = new Map<Member, ReflectorHandler>()
  let phase: ReflectorState['phase'] = 'Stopped'
  let since = clock.now()
  let lastError: KubeError | undefined
  let restarts = 0
  let running: AbortController | undefined
  /** The list under way for late subscribers. */
  let round: AbortController | undefined

  function state(): ReflectorState {
    const resourceVersion = fan.position
    return {
      phase,
      since,
      restarts,
      ...(lastError === undefined ? {} : { lastError }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    }
  }

  function enter(next: ReflectorState['phase'], error?: KubeError): void {
    if (error !== undefined) lastError = error
    if (next === phase) return
    phase = next
    since = clock.now()
    const now = state()
    for (const handler of stateHandlers.values()) tellState(handler, now)
    onChange?.()
  }

  function tellState(handler: ReflectorHandler, now: ReflectorState): void {
    try {
      handler.onState?.(now)
    } catch (error) {
      options.onHandlerError?.(error)
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    /** Failures since something last came over a watch. */
    let failures = 0
    let badLines = 0
    let silent = 0
    /** Whether everything has to be listed before the next watch. */
    let relist = true
    fan.reset()
    while (!signal.aborted) {
      const opened = { at: undefined as number | undefined }
      let reason: ReconnectReason = 'Closed'
      let waitMs = 0
      try {
        await session()
        failures = clock.now() - (opened.at ?? clock.now()) < SHORT_MS ? failures + 1 : 0
        if (failures > 0) waitMs = backoffMs(failures, backoff, random)
      } catch (thrown) {
        if (signal.aborted) return
        const error = asKubeError(thrown)
        reason = error.code
        if (error instanceof StreamingListRefused) {
          streamingLists.refused = true
          reason = 'StreamingListRefused'
        } else waitMs = failed(error)
      }
      if (signal.aborted) return
      restarts++
      options.onReconnect?.(reason)
      if (waitMs > 0) await sleep(clock, waitMs, signal).catch(() => undefined)

      async function session(): Promise<void> {
        // Twice in a row no streaming list came through: perhaps something on the way holds streams back.
        const streamed = relist && !streamingLists.refused && failures < 2
        if (relist) enter('Listing')
        if (relist && !streamed) {
          const version = await listIn(namespace, signal, beginList, (object, v) => {
            fan.listed({ type: 'ADDED', object, version: v })
          })
          if (signal.aborted) return
          complete(version)
        }
        await stream(streamed)
      }

      async function stream(initial: boolean): Promise<void> {
        let listing = initial
        if (listing) beginList()
        const onOpen = () => {
          opened.at = clock.now()
          if (!listing) enter('Watching')
        }
        const lines = client.stream(path, watchQuery(listing), { signal, onOpen, ...idle, ...watchAccept })
        try {
          for await (const line of lines) {
            if (signal.aborted) return
            const event = parseWatchEvent(line, what)
            badLines = 0
            silent = 0
            if (event.type === 'ERROR') throw listing ? refusal(event.error) : event.error
            if (!listing) failures = 0
            if (event.type !== 'BOOKMARK') {
              if (listing) fan.listed(event)
              else {
                fan.live(event)
                onChange?.()
              }
            } else if (!listing) fan.advance(event.version)
            else if (event.initialEnd) {
              listing = false
              complete(event.version)
              enter('Watching')
            } else throw new StreamingListRefused(`${what}: the server does not stream lists`)
          }
        } catch (error) {
          throw listing && isKubeError(error, 'Invalid', 'BadRequest') ? new StreamingListRefused(error.message) : error
        }
        if (listing && !signal.aborted) throw new KubeError('Network', `${what}: ended before the list was complete`)
      }

      function complete(version: string): void {
        fan.endList(version)
        relist = false
        onChange?.()
        joinWaiting(signal)
      }

      /** @returns how long to wait, in milliseconds */
      function failed(error: KubeError): number {
        failures++
        switch (error.code) {
          case 'Gone':
            relist = true
            enter('Backoff', error)
            return failures === 1 ? 0 : backoffMs(failures, backoff, random)
          case 'Forbidden':
            enter('Forbidden', error)
            return backoffMs(1, { baseMs: refusedRetryMs, maxMs: refusedRetryMs }, random)
          case 'NotServed':
          case 'NotFound':
            relist = true
            enter('NotServed', error)
            return backoffMs(1, { baseMs: refusedRetryMs, maxMs: refusedRetryMs }, random)
          case 'Malformed':
          case 'TooLarge':
            if (++badLines >= MAX_BAD_LINES) relist = true
            break
          case 'Timeout':
            if (++silent >= MAX_SILENT) relist = true
            break
          default:
        }
        enter('Backoff', error)
        return Math.max(error.retryAfterMs ?? 0, backoffMs(failures, backoff, random))
      }
    }
  }

  function watchQuery(initial: boolean): Query {
    return {
      ...selector,
      watch: true,
      allowWatchBookmarks: true,
      // Spread, so that many watches do not end together.
      timeoutSeconds: 300 + Math.floor(random() * 300),
      ...(initial
        ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
        : { resourceVersion: fan.position }),
    }
  }

  const listIn = (
    where: string | undefined,
    signal: AbortSignal,
    begin: () => void,
    each: (object: KubernetesObject, version: string) => void,
  ): Promise<string> =>
    listPages(client, resource, {
      ...listOptions,
      namespace: where,
      signal,
      begin,
      page: ({ items, resourceVersion }) => {
        for (const object of items) each(object, object.metadata.resourceVersion ?? resourceVersion)
      },
    })

  /** Gives the subscribers that came late a list of their own, one for all; who comes meanwhile has the next one. */
  function joinWaiting(runSignal: AbortSignal): void {
    const members = fan.waiting()
    if (round !== undefined || members.length === 0) return
    const own = new AbortController()
    round = own
    const groups = [...Map.groupBy(members, (member) => member.namespace ?? namespace)]
    const isFew = groups.length <= LIST_NAMESPACES && groups.every(([where]) => where !== undefined)
    const signal = AbortSignal.any([runSignal, own.signal])
    const joining = isFew
      ? groups.map(([where, some]) => join(where, some, signal))
      : [join(namespace, members, signal)]
    void Promise.all(joining).finally(() => {
      if (round !== own) return
      round = undefined
      joinWaiting(runSignal)
    })
  }

  /** Never rejects. Ends early when a list for everybody begins, which makes this one needless. */
  async function join(where: string | undefined, members: readonly Member[], signal: AbortSignal): Promise<void> {
    let left = members
    for (let failures = 1; ; failures++) {
      const begin = () => {
        for (const member of left) fan.beginJoin(member)
      }
      const each = (object: KubernetesObject, version: string) => {
        for (const member of left) fan.joined(member, object, version)
      }
      try {
        const version = await listIn(where, signal, begin, each)
        if (signal.aborted) return
        left = left.filter((member) => !fan.endJoin(member, version))
        onChange?.()
      } catch {
        if (signal.aborted) return
        for (const member of left) fan.abandonJoin(member)
      }
      left = left.filter((member) => fan.members.has(member))
      if (left.length === 0) return
      await sleep(clock, backoffMs(failures, backoff, random), signal).catch(() => undefined)
      if (signal.aborted) return
    }
  }

  function beginList(): void {
    round?.abort()
    round = undefined
    fan.beginList()
  }

  /** Its subscription; the reflector ends with the last one. */
  function follow(handler: ReflectorHandler, member: Member): Feed {
    stateHandlers.set(member, handler)
    tellState(handler, state())
    return {
      fan,
      member,
      close() {
        fan.detach(member)
        stateHandlers.delete(member)
        if (fan.members.size > 0 || running === undefined) return
        running.abort()
        running = undefined
        round = undefined
        fan.reset()
        enter('Stopped')
      },
      get state() {
        return state()
      },
    }
  }

  return {
    get state() {
      return state()
    },
    get size() {
      return fan.size
    },
    subscribe(handler, attachment) {
      const subscription = follow(handler, fan.attach(handler, attachment))
      if (running === undefined) {
        running = new AbortController()
        void run(running.signal)
      } else if (fan.position !== undefined && !fan.listing) joinWaiting(running.signal)
      return subscription
    },
    takeOver(other, handler, wanted) {
      if (!isFeed(other) || phase !== 'Watching') return undefined
      if (!other.fan.isSettled(other.member) || !fan.agrees(other.fan, wanted)) return undefined
      const subscription = follow(handler, fan.adopt(handler, namespace === undefined ? wanted : undefined, other.fan))
      other.close()
      return subscription
    },
  }
}

/** A subscription as reflectors know it. */
interface Feed extends Subscription {
  readonly fan: FanOut
  readonly member: Member
}

const isFeed = (subscription: Subscription): subscription is Feed => 'fan' in subscription

/** What the subscriber was told so far. Nothing is told on a subscription that is given up for it. */
export function toldOn(subscription: Subscription): Told {
  if (!isFeed(subscription)) return {}
  const { fan, member } = subscription
  return { known: fan.told(member), synced: member.synced }
}

class StreamingListRefused extends KubeError {
  constructor(message: string) {
    super('Invalid', message)
  }
}

/** An error in the middle of a streaming list; one about its age says nothing of what the server can do. */
function refusal(error: KubeError): KubeError {
  return isKubeError(error, 'Gone') ? error : new StreamingListRefused(error.message)
}

function asKubeError(error: unknown): KubeError {
  return isKubeError(error) ? error : new KubeError('Malformed', 'the watch failed', { cause: error })
}
