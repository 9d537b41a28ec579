import { GitError } from '@gitsync/protocol'
import { ByteWindow } from './byte-window.ts'
import type { BudgetLimits } from './limits.ts'
import { readQuota } from '../../forge/quota-headers.ts'
import type { HostQuota } from '../../forge/quota-headers.ts'
import { RateWindow } from './rate-window.ts'
import type { Grant } from './rate-window.ts'

/**
 * What may be sent to one host with one credential, and when: by the limits, and by what the host says itself. Moments are
 * milliseconds of one clock, given by the caller.
 */
export class Allowance {
  readonly #host: string
  readonly #startedAt: number
  #limits: BudgetLimits
  #rate: RateWindow | undefined
  /** By repository. */
  readonly #pushes = new Map<string, RateWindow>()
  readonly #bytes = new ByteWindow()
  #blockedUntil = 0
  #quota: HostQuota = {}

  /** @param startedAt of the process: what the one before may have sent is counted */
  constructor(host: string, limits: BudgetLimits, startedAt: number) {
    this.#host = host
    this.#startedAt = startedAt
    this.#limits = limits
    this.#rate = limits.requests && new RateWindow(limits.requests, startedAt)
  }

  get limits(): BudgetLimits {
    return this.#limits
  }

  set limits(limits: BudgetLimits) {
    this.#limits = limits
    const { requests, pushesPerMinute } = limits
    if (requests === undefined) this.#rate = undefined
    else if (this.#rate === undefined) this.#rate = new RateWindow(requests, this.#startedAt)
    else this.#rate.rate = requests
    if (pushesPerMinute === undefined) this.#pushes.clear()
    else for (const window of this.#pushes.values()) window.rate = { perMinute: pushesPerMinute, burst: 0 }
  }

  /** What the host said last of its own count. */
  get quota(): HostQuota {
    return this.#quota
  }

  /** Until when the host wants no requests. */
  blockedUntil(now: number): number | undefined {
    return now < this.#blockedUntil ? this.#blockedUntil : undefined
  }

  /** Requests that could be sent within the next moment; undefined without a limit. */
  remaining(now: number): number | undefined {
    return now < this.#blockedUntil ? this.#rate && 0 : this.#rate?.available(now)
  }

  /** When a request can be sent at the earliest. @param isPaid whether it was granted before */
  requestAt(now: number, isPaid = false): number {
    return Math.max(this.#blockedUntil, isPaid ? now : (this.#rate?.nextAt(now) ?? now))
  }

  /** When the body of a push can be sent at the earliest. */
  pushAt(repository: string, now: number): number {
    const { pushesPerMinute } = this.#limits
    return pushesPerMinute === undefined ? now : this.#pushesTo(repository, pushesPerMinute).nextAt(now)
  }

  /** @throws GitError `LimitExceeded` for what may never be sent, `RateLimited` for what may not be sent now */
  checkBytes(bytes: number, now: number): void {
    const { bytesPerPush, bytesPerHour } = this.#limits
    if (bytesPerPush !== undefined && bytes > bytesPerPush) throw this.#tooLarge(bytes, bytesPerPush, 'bytes.perPush')
    if (bytesPerHour === undefined) return
    const at = this.#bytes.nextAt(bytes, bytesPerHour, now)
    if (at <= now) return
    if (!Number.isFinite(at)) throw this.#tooLarge(bytes, bytesPerHour, 'bytes.perHour')
    throw this.limited(at - now, `${bytesPerHour} bytes within an hour are used up`)
  }

  /** Only where {@link requestAt} is not in the future. */
  takeRequest(now: number): Grant | undefined {
    return this.#rate?.grant(now)
  }

  /** Only where {@link pushAt} is not in the future, and after {@link checkBytes}. */
  takePush(repository: string, bytes: number, now: number): Grant | undefined {
    this.#bytes.add(bytes, now)
    const { pushesPerMinute } = this.#limits
    return pushesPerMinute === undefined ? undefined : this.#pushesTo(repository, pushesPerMinute).grant(now)
  }

  /** The host has answered. @param headers names in lower case */
  heard(status: number, headers: Readonly<Record<string, string>>, now: number): void {
    const quota = readQuota(headers, now)
    if (quota.remaining !== undefined || quota.limit !== undefined) this.#quota = quota
    // A page of maintenance that names a time means this one request; a limit means all of them.
    const isLimit = status === 429 || status === 403 || status < 400 || quota.remaining === 0
    if (quota.waitUntil !== undefined && isLimit) this.#blockedUntil = Math.max(this.#blockedUntil, quota.waitUntil)
  }

  /** What a request is told that would have to wait for too long. */
  limited(waitMs: number, why: string): GitError {
    return new GitError('RateLimited', `requests to ${this.#host} have to wait: ${why}`, { waitMs })
  }

  #tooLarge(bytes: number, limit: number, name: 'bytes.perPush' | 'bytes.perHour'): GitError {
    const allowed = name === 'bytes.perHour' ? `${limit} within an hour` : String(limit)
    return new GitError(
      'LimitExceeded',
      `a push of ${bytes} bytes to ${this.#host}: its GitProvider allows ${allowed} (${name})`,
      { limit: name, expected: limit, actual: bytes },
    )
  }

  #pushesTo(repository: string, perMinute: number): RateWindow {
    let window = this.#pushes.get(repository)
    if (window === undefined) {
      window = new RateWindow({ perMinute, burst: 0 }, this.#startedAt)
      this.#pushes.set(repository, window)
    }
    return window
  }
}
