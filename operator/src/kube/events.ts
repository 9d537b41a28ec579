import { randomBytes } from 'node:crypto'
import type { KubeClient } from './client.ts'
import { systemClock, type Clock } from '../time/clock.ts'
import { isKubeError } from './errors.ts'
import type { ApiResource } from './resource.ts'

/** A core `v1` ObjectReference. */
export interface ObjectReference {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string | undefined
  readonly name: string
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
}

export interface KubeEvent {
  readonly regarding: ObjectReference
  readonly type: 'Normal' | 'Warning'
  /** Why, in one PascalCase word: `Pushed`. At most 128 characters. */
  readonly reason: string
  /** What was done or tried, in one PascalCase word: `Push`. At most 128 characters. */
  readonly action: string
  /** For people; cut at 1 kB. */
  readonly note: string
}

export interface EventRecorder {
  /** Returns at once; a failure is logged. */
  emit(event: KubeEvent): void
  /** Writes the counts of repeats that are still held back, and waits for everything under way. */
  flush(): Promise<void>
}

export interface EventRecorderOptions {
  /** This process, such as the Pod's name; at most 128 characters. */
  readonly instance: string
  /** Default `gitsync.dev/operator`. */
  readonly controller?: string
  readonly logger: { warn(fields: object, message: string): void }
  readonly clock?: Clock
  /** Equal events no further apart than this are one event with a count, in milliseconds. Default 600,000. */
  readonly windowMs?: number
  /** Events, repeats included, an object may have written at once. Default 10. */
  readonly burst?: number
  /** Milliseconds after which it may have one more. Default 30,000. */
  readonly refillMs?: number
}

const RESOURCE: ApiResource = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
  verbs: ['create', 'patch'],
  hasStatus: false,
}
const MAX_NOTE_BYTES = 1024
const MAX_WORD = 128
const MAX_REMEMBERED = 1000

interface Series {
  readonly event: KubeEvent
  count: number
  /** The count that the server has. */
  written: number
  lastAt: number
  /** Name of the Event object once it is created. */
  name?: string
  last: Promise<void>
}

/** Writes `events.k8s.io/v1` Events: repeats become a series, and what one object may cause is limited. */
export function createEventRecorder(client: KubeClient, options: EventRecorderOptions): EventRecorder {
  const { logger, clock = systemClock, windowMs = 600_000, burst = 10, refillMs = 30_000 } = options
  const { controller = 'gitsync.dev/operator' } = options
  const series = new Map<string, Series>()
  const buckets = new Map<string, { tokens: number; at: number }>()

  function allowed(object: string): boolean {
    const now = clock.now()
    const bucket = buckets.get(object) ?? { tokens: burst, at: now }
    const tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMs)
    const enough = tokens >= 1
    remember(buckets, object, { tokens: enough ? tokens - 1 : tokens, at: now })
    return enough
  }

  /** One write after the other for one series. */
  function write(entry: Series): void {
    const before = entry.last
    entry.last = writeAfter(entry, before)
  }

  async function writeAfter(entry: Series, before: Promise<void>): Promise<void> {
    await before
    if (entry.written >= entry.count) return
    const { event, count } = entry
    try {
      if (entry.name === undefined || !(await patch(entry, entry.name))) await create(entry)
      entry.written = count
    } catch (error) {
      const { kind, namespace, name } = event.regarding
      const object = { [kind.toLowerCase()]: { namespace, name } }
      logger.warn({ ...object, error: String(error), reason: event.reason }, 'an event could not be written')
    }
  }

  async function create(entry: Series): Promise<void> {
    const { regarding, type, reason, action, note } = entry.event
    const namespace = regarding.namespace ?? 'default'
    const name = `${regarding.name.slice(0, 200)}.${randomBytes(8).toString('hex')}`
    await client.create(RESOURCE, namespace, {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace },
      eventTime: microTime(entry.lastAt),
      reportingController: controller.slice(0, MAX_WORD),
      reportingInstance: options.instance.slice(0, MAX_WORD),
      regarding,
      type,
      reason: reason.slice(0, MAX_WORD),
      action: action.slice(0, MAX_WORD),
      note: cutBytes(note, MAX_NOTE_BYTES),
      ...(entry.count > 1 ? { series: seriesOf(entry) } : {}),
    })
    entry.name = name
  }

  /** @returns false when the event has expired in the meantime */
  async function patch(entry: Series, name: string): Promise<boolean> {
    try {
      await client.mergePatch(RESOURCE, entry.event.regarding.namespace ?? 'default', name, { series: seriesOf(entry) })
      return true
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return false
      throw error
    }
  }

  return {
    emit(event) {
      const { regarding, type, reason, action, note } = event
      const object = JSON.stringify([regarding.kind, regarding.namespace, regarding.name, regarding.uid])
      const key = JSON.stringify([object, type, reason, action, note])
      const now = clock.now()
      const known = series.get(key)
      const entry: Series =
        known !== undefined && now - known.lastAt <= windowMs
          ? known
          : { event, count: 0, written: 0, lastAt: now, last: Promise.resolve() }
      entry.count++
      entry.lastAt = now
      remember(series, key, entry)
      if (allowed(object)) write(entry)
    },
    async flush() {
      for (const entry of series.values()) write(entry)
      await Promise.all([...series.values()].map(({ last }) => last))
    },
  }
}

function seriesOf({ count, lastAt }: Series): object {
  return { count, lastObservedTime: microTime(lastAt) }
}

/** Sets as the newest entry and drops the oldest ones past the limit. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= MAX_REMEMBERED) break
    map.delete(oldest)
  }
}

/** A MicroTime: RFC 3339 with six digits of fraction. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}

/** The longest beginning of `text` that fits into `max` bytes of UTF-8 without splitting a character. */
export function cutBytes(text: string, max: number): string {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length <= max) return text
  let end = max
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
