import type { Clock } from '../../time/clock.ts'
import type { Allowance } from './allowance.ts'
import type { Breaker } from './breaker.ts'
import { FairQueue } from './fair-queue.ts'
import type { Waiter } from './fair-queue.ts'
import { OwnTurn } from './turn.ts'
import type { Turn } from './turn.ts'

/** What a push says of itself before it begins. */
export interface TurnRequest extends Waiter {
  /** Equal for equal repositories. */
  readonly repository: string
  readonly signal?: AbortSignal | undefined
}

export interface TurnsOptions {
  readonly clock: Clock
  readonly allowance: Allowance
  readonly breaker: Breaker
  /** A push has got its turn after so many seconds. */
  readonly onTurn: (seconds: number) => void
  /** The host was to be tried out, and was sent nothing. */
  readonly onProbeUnused: () => void
  /** Somebody came, went or ended: {@link Turns.begin} has something to do. */
  readonly onChange: () => void
}

interface Waiting extends TurnRequest {
  readonly since: number
  readonly resolve: (turn: Turn) => void
  readonly reject: (reason: unknown) => void
}

/** Whose push begins next at a host, and which are being made. */
export class Turns {
  readonly #options: TurnsOptions
  readonly #queue = new FairQueue<Waiting>()
  /** With the repository of each. */
  readonly #active = new Map<OwnTurn, string>()

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  /** Pushes that wait. */
  get size(): number {
    return this.#queue.size
  }

  /** What those that wait will cost. */
  get cost(): number {
    let cost = 0
    for (const waiting of this.#queue.waiting()) cost += waiting.cost
    return cost
  }

  /** Waits for the turn of a push. @throws the reason of the signal, or of {@link refuse} */
  take(request: TurnRequest): Promise<Turn> {
    const { clock, onChange } = this.#options
    return new Promise((resolve, reject) => {
      request.signal?.throwIfAborted()
      const stop = (): void => {
        this.#queue.remove(waiting)
        reject(request.signal?.reason)
        onChange()
      }
      const over = (): void => request.signal?.removeEventListener('abort', stop)
      const waiting: Waiting = {
        ...request,
        since: clock.now(),
        resolve: (turn) => (over(), resolve(turn)),
        reject: (reason) => (over(), reject(reason)),
      }
      request.signal?.addEventListener('abort', stop, { once: true })
      this.#queue.add(waiting)
      onChange()
    })
  }

  /** Sends away everybody who waits. */
  refuse(reason: Error): void {
    for (const waiting of this.#queue.waiting()) {
      this.#queue.remove(waiting)
      waiting.reject(reason)
    }
  }

  /** Lets pushes begin that can. @returns when to look again */
  begin(now: number): number[] {
    const { allowance, breaker } = this.#options
    const later: number[] = []
    while (this.#queue.size > 0 && this.#active.size < allowance.limits.concurrency) {
      const at = allowance.requestAt(now)
      if (at > now) {
        later.push(at)
        break
      }
      // Whoever probes tells what comes of it.
      if (!breaker.tryEnter(now)) break
      const isProbe = breaker.state(now) === 'half-open'
      const waiting = this.#queue.next(({ repository }) => {
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
    const { allowance, breaker, onTurn, onProbeUnused, onChange } = this.#options
    const turn = new OwnTurn({
      prepaid: allowance.takeRequest(now),
      now,
      isProbe,
      onEnd: ({ isProbe: isUnused, requests }) => {
        this.#active.delete(turn)
        this.#queue.pay(waiting.owners, requests - waiting.cost)
        if (isUnused) {
          breaker.withdrawn()
          onProbeUnused()
        }
        onChange()
      },
    })
    this.#active.set(turn, waiting.repository)
    onTurn((now - waiting.since) / 1_000)
    waiting.resolve(turn)
  }

  /** Where pushes to a repository are counted, one that has begun will push before. */
  #pushAt(repository: string, now: number): number {
    const { allowance } = this.#options
    const isCounted = allowance.limits.pushesPerMinute !== undefined
    if (isCounted && [...this.#active.values()].includes(repository)) return Number.POSITIVE_INFINITY
    return allowance.pushAt(repository, now)
  }
}
