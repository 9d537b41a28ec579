import type { GitError } from '@gitsync/protocol'
import type { Permit } from '../../forge/permit.ts'
import type { Clock } from '../../time/clock.ts'
import { PushFailure } from '../failure.ts'
import { Allowance } from './allowance.ts'
import { awaitPlace } from './await-place.ts'
import type { Breaker } from './breaker.ts'
import { isFault } from './fault.ts'
import type { BudgetLimits } from './limits.ts'
import type { HostQuota } from '../../forge/quota-headers.ts'
import { sharedClaims } from './shared-claims.ts'
import type { SharedPlace, SharedWindow } from './shared-window.ts'
import { currentTurn } from './turn.ts'
import type { OwnTurn, Turn } from './turn.ts'
import { Turns } from './turns.ts'
import type { TurnRequest } from './turns.ts'

/** What one HTTP request says of itself. */
export interface RequestToSend {
  readonly repository: string
  /** Of a push: its body. */
  readonly pushedBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
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

interface Asking extends RequestToSend {
  readonly turn: OwnTurn | undefined
  readonly resolve: (permit: Permit) => void
}

/** A request that would wait for longer fails instead, and its push is made again: milliseconds. */
const MAX_REQUEST_WAIT_MS = 60_000
/** These come from what stands before the host when the host is down. */
const DOWN: ReadonlySet<number> = new Set([502, 503, 504])

/**
 * Lets requests go to one host with one credential as they may: so often, so large, so many at once. Whose turn it is when
 * that is not enough for everybody is decided before a push is planned, so that what happens meanwhile goes with it.
 */
export class Budget {
  readonly host: string
  readonly #options: BudgetOptions
  readonly #allowance: Allowance
  readonly #turns: Turns
  readonly #requests: Asking[] = []
  #sending = 0
  #cancelTimer: (() => void) | undefined

