import { AsyncLocalStorage } from 'node:async_hooks'
import { GitError } from '@gitsync/protocol'
import { sleep } from '../../time/clock.ts'
import type { Clock } from '../../time/clock.ts'
import { PushFailure } from '../failure.ts'
import type { Breaker } from './breaker.ts'
import { ByteWindow } from './byte-window.ts'
import { FairQueue } from './fair-queue.ts'
import type { Waiter } from './fair-queue.ts'
import type { BudgetLimits } from './limits.ts'
import { readQuota } from './quota-headers.ts'
import type { HostQuota } from './quota-headers.ts'
import { GRANT_MS, RateWindow } from './rate-window.ts'
import type { Grant } from './rate-window.ts'
import type { SharedPlace, SharedWindow } from './shared-window.ts'

/** What a push says of itself before it begins. */
export interface TurnRequest extends Waiter {
  /** Equal for equal repositories. */
  readonly repository: string
  readonly signal?: AbortSignal | undefined
}

/** A push may begin. */
export interface Turn {
  /** Requests that are sent within belong to this push, and go before pushes that have not begun. */
  run<T>(work: () => Promise<T>): Promise<T>
  /** Must be called once the push is over. */
  end(): void
}

/** What one HTTP request says of itself. */
export interface RequestToSend {
  readonly repository: string
  /** Of a push: its body. */
  readonly pushedBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** One HTTP request may be sent. */
export interface Permit {
  answered(status: number, headers: Readonly<Record<string, string>>): void
  /** No answer came. @param isFault whether that is the host's doing, and not of who asked */
  failed(problem: string, isFault: boolean): void
  /** The body was read, or nobody wants it. Implied by `failed`. */
  ended(): void
}

/** What there is to see of a budget. */
export interface BudgetState {
  readonly host: string
  readonly limits: BudgetLimits
  /** Requests that could be sent within the next moment; undefined without a limit. */
  readonly remaining: number | undefined
  /** Pushes that wait for their turn. */
  readonly waiting: number
  /** Until when the host wants no requests, milliseconds since the epoch. */
  readonly blockedUntil: number | undefined
  /** What the host said last of its own count. */
  readonly quota: HostQuota
}

/** `free`: the probe has ended without a request. */
export type BreakerEvent = 'opened' | 'closed' | 'free'

export interface BudgetOptions {
  readonly host: string
  readonly limits: BudgetLimits
  readonly clock: Clock
  /** When this process began, milliseconds since the epoch. */
  readonly startedAt: number
  /** Of the host: shared by all its budgets. */
  readonly breaker: Breaker
  /** Counts requests of other operators too, under this name. Default: this process counts alone. */
  readonly shared?: { readonly window: SharedWindow; readonly name: string } | undefined
  /** A push has got its turn after so many seconds. */
  readonly onTurn?: ((host: string, seconds: number) => void) | undefined
  /** Something about the breaker is other than before: every budget of the host has to look. */
  readonly onBreaker: (event: BreakerEvent) => void
}

interface Waiting extends TurnRequest {
  readonly since: number
  readonly resolve: (turn: OwnTurn) => void
  readonly reject: (reason: unknown) => void
}

interface Asking extends RequestToSend {
  readonly turn: OwnTurn | undefined
  readonly resolve: (permit: Permit) => void
}

interface OwnTurn extends Turn {
  /** A request that was granted with the turn, so that nobody plans a push that cannot begin. */
  prepaid: { readonly grant: Grant; readonly at: number } | undefined
  isProbe: boolean
  requests: number
}

/** A request that would wait for longer fails instead, and its push is made again: milliseconds. */
const MAX_REQUEST_WAIT_MS = 60_000
/** These come from what stands before the host when the host is down. */
const DOWN: ReadonlySet<number> = new Set([502, 503, 504])

/** After so long the server that counts for all is asked again when it did not answer, in milliseconds. */
const SHARED_RETRY_MS = 1_000

const current = new AsyncLocalStorage<OwnTurn>()

/**
 * What may be asked of one host with one credential: requests, bytes, how many at once; and whose turn it is when that is
 * not enough for everybody. A push waits for its turn before it is planned, so that what happens meanwhile goes with it.
 */
export class Budget {
  readonly host: string
  readonly #options: BudgetOptions
  #limits: BudgetLimits
  #rate: RateWindow | undefined
  readonly #pushes = new Map<string, RateWindow>()
  readonly #bytes = new ByteWindow()
  readonly #turns = new FairQueue<Waiting>()
  readonly #active = new Map<OwnTurn, string>()
  readonly #requests: Asking[] = []
  #sending = 0
  #blockedUntil = 0
  #quota: HostQuota = {}
  #cancelTimer: (() => void) | undefined

