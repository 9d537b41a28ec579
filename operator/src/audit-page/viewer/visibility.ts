import { createHash } from 'node:crypto'
import PQueue from 'p-queue'
import { RecentAnswers } from '../../controllers/recent-answers.ts'
import type { KubeUser } from '../../kube/user.ts'
import type { Clock } from '../../time/clock.ts'
import { PageError } from '../page-error.ts'

/** Whether a user may get the GitSyncs of a namespace, or (undefined) of all. */
export type MayGet = (user: KubeUser, namespace: string | undefined) => Promise<boolean>

/** For so long an answer counts, in milliseconds: a right that is taken back is gone after that. */
const FRESH_MS = 20_000
/** Answers that are kept, of all viewers. */
const MAX_ANSWERS = 50_000
/** Questions to the API server at once. */
const CONCURRENCY = 16

/** Says which namespaces a user may see. */
export class Visibility {
  readonly #mayGet: MayGet
  readonly #answers: RecentAnswers<boolean>
  readonly #queue = new PQueue({ concurrency: CONCURRENCY })

  constructor(mayGet: MayGet, clock: Clock) {
    this.#mayGet = mayGet
    this.#answers = new RecentAnswers(clock, FRESH_MS, MAX_ANSWERS)
  }

  /**
   * Those of some namespaces whose GitSyncs a user may get. All of them are asked about whichever one is wanted, so that
   * nothing tells a namespace that is hidden from one that does not exist.
   * @throws PageError `Unavailable`: no answer is no yes
   */
  async among(user: KubeUser, namespaces: Iterable<string>): Promise<ReadonlySet<string>> {
    const distinct = [...new Set(namespaces)]
    const key = keyOf(user)
    const ask = (namespace: string | undefined): Promise<boolean> =>
      this.#answers.of(`${key}/${namespace ?? ''}`, () => this.#queue.add(() => this.#mayGet(user, namespace)))
    try {
      if (await ask(undefined)) return new Set(distinct)
      const allowed = await Promise.all(distinct.map(ask))
      return new Set(distinct.filter((_, index) => allowed[index]))
    } catch (error) {
      throw new PageError('Unavailable', 'the API server cannot be asked what you may see: try again', 5, error)
    }
  }
}

const keyOf = ({ username, uid, groups, extra }: KubeUser): string =>
  createHash('sha256')
    .update(JSON.stringify([username, uid, groups, extra]))
    .digest('base64')