  constructor(options: BudgetOptions) {
    const { host, limits, startedAt, clock, breaker, onTurn, onBreaker } = options
    this.#options = options
    this.host = host
    this.#allowance = new Allowance(host, limits, startedAt)
    this.#turns = new Turns({
      clock,
      allowance: this.#allowance,
      breaker,
      onTurn: (seconds) => onTurn?.(host, seconds),
      onProbeUnused: () => onBreaker('free'),
      onChange: () => this.look(),
    })
  }

  get limits(): BudgetLimits {
    return this.#allowance.limits
  }

  set limits(limits: BudgetLimits) {
    this.#allowance.limits = limits
    this.look()
  }

  get state(): BudgetState {
    const now = this.#now
    const allowance = this.#allowance
    return {
      host: this.host,
      limits: allowance.limits,
      remaining: allowance.remaining(now),
      waiting: this.#turns.size,
      blockedUntil: allowance.blockedUntil(now),
      quota: allowance.quota,
    }
  }

  get #now(): number {
    return this.#options.clock.now()
  }

  /** When everybody who waits now could have had a turn, milliseconds since the epoch. */
  expectedAt(): number {
    const now = this.#now
    const first = Math.max(now, this.#allowance.blockedUntil(now) ?? 0, this.#options.breaker.openUntil ?? 0)
    const { requests } = this.limits
    return requests === undefined ? first : first + (this.#turns.cost * 60_000) / requests.perMinute
  }

  /**
   * Waits for the turn of a push.
   * @throws PushFailure `Unreachable` when the host does not answer anybody just now; the signal's reason
   */
  turn(request: TurnRequest): Promise<Turn> {
    return this.#turns.take(request)
  }

  /**
   * Waits until one request may be sent. Those of a push that has its turn go before turns of others.
   * @throws PushFailure `Unreachable` when the host does not answer anybody just now; GitError `RateLimited` with the time
   * to wait, `LimitExceeded`; the signal's reason
   */
  async enter(request: RequestToSend): Promise<Permit> {
    const { pushedBytes, signal } = request
    signal?.throwIfAborted()
    const now = this.#now
    if (this.#isClosed(now)) throw this.#closed(now)
    if (pushedBytes !== undefined) this.#allowance.checkBytes(pushedBytes, now)
    const turn = currentTurn()
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
    return await this.#placed(permit, request)
  }

  /** A request that could not be asked about before, as one over SSH: it counts all the same. */
  told(problem: string | undefined): void {
    const permit = this.#permit({ repository: '', turn: currentTurn(), resolve: () => undefined })
    if (problem === undefined) permit.answered(200, {})
    else permit.failed(new Error(problem))
    permit.ended()
  }

  /** Lets go whatever can go now. */
  look(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const now = this.#now
    if (this.#isClosed(now)) this.#turns.refuse(this.#closed(now))
    const later: number[] = []
    for (let i = 0; i < this.#requests.length && this.#sending < this.limits.concurrency;) {
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
    later.push(...this.#turns.begin(now))
    const next = Math.min(...later)
    if (Number.isFinite(next))
      this.#cancelTimer = this.#options.clock.after(Math.max(1, Math.ceil(next - now)), () => this.look())
  }

  /** Takes a place among those of all operators too. */
  async #placed(permit: Permit, request: RequestToSend): Promise<Permit> {
    const { shared, clock } = this.#options
    const claims = shared === undefined ? [] : sharedClaims(this.limits, request)
    if (shared === undefined || claims.length === 0) return permit
    try {
      const limited = (waitMs: number, why: string): Error => this.#limited(waitMs, why)
      return withPlace(
        permit,
        await awaitPlace({ ...shared, claims, clock, maxWaitMs: MAX_REQUEST_WAIT_MS, signal: request.signal, limited }),
      )
    } catch (error) {
      permit.ended()
      throw error
    }
  }

  /** When a request can be sent at the earliest. */
  #readyAt({ repository, pushedBytes, turn }: Omit<Asking, 'resolve'>, now: number): number {
    const at = this.#allowance.requestAt(now, turn?.isPaid(now))
    return Math.max(now, at, pushedBytes === undefined ? 0 : this.#allowance.pushAt(repository, now))
  }

  #permit({ turn, pushedBytes, repository }: Asking): Permit {
    const now = this.#now
    const grants = [turn?.spend(now) ?? this.#allowance.takeRequest(now)]
    if (pushedBytes !== undefined) grants.push(this.#allowance.takePush(repository, pushedBytes, now))
    this.#sending++
    let isSending = true
    const settle = (): void => {
      for (const grant of grants) grant?.answered(this.#now)
    }
    const ended = (): void => {
      if (!isSending) return
      isSending = false
      settle()
      this.#sending--
      this.look()
    }
    return {
      ended,
      answered: (status, headers) => {
        settle()
        this.#allowance.heard(status, headers, this.#now)
        this.#probed(turn, DOWN.has(status) ? `HTTP status ${status}` : undefined)
        this.look()
      },
      failed: (error) => {
        if (isFault(error)) this.#probed(turn, error instanceof Error ? error.message : String(error))
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

  #isClosed(now: number): boolean {
    return this.#options.breaker.state(now) === 'open'
  }

  #closed(now: number): PushFailure {
    const { lastProblem, openUntil = now } = this.#options.breaker
    return new PushFailure(
      'Unreachable',
      `${this.host} does not answer anybody (${lastProblem}); it is tried again at ${new Date(openUntil).toISOString()}`,
      { waitMs: Math.max(0, openUntil - now) },
    )
  }

  #limited(waitMs: number, why: string): GitError {
    return this.#allowance.limited(waitMs, why)
  }
}

function withPlace(permit: Permit, place: SharedPlace): Permit {
  return {
    ended: () => permit.ended(),
    answered(status, headers) {
      place.answered()
      permit.answered(status, headers)
    },
    failed(error) {
      place.answered()
      permit.failed(error)
    },
  }
}
