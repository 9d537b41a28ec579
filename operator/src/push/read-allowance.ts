import { GitError } from '@gitsync/protocol'
import type { Transport } from '@gitsync/protocol'
import PQueue from 'p-queue'
import type { Clock } from '../time/clock.ts'
import type { Budget } from './budget/budget.ts'

/** Of what the host allows, so much is for those who look: the rest is the writers'. */
const SHARE = 0.25
/** Where the host has no limit, requests in any minute. */
const UNLIMITED_HOST = 240
const WINDOW_MS = 60_000
/** Reads at once. */
const CONCURRENCY = 2

/** Requests to one host with one credential that pages may send beside those of writers, who need not wait for them. */
export class ReadAllowance {
  readonly #clock: Clock
  readonly #budget: Pick<Budget, 'host' | 'limits'> | undefined
  readonly #queue = new PQueue({ concurrency: CONCURRENCY })
  #sent: number[] = []

  /** @param budget of host and credential; default: without a limit */
  constructor(clock: Clock, budget?: Pick<Budget, 'host' | 'limits'>) {
    this.#clock = clock
    this.#budget = budget
  }

  /** Requests in any minute. */
  get perMinute(): number {
    const { requests } = this.#budget?.limits ?? {}
    return requests === undefined ? UNLIMITED_HOST : Math.max(1, Math.floor(requests.perMinute * SHARE))
  }

  /** Runs a read, few at once. @throws GitError `RateLimited` with the time to wait where none may begin */
  run<T>(read: () => Promise<T>): Promise<T> {
    return this.#queue.add(() => {
      this.#check()
      return read()
    })
  }

  /** One request is sent. @throws GitError `RateLimited` with the time to wait instead */
  take(): void {
    this.#check()
    this.told()
  }

  /** One request was sent that could not be asked about before. */
  told(): void {
    this.#sent.push(this.#clock.now())
  }

  /** The same for a transport's requests. */
  transport(transport: Transport): Transport {
    return (request) => {
      this.take()
      return transport(request)
    }
  }

  #check(): void {
    const now = this.#clock.now()
    this.#sent = this.#sent.filter((at) => at > now - WINDOW_MS)
    const first = this.#sent.at(-this.perMinute)
    if (first === undefined) return
    const waitMs = first + WINDOW_MS - now
    const seconds = Math.ceil(waitMs / 1000)
    const host = this.#budget?.host ?? 'the host'
    throw new GitError(
      'RateLimited',
      `${host}: pages have sent the ${this.perMinute} requests that they may send in a minute; again in ${seconds} s`,
      { waitMs },
    )
  }
}
