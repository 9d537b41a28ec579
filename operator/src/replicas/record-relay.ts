import type { RecordSink, RecordSource } from '../plan/authors/records.ts'
import type { User } from '../plan/authors/user.ts'
import { sleep } from '../time/clock.ts'
import type { Clock } from '../time/clock.ts'
import type { AuthorRecord } from './records.ts'

export interface RecordRelayOptions {
  readonly clock: Clock
  /** Whether this process is the one that writes: then it knows already. */
  readonly isHolder: () => boolean
  /** Tells the holder. @throws Error where it has not taken them */
  readonly send: (records: readonly AuthorRecord[]) => Promise<void>
  /** So many have arrived, or have been given up. */
  readonly onEnd: (result: 'sent' | 'lost', count: number) => void
  /** Records that wait at most; the oldest are given up. Default 2,000, some hundred bytes each, a few thousand at most */
  readonly max?: number
}

/** One takeover after a crash, and replicas that look a minute apart for the keys that they share. */
const MAX_AGE_MS = 90_000
const RETRY_MS = 1_000
/** Records of one request: all that it may hold, with the longest names, each character of them escaped. */
const BATCH = 400
const MAX_WAITING = 2_000

interface Waiting {
  readonly record: AuthorRecord
  readonly since: number
}

/**
 * Tells the holder what a standby hears, in order and once each; a record of which no answer came is told again, which changes
 * nothing. What nobody takes for a while is given up.
 */
export class RecordRelay implements RecordSink {
  readonly #options: RecordRelayOptions
  readonly #end = new AbortController()
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined

  constructor(options: RecordRelayOptions) {
    this.#options = options
  }

  wrote(uid: string, version: string, user: User): void {
    this.#add({ uid, user, version })
  }

  deleted(uid: string, user: User, told: RecordSource, isTerminating = false): void {
    this.#add({ uid, user, told, isTerminating })
  }

  /** Gives up what waits. */
  async stop(): Promise<void> {
    this.#end.abort()
    await this.#running
    this.#lose(this.#waiting.length)
  }

  #add(record: AuthorRecord): void {
    const { isHolder, clock, max = MAX_WAITING } = this.#options
    if (isHolder() || this.#end.signal.aborted) return
    this.#waiting.push({ record, since: clock.now() })
    this.#lose(this.#waiting.length - max)
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    const { isHolder, clock, send, onEnd, max = MAX_WAITING } = this.#options
    const { signal } = this.#end
    // Whoever is asked something at this moment answers first.
    await Promise.resolve()
    while (this.#waiting.length > 0 && !signal.aborted) {
      // This process has taken over: it knows what it has heard.
      if (isHolder()) this.#waiting = []
      const oldest = clock.now() - MAX_AGE_MS
      this.#lose(this.#waiting.filter(({ since }) => since <= oldest).length)
      const batch = this.#waiting.splice(0, BATCH)
      if (batch.length === 0) break
      try {
        await send(batch.map(({ record }) => record))
        onEnd('sent', batch.length)
      } catch {
        this.#waiting.unshift(...batch)
        this.#lose(this.#waiting.length - max)
        await sleep(clock, RETRY_MS, signal).catch(() => undefined)
      }
    }
    this.#running = undefined
  }

  /** @param count of the oldest */
  #lose(count: number): void {
    if (count <= 0) return
    this.#waiting.splice(0, count)
    this.#options.onEnd('lost', count)
  }
}
