import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { RecentAnswers } from '../../controllers/recent-answers.ts'
import type { KubeUser } from '../../kube/user.ts'
import type { Clock } from '../../time/clock.ts'
import { PageError } from '../page-error.ts'
import { Throttle } from './throttle.ts'

/** Asks the API server. @returns undefined for a token that is nobody's */
export type ReviewToken = (token: string) => Promise<KubeUser | undefined>

/** For so long an answer counts, in milliseconds: a token that is withdrawn is of no use after that. */
const FRESH_MS = 20_000
const MAX_ANSWERS = 2_000
/** Longer than any that is in use; bytes. */
const MAX_TOKEN = 16 << 10
/** RFC 6750 §2.1 */
const FORM = /^[A-Za-z0-9._~+/-]+=*$/

/** Whose tokens are. */
export class Tokens {
  readonly #review: ReviewToken
  readonly #answers: RecentAnswers<KubeUser | undefined>
  readonly #throttle: Throttle
  /** Digests of tokens that were good: guesses of others do not lock their owners out. */
  readonly #good = new LRUCache<string, true>({ max: MAX_ANSWERS })

  constructor(review: ReviewToken, clock: Clock) {
    this.#review = review
    this.#answers = new RecentAnswers(clock, FRESH_MS, MAX_ANSWERS)
    this.#throttle = new Throttle(clock)
  }

  /**
   * Whose token somebody has sent; undefined for nobody's.
   * @throws PageError `Throttled` for an address with many failures, `Unavailable` where the API server does not answer
   */
  async ownerOf(token: string, remoteAddress: string): Promise<KubeUser | undefined> {
    const wait = this.#good.has(digest(token)) ? 0 : this.#throttle.waitOf(remoteAddress)
    if (wait > 0) throw new PageError('Throttled', `too many attempts: try again in ${wait} seconds`, wait)
    const user = await this.known(token)
    if (user === undefined) {
      this.#good.delete(digest(token))
      this.#throttle.failed(remoteAddress)
    } else this.#good.set(digest(token), true)
    return user
  }

  /** The same for a token that was good before. @throws PageError `Unavailable` */
  async known(token: string): Promise<KubeUser | undefined> {
    if (token.length > MAX_TOKEN || !FORM.test(token)) return undefined
    try {
      return await this.#answers.of(digest(token), () => this.#review(token))
    } catch (error) {
      throw new PageError('Unavailable', 'the API server cannot be asked whose token this is: try again', 5, error)
    }
  }
}

const digest = (token: string): string => createHash('sha256').update(token).digest('base64')
