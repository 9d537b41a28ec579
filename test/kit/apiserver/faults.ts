import type { RequestInfo } from './request.ts'

export type Match = (request: RequestInfo) => boolean

/** What is to happen instead of the answer. */
export type Accident =
  | { readonly kind: 'conflict' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'throttled'; readonly retryAfter: number }
  | { readonly kind: 'failed'; readonly code: number }

interface Planned {
  readonly accident: Accident
  readonly match: Match
  left: number
}

/** Switches that make the server misbehave. A `match` left out means every request; undo functions may be called twice. */
export interface Faults {
  /** Ends every open watch now, as a restarting server does; returns how many. */
  dropWatches(match?: Match): number
  /** Watches stay open and send nothing, bookmarks neither, until `releaseWatches`. New ones too. */
  stallWatches(): void
  /** Sends what was held back. */
  releaseWatches(): void
  /** Forgets history: older resource versions and continue tokens get 410. `as`: how a watch is told. Default event. */
  expireHistory(as?: 'event' | 'status'): void
  /** 409 for the next `count` writes. */
  conflict(count: number, match?: Match): void
  /** 429 with `Retry-After` (seconds, default 1) for the next `count` requests. */
  throttle(count: number, options?: { readonly retryAfter?: number; readonly match?: Match }): void
  /** A server error (default 500) for the next `count` requests. */
  fail(count: number, options?: { readonly code?: number; readonly match?: Match }): void
  /** Cuts the connection of the next `count` requests instead of answering. */
  reset(count: number, match?: Match): void
  /** 403 as long as it isn't undone. */
  forbid(match: Match): () => void
  /** Lists answer 200 with no items as long as it isn't undone. */
  emptyLists(match: Match): () => void
  /** Awaited before each page of a list. */
  slowLists(wait: (request: RequestInfo) => Promise<void>): () => void
  /** Every watch event is sent twice. */
  duplicateEvents(on: boolean): void
  /** Streaming lists (`sendInitialEvents`) fail as they do on an etcd that is too old for them. */
  refuseStreamingLists(on: boolean): void
  /** Undoes everything that can be undone. */
  clear(): void
}

/** What the server must know of the faults. */
export interface FaultState {
  readonly faults: Faults
  accidentFor(request: RequestInfo): Accident | undefined
  listIsEmpty(request: RequestInfo): boolean
  beforePage(request: RequestInfo): Promise<void>
  readonly stalled: boolean
  readonly duplicating: boolean
  readonly refusingStreams: boolean
  readonly expiredAs: 'event' | 'status'
}

interface Hooks {
  dropWatches(match: Match): number
  releaseWatches(): void
  forgetHistory(): void
}

const always: Match = () => true
const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])

/** @param hooks how a switch reaches into the server */
export function createFaults(hooks: Hooks): FaultState {
  let planned: Planned[] = []
  const forbidden = new Set<Match>()
  const empty = new Set<Match>()
  const waits = new Set<(request: RequestInfo) => Promise<void>>()
  const state = { stalled: false, duplicating: false, refusingStreams: false, expiredAs: 'event' as 'event' | 'status' }

  const plan = (accident: Accident, count: number, match: Match): void => {
    planned.push({ accident, match, left: count })
  }
  const during = <T>(set: Set<T>, item: T): (() => void) => {
    set.add(item)
    return () => {
      set.delete(item)
    }
  }
  const faults: Faults = {
    dropWatches: (match = always) => hooks.dropWatches(match),
    stallWatches: () => {
      state.stalled = true
    },
    releaseWatches: () => {
      state.stalled = false
      hooks.releaseWatches()
    },
    expireHistory: (as = 'event') => {
      state.expiredAs = as
      hooks.forgetHistory()
    },
    conflict: (count, match = always) =>
      plan({ kind: 'conflict' }, count, (request) => WRITES.has(request.verb) && match(request)),
    throttle: (count, { retryAfter = 1, match = always } = {}) => plan({ kind: 'throttled', retryAfter }, count, match),
    fail: (count, { code = 500, match = always } = {}) => plan({ kind: 'failed', code }, count, match),
    reset: (count, match = always) => plan({ kind: 'reset' }, count, match),
    forbid: (match) => during(forbidden, match),
    emptyLists: (match) => during(empty, match),
    slowLists: (wait) => during(waits, wait),
    duplicateEvents: (on) => {
      state.duplicating = on
    },
    refuseStreamingLists: (on) => {
      state.refusingStreams = on
    },
    clear: () => {
      planned = []
      for (const set of [forbidden, empty, waits]) set.clear()
      Object.assign(state, { duplicating: false, refusingStreams: false, expiredAs: 'event' })
      faults.releaseWatches()
    },
  }

  return {
    faults,
    accidentFor(request) {
      const next = planned.find(({ match, left }) => left > 0 && match(request))
      if (next !== undefined) {
        next.left -= 1
        planned = planned.filter(({ left }) => left > 0)
        return next.accident
      }
      return [...forbidden].some((match) => match(request)) ? { kind: 'forbidden' } : undefined
    },
    listIsEmpty: (request) => [...empty].some((match) => match(request)),
    async beforePage(request) {
      for (const wait of waits) await wait(request)
    },
    get stalled() {
      return state.stalled
    },
    get duplicating() {
      return state.duplicating
    },
    get refusingStreams() {
      return state.refusingStreams
    },
    get expiredAs() {
      return state.expiredAs
    },
  }
}
