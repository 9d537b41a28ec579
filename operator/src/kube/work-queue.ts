import { backoffMs, type Backoff } from '../time/backoff.ts'
import { systemClock, type Clock } from '../time/clock.ts'

/** Called with what controller-runtime exports as `workqueue_*`; durations in seconds. */
export interface WorkQueueMetrics {
  /** `workqueue_depth`: keys ready to be worked on. */
  depth?(depth: number): void
  /** `workqueue_adds_total` */
  added?(): void
  /** `workqueue_queue_duration_seconds`: from ready to taken. */
  queued?(seconds: number): void
  /** `workqueue_work_duration_seconds` */
  worked?(seconds: number): void
  /** `workqueue_retries_total` */
  retried?(): void
  /** `controller_runtime_reconcile_total`, and `controller_runtime_reconcile_time_seconds`: told of what `run` works on. */
  ended?(result: 'success' | 'requeue_after' | 'error', seconds: number): void
}

export interface WorkQueueOptions {
  readonly clock?: Clock
  /** As `Math.random`. */
  readonly random?: () => number
  /** Waits after failures of one key. Default 5 ms doubling to 300 s. */
  readonly backoff?: Partial<Backoff>
  readonly metrics?: WorkQueueMetrics
}

/** A key taken from the queue. Nobody else gets the same key until `done` is called. */
export interface WorkItem {
  readonly key: string
  done(): void
}

export type WorkResult = { readonly requeueAfterMs: number } | undefined | void

export interface RunOptions {
  /** Keys worked on at once. Default 1. */
  readonly concurrency?: number
  /** Told of what the handler threw; the key has already been queued for a retry. */
  readonly onError?: (key: string, error: unknown) => void
}

/** Keys to work on: each at most once in the queue, and never by two at the same time. */
export interface WorkQueue {
  /** Makes the key ready now; while it is being worked on, once more afterwards. */
  add(key: string): void
  /** Makes the key ready after `ms` milliseconds, unless it is so earlier; `add` replaces the wait. */
  addAfter(key: string, ms: number): void
  /** `addAfter` with this key's exponential backoff. */
  retry(key: string): void
  /** Clears the key's failures. */
  forget(key: string): void
  failures(key: string): number
  /** The next ready key, waiting for one; undefined once the queue is shut down and empty. */
  get(): Promise<WorkItem | undefined>
  /**
   * Works until the queue is shut down and empty. A handler that returns is forgotten, or comes again after
   * `requeueAfterMs`; one that throws is retried with backoff.
   */
  run(handler: (key: string) => Promise<WorkResult>, options?: RunOptions): Promise<void>
  /**
   * Accepts nothing more and drops what waits for its time. What is ready is still worked on (`drain`), or dropped.
   * @returns when nothing is being worked on any more
   */
  shutdown(options?: { readonly drain?: boolean }): Promise<void>
  /** Keys that are ready. */
  readonly depth: number
  /** Age of each key being worked on, in seconds: `workqueue_unfinished_work_seconds` and its maximum. */
  running(): readonly number[]
}

export function createWorkQueue(options: WorkQueueOptions = {}): WorkQueue {
  const { clock = systemClock, random = Math.random, metrics = {} } = options
  const backoff = { baseMs: 5, maxMs: 300_000, ...options.backoff }
  /** Key to the time it became ready, in order. */
  const ready = new Map<string, number>()
  const waiting = new Map<string, { readonly due: number; readonly cancel: () => void }>()
  /** Key to the time it was taken. */
  const active = new Map<string, number>()
  /** Active keys that were added meanwhile. */
  const again = new Set<string>()
  const failures = new Map<string, number>()
  const takers: ((item: WorkItem | undefined) => void)[] = []
  const idle: (() => void)[] = []
  let closed = false

  function add(key: string): void {
    if (closed) return
    stopWaiting(key)
    if (ready.has(key) || again.has(key)) return
    metrics.added?.()
    if (active.has(key)) again.add(key)
    else push(key)
  }

  function push(key: string): void {
    ready.set(key, clock.now())
    const taker = takers.shift()
    if (taker === undefined) metrics.depth?.(ready.size)
    else taker(take(key))
  }

  function take(key: string): WorkItem {
    const now = clock.now()
    metrics.queued?.((now - (ready.get(key) ?? now)) / 1000)
    ready.delete(key)
    metrics.depth?.(ready.size)
    active.set(key, now)
    let finished = false
    return {
      key,
      done() {
        if (finished) return
        finished = true
        metrics.worked?.((clock.now() - now) / 1000)
        active.delete(key)
        if (again.delete(key)) push(key)
        settle()
      },
    }
  }

  function settle(): void {
    if (!closed || ready.size > 0) return
    for (const taker of takers.splice(0)) taker(undefined)
    if (active.size === 0) for (const resolve of idle.splice(0)) resolve()
  }

  function stopWaiting(key: string): void {
    waiting.get(key)?.cancel()
    waiting.delete(key)
  }

  function addAfter(key: string, ms: number): void {
    if (ms <= 0) return add(key)
    const due = clock.now() + ms
    if (closed || ready.has(key) || (waiting.get(key)?.due ?? Number.POSITIVE_INFINITY) <= due) return
    stopWaiting(key)
    waiting.set(key, { due, cancel: clock.after(ms, () => add(key)) })
  }

  function retry(key: string): void {
    const count = (failures.get(key) ?? 0) + 1
    failures.set(key, count)
    metrics.retried?.()
    addAfter(key, backoffMs(count, backoff, random))
  }

  async function get(): Promise<WorkItem | undefined> {
    const next = ready.keys().next()
    if (next.done !== true) return take(next.value)
    // A key that is active and was added again will still be ready.
    if (closed && again.size === 0) return undefined
    return new Promise((resolve) => takers.push(resolve))
  }

  return {
    add,
    addAfter,
    retry,
    get,
    forget: (key) => void failures.delete(key),
    failures: (key) => failures.get(key) ?? 0,
    get depth() {
      return ready.size
    },
    running: () => [...active.values()].map((since) => (clock.now() - since) / 1000),
    async run(handler, { concurrency = 1, onError } = {}) {
      const work = async () => {
        for (let item = await get(); item !== undefined; item = await get()) {
          const { key } = item
          const started = clock.now()
          let outcome: 'success' | 'requeue_after' | 'error' = 'success'
          try {
            const result = await handler(key)
            failures.delete(key)
            if (result) {
              outcome = 'requeue_after'
              addAfter(key, result.requeueAfterMs)
            }
          } catch (error) {
            outcome = 'error'
            retry(key)
            onError?.(key, error)
          } finally {
            metrics.ended?.(outcome, (clock.now() - started) / 1000)
            item.done()
          }
        }
      }
      await Promise.all(Array.from({ length: concurrency }, work))
    },
    shutdown({ drain = true } = {}) {
      closed = true
      for (const key of waiting.keys()) stopWaiting(key)
      if (!drain) {
        ready.clear()
        again.clear()
        metrics.depth?.(0)
      }
      return new Promise((resolve) => {
        idle.push(resolve)
        settle()
      })
    },
  }
}