  constructor(options: BudgetOptions) {
    this.#options = options
    this.host = options.host
    this.#limits = options.limits
    this.limits = options.limits
  }

  get limits(): BudgetLimits {
    return this.#limits
  }

  set limits(limits: BudgetLimits) {
    this.#limits = limits
    const { requests, pushesPerMinute } = limits
    if (requests === undefined) this.#rate = undefined
    else if (this.#rate === undefined) this.#rate = new RateWindow(requests, this.#options.startedAt)
    else this.#rate.rate = requests
    if (pushesPerMinute === undefined) this.#pushes.clear()
    else for (const window of this.#pushes.values()) window.rate = { perMinute: pushesPerMinute, burst: 0 }
    this.look()
  }

  get state(): BudgetState {
    const now = this.#now
    return {
      host: this.host,
      limits: this.#limits,
      remaining: this.#rate === undefined ? undefined : now < this.#blockedUntil ? 0 : this.#rate.available(now),
      waiting: this.#turns.size,
      blockedUntil: now < this.#blockedUntil ? this.#blockedUntil : undefined,
      quota: this.#quota,
    }
  }

  get #now(): number {
    return this.#options.clock.now()
  }

  /** When everybody who waits now could have had a turn, milliseconds since the epoch. */
  expectedAt(): number {
    const now = this.#now
    const first = Math.max(now, this.#blockedUntil, this.#options.breaker.openUntil ?? 0)
    let cost = 0
    for (const waiting of this.#turns.waiting()) cost += waiting.cost
    const perMinute = this.#rate?.rate.perMinute
    return perMinute === undefined ? first : first + (cost * 60_000) / perMinute
  }

  /**
   * Waits for the turn of a push.
   * @throws PushFailure `Unreachable` when the host does not answer anybody just now; the signal's reason
   */
  turn(request: TurnRequest): Promise<Turn> {
    return new Promise((resolve, reject) => {
      request.signal?.throwIfAborted()
      const stop = (): void => {
        this.#turns.remove(waiting)
        reject(request.signal?.reason)
        this.look()
      }
      const over = (): void => request.signal?.removeEventListener('abort', stop)
      const waiting: Waiting = {
        ...request,
        since: this.#now,
        resolve: (turn) => (over(), resolve(turn)),
        reject: (reason) => (over(), reject(reason)),
      }
      request.signal?.addEventListener('abort', stop, { once: true })
      this.#turns.add(waiting)
      this.look()
    })
  }

  /**
   * Waits until one request may be sent. Those of a push that has its turn go before turns of others.
   * @throws GitError `RateLimited` with the time to wait, `LimitExceeded`; the signal's reason
   */
  async enter(request: RequestToSend): Promise<Permit> {
    const { pushedBytes, signal } = request
    signal?.throwIfAborted()
    const now = this.#now
    this.#checkBreaker(now)
    if (pushedBytes !== undefined) this.#checkBytes(pushedBytes, now)
    const turn = current.getStore()
    const waitMs = this.#readyAt({ ...request, turn }, now) - now
    if (waitMs > MAX_REQUEST_WAIT_MS && Number.isFinite(waitMs)) throw this.#limited(waitMs, 'the budget is used up')
    const permit = await new Promise<Permit>((resolve, reject) => {
      const stop = (): void => {
        const index = this.#requests.indexOf(asking)
        if (index !== -1) this.#requests.splice(index, 1)
        reject(signal?.reason)
        this.look()
      }
      const asking: Asking = {
        ...request,
        turn,
        resolve: (permit) => {
          signal?.removeEventListener('abort', stop)
          resolve(permit)
        },
      }
      signal?.addEventListener('abort', stop, { once: true })
      this.#requests.push(asking)
      this.look()
    })
    return await this.#shared(permit, signal)
  }

  /** Takes a place among those of all operators too. Where nobody can say whether there is one, nothing is sent. */
  async #shared(permit: Permit, signal: AbortSignal | undefined): Promise<Permit> {
    const { shared, clock } = this.#options
    const rate = this.#limits.requests
    if (shared === undefined || rate === undefined) return permit
    const deadline = clock.now() + MAX_REQUEST_WAIT_MS
    let why = 'other operators use the same limits'
    try {
      for (;;) {
        const taken = await shared.window.take(shared.name, rate).catch(() => {
          why = 'the server that counts for all operators does not answer (--budget-redis)'
          return SHARED_RETRY_MS
        })
        if (typeof taken !== 'number') return withPlace(permit, taken)
        if (clock.now() + taken > deadline) throw this.#limited(taken, why)
        await sleep(clock, taken, signal)
      }
    } catch (error) {
      permit.failed('never sent', false)
      throw error
    }
  }

  /** A request that could not be asked about before, as one over SSH: it counts all the same. */
  told(problem: string | undefined): void {
    const permit = this.#permit({ repository: '', turn: current.getStore(), resolve: () => undefined })
    if (problem === undefined) permit.answered(200, {})
    else permit.failed(problem, true)
    permit.ended()
  }

  /** Lets go whatever can go now. */
  look(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const now = this.#now
    this.#refuseWhileOpen(now)
    const later: number[] = []
    for (let i = 0; i < this.#requests.length && this.#sending < this.#limits.concurrency;) {
      const asking = this.#requests[i] as Asking
      const at = this.#readyAt(asking, now)
      if (at <= now) {
        this.#requests.splice(i, 1)
        asking.resolve(this.#permit(asking))
      } else {
        later.push(at)
        i++
      }
    }
    // Last: pushes that have begun take what there is before others begin.
    later.push(...this.#beginTurns(now))
    const next = Math.min(...later)
    if (Number.isFinite(next))
      this.#cancelTimer = this.#options.clock.after(Math.max(1, Math.ceil(next - now)), () => this.look())
  }

  /** @returns when to look again */
  #beginTurns(now: number): number[] {
    const { breaker } = this.#options
    const later: number[] = []
    while (this.#turns.size > 0 && this.#active.size < this.#limits.concurrency) {
      const at = Math.max(this.#blockedUntil, this.#rate?.nextAt(now) ?? now)
      if (at > now) {
        later.push(at)
        break
      }
      // Whoever probes tells what comes of it.
      if (!breaker.tryEnter(now)) break
      const isProbe = breaker.state(now) === 'half-open'
      const waiting = this.#turns.next(({ repository }) => {
        const pushAt = this.#pushAt(repository, now)
        if (pushAt <= now) return true
        later.push(pushAt)
        return false
      })
      if (waiting === undefined) {
        if (isProbe) breaker.withdrawn()
        break
      }
      this.#begin(waiting, isProbe, now)
    }
    return later
  }

  #begin(waiting: Waiting, isProbe: boolean, now: number): void {
    const grant = this.#rate?.grant(now)
    const turn: OwnTurn = {
      prepaid: grant && { grant, at: now },
      isProbe,
      requests: 0,
      run: (work) => current.run(turn, work),
      end: () => {
        if (!this.#active.delete(turn)) return
        turn.prepaid?.grant.withdrawn()
        this.#turns.pay(waiting.owners, turn.requests - waiting.cost)
        if (turn.isProbe) {
          this.#options.breaker.withdrawn()
          this.#options.onBreaker('free')
        }
        this.look()
      },
    }
    this.#active.set(turn, waiting.repository)
    this.#options.onTurn?.(this.host, (now - waiting.since) / 1_000)
    waiting.resolve(turn)
  }

  /** When a request can be sent at the earliest. */
  #readyAt({ repository, pushedBytes, turn }: Omit<Asking, 'resolve'>, now: number): number {
    const isPaid = this.#prepaidOf(turn, now) !== undefined
    const rated = isPaid ? now : (this.#rate?.nextAt(now) ?? now)
    return Math.max(
      now,
      this.#blockedUntil,
      rated,
      pushedBytes === undefined ? 0 : this.#pushAt(repository, now, false),
    )
  }

  #prepaidOf(turn: OwnTurn | undefined, now: number): OwnTurn['prepaid'] {
    const prepaid = turn?.prepaid
    return prepaid !== undefined && now - prepaid.at <= GRANT_MS ? prepaid : undefined
  }

  /** @param isNew whether it has not begun: those that have will push as well */
  #pushAt(repository: string, now: number, isNew = true): number {
    const { pushesPerMinute } = this.#limits
    if (pushesPerMinute === undefined) return now
    if (isNew && [...this.#active.values()].includes(repository)) return Number.POSITIVE_INFINITY
    return this.#pushesTo(repository, pushesPerMinute).nextAt(now)
  }

  #pushesTo(repository: string, perMinute: number): RateWindow {
    let window = this.#pushes.get(repository)
    if (window === undefined) {
      window = new RateWindow({ perMinute, burst: 0 }, this.#options.startedAt)
      this.#pushes.set(repository, window)
    }
    return window
  }

  #permit({ turn, pushedBytes, repository }: Asking): Permit {
    const { clock } = this.#options
    const now = this.#now
    const grants: Grant[] = []
    const prepaid = this.#prepaidOf(turn, now)
    if (turn !== undefined) {
      if (prepaid === undefined) turn.prepaid?.grant.withdrawn()
      turn.prepaid = undefined
      turn.requests++
    }
    const grant = prepaid?.grant ?? this.#rate?.grant(now)
    if (grant !== undefined) grants.push(grant)
    if (pushedBytes !== undefined) {
      const { pushesPerMinute } = this.#limits
      if (pushesPerMinute !== undefined) grants.push(this.#pushesTo(repository, pushesPerMinute).grant(now))
      this.#bytes.add(pushedBytes, now)
    }
    this.#sending++
    let isSending = true
    const ended = (): void => {
      if (!isSending) return
      isSending = false
      this.#sending--
      this.look()
    }
    const settle = (): void => {
      for (const one of grants) one.answered(clock.now())
    }
    return {
      ended,
      answered: (status, headers) => {
        settle()
        this.#heard(status, headers)
        this.#probed(turn, DOWN.has(status) ? `HTTP status ${status}` : undefined)
        this.look()
      },
      failed: (problem, isFault) => {
        settle()
        if (isFault) this.#probed(turn, problem)
        ended()
      },
    }
  }

  #probed(turn: OwnTurn | undefined, problem: string | undefined): void {
    const { breaker, onBreaker } = this.#options
    if (turn !== undefined) turn.isProbe = false
    if (problem === undefined) {
      if (breaker.answered()) onBreaker('closed')
    } else if (breaker.failed(problem, this.#now)) onBreaker('opened')
  }

  #heard(status: number, headers: Readonly<Record<string, string>>): void {
    const quota = readQuota(headers, this.#now)
    if (quota.remaining !== undefined || quota.limit !== undefined) this.#quota = quota
    // A page of maintenance that names a time means this one request; a limit means all of them.
    const isLimit = status === 429 || status === 403 || status < 400 || quota.remaining === 0
    if (quota.waitUntil !== undefined && isLimit) this.#blockedUntil = Math.max(this.#blockedUntil, quota.waitUntil)
  }

  #checkBreaker(now: number): void {
    if (this.#options.breaker.state(now) === 'open') throw this.#closed(now)
  }

  #refuseWhileOpen(now: number): void {
    if (this.#options.breaker.state(now) !== 'open') return
    for (const waiting of this.#turns.waiting()) {
      this.#turns.remove(waiting)
      waiting.reject(this.#closed(now))
    }
  }

  #closed(now: number): PushFailure {
    const { lastProblem, openUntil = now } = this.#options.breaker
    return new PushFailure(
      'Unreachable',
      `${this.host} does not answer anybody (${lastProblem}); it is tried again at ${new Date(openUntil).toISOString()}`,
      { waitMs: Math.max(0, openUntil - now) },
    )
  }

  #checkBytes(bytes: number, now: number): void {
    const { bytesPerPush, bytesPerHour } = this.#limits
    if (bytesPerPush !== undefined && bytes > bytesPerPush) {
      throw new GitError(
        'LimitExceeded',
        `a push of ${bytes} bytes to ${this.host}: its GitProvider allows ${bytesPerPush} (bytes.perPush)`,
        { limit: 'bytes.perPush', expected: bytesPerPush, actual: bytes },
      )
    }
    if (bytesPerHour === undefined) return
    const at = this.#bytes.nextAt(bytes, bytesPerHour, now)
    if (at > now && Number.isFinite(at))
      throw this.#limited(at - now, `${bytesPerHour} bytes within an hour are used up`)
    if (at > now) {
      throw new GitError(
        'LimitExceeded',
        `a push of ${bytes} bytes to ${this.host}: its GitProvider allows ${bytesPerHour} within an hour (bytes.perHour)`,
        { limit: 'bytes.perHour', expected: bytesPerHour, actual: bytes },
      )
    }
  }

  #limited(waitMs: number, why: string): GitError {
    return new GitError('RateLimited', `requests to ${this.host} have to wait: ${why}`, { waitMs })
  }
}

function withPlace(permit: Permit, place: SharedPlace): Permit {
  return {
    ended: () => permit.ended(),
    answered(status, headers) {
      place.answered()
      permit.answered(status, headers)
    },
    failed(problem, isFault) {
      place.answered()
      permit.failed(problem, isFault)
    },
  }
}
