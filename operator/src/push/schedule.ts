import { backoffMs } from '../time/backoff.ts'
import type { Clock } from '../time/clock.ts'

/** Why the whole folder has to be compared, instead of writing what was seen to change. */
export const COMPARE_REASONS = ['first-export', 'restart', 'drift', 'relist', 'spool', 'requested', 'conflict'] as const
export type CompareReason = (typeof COMPARE_REASONS)[number]

/** A time for the next look that no answer of before satisfies. */
const LOOK_NOW = 0

const BACKOFF = { baseMs: 1_000, maxMs: 60_000 }

/** What besides the schedule says when there is work. */
export interface Waiting {
  /** Every selected kind has been listed. */
  readonly listed: boolean
  /** When the window of changes ends. */
  readonly windowDueAt: number | undefined
  /** Something was on its way already, and can go at once. */
  readonly hasTaken: boolean
}

/** When a member has to be written: comparisons and requests asked for, the next look at the branch, pauses after failures. */
export class Schedule {
  /** Milliseconds between comparisons when nothing changes. */
  interval: number
  /** A comparison has begun: from here on changes are collected. */
  compared = false
  /** A comparison has ended well. */
  reached = false
  /** What a person has asked for and has not got yet. */
  request: string | undefined
  /** The last request of a person that has been carried out. */
  handledRequest: string | undefined
  readonly #clock: Clock
  #compare: CompareReason | undefined
  /** Since when a comparison has been asked for, milliseconds since the epoch. */
  #compareSince: number
  /** Asked for since the last comparison began: that one does not answer it. */
  #compareAgain: CompareReason | undefined
  #verifyAt: number
  #failures = 0
  #blockedUntil = 0
  /** Comparisons in a row that could not be finished, and when the next one is made, milliseconds since the epoch. */
  #unfinished = 0
  #compareAt = 0

  /** @param reason of the comparison that it begins with */
  constructor(clock: Clock, interval: number, reason: CompareReason) {
    this.#clock = clock
    this.interval = interval
    this.#compare = reason
    this.#compareSince = clock.now()
    this.#verifyAt = clock.now() + interval
  }

  get compareReason(): CompareReason | undefined {
    return this.#compare
  }

  /** Since when a comparison has been asked for, milliseconds since the epoch; undefined when none is. */
  get compareSince(): number | undefined {
    return this.#compare === undefined ? undefined : this.#compareSince
  }

  /** Until when nothing is tried, milliseconds since the epoch. */
  get blockedUntil(): number {
    return this.#blockedUntil
  }

  /** The first reason counts. */
  requireCompare(reason: CompareReason): void {
    if (this.#compare === undefined) this.#compareSince = this.#clock.now()
    this.#compare ??= reason
    this.#compareAgain ??= reason
    this.#compareAt = 0
  }

  /** The branch is to be looked at, from now on, before anything is believed. */
  requireLook(): void {
    this.#verifyAt = LOOK_NOW
  }

  /** A look counts that began at this time or later, milliseconds since the epoch. */
  get lookSince(): number {
    return this.#verifyAt === LOOK_NOW ? Number.POSITIVE_INFINITY : this.#verifyAt
  }

  wantsLook(): boolean {
    return this.#verifyAt <= this.#clock.now()
  }

  looked(): void {
    this.#verifyAt = this.#clock.now() + this.interval
  }

  /** Called when a comparison is made from here on. */
  beginComparison(): void {
    this.compared = true
    this.#compareAgain = undefined
  }

  /** An attempt has ended well. */
  done(done: { readonly compared: boolean; readonly committed: boolean; readonly request: string | undefined }): void {
    if (done.compared) {
      this.#compare = this.#compareAgain
      this.#compareSince = this.#clock.now()
      if (this.#compareAgain === undefined) this.reached = true
    }
    if (done.request !== undefined) this.handledRequest = done.request
    if (done.request === this.request) this.request = undefined
    // A comparison that could not be finished, as while an object is about to vanish or nobody gives what it holds, is not
    // repeated in a tight loop; what changes meanwhile does not wait for it.
    const isStuck = this.#compare !== undefined && !done.committed
    const now = this.#clock.now()
    this.#unfinished = isStuck && !done.compared ? this.#unfinished + 1 : 0
    this.#compareAt = this.#unfinished === 0 ? 0 : now + backoffMs(this.#unfinished, BACKOFF, () => 1)
    this.looked()
    this.#failures = 0
    this.#blockedUntil = isStuck ? now + BACKOFF.baseMs : 0
  }

  /** @param waitMs what the host asked for */
  failed(waitMs: number | undefined, random: () => number): void {
    this.#failures++
    // The engine believes no host a longer wait than an hour.
    const wait = Math.max(waitMs ?? 0, backoffMs(this.#failures, BACKOFF, random))
    this.#blockedUntil = this.#clock.now() + wait
  }

  /** Whatever went wrong before is no reason to wait. */
  unblock(): void {
    this.#failures = 0
    this.#blockedUntil = 0
    this.#compareAt = 0
  }

  /** When the writer has to come back, milliseconds since the epoch; undefined while there is nothing to wait for. */
  dueAt({ listed, windowDueAt, hasTaken }: Waiting): number | undefined {
    const now = this.#clock.now()
    const wishes: (number | undefined)[] = []
    // Before the first comparison nothing is written, and that one waits until everything is listed.
    if (this.compared) wishes.push(windowDueAt, hasTaken ? 0 : undefined)
    if (listed) {
      wishes.push(
        this.#compare === undefined ? this.#verifyAt : Math.max(now, this.#compareAt),
        this.request === undefined ? undefined : now,
      )
    }
    const first = Math.min(...wishes.filter((time) => time !== undefined))
    return Number.isFinite(first) ? Math.max(first, this.#blockedUntil) : undefined
  }
}
