import type { Snapshot } from '@gitsync/protocol'
import { PushFailure } from '../../failure.ts'
import type { Head, Looking } from '../../head.ts'
import type { Dialect, SeenRequest } from './dialect.ts'
import { lastRequest } from './last-request.ts'
import { isNothing } from './message.ts'
import { OWNER, ownerOf, trailerOf } from './trailers.ts'

/** A head that is no branch: what the newest commit of its request holds, which the host keeps where nobody pushes. */
export class PushedHead implements Head {
  readonly ref: string
  readonly isBlind = true
  readonly #branch: string
  readonly #base: string
  readonly #dialect: Dialect
  #seen: SeenRequest | undefined

  /** @param branch name of the head. @param base branch that it is for; both short */
  constructor(branch: string, base: string, dialect: Dialect) {
    this.ref = `refs/for/${base}`
    this.#branch = branch
    this.#base = base
    this.#dialect = dialect
  }

  /** The request that Git has shown last, or that has taken the last push, also where it is over. */
  get seen(): SeenRequest | undefined {
    return this.#seen
  }

  /** A push was taken. */
  took(request: SeenRequest): void {
    this.#seen = request
  }

  async tip(looking: Looking): Promise<string | null> {
    return (await this.#find(looking))?.commit.oid ?? null
  }

  async read(looking: Looking, depth: number): Promise<Snapshot> {
    const { repository } = looking.connection
    const found = await this.#find(looking)
    if (found === undefined) return (await repository.snapshot(this.#base, { depth })).at({ ref: this.ref, tip: null })
    const { oid, parents } = found.commit
    return (await repository.snapshotAt(oid)).at({ ref: this.ref, tip: oid, commit: oid, parents })
  }

  /** The request that is open and proposes something. */
  async #find({ connection: { repository }, members }: Looking): Promise<SeenRequest | undefined> {
    const last = lastRequest(members, this.#branch)
    const { number } = last ?? {}
    const isKnown = last !== undefined && number !== undefined
    const seen = isKnown ? await this.#dialect.look(repository, { ...last, number }, this.#seen) : undefined
    const cluster = members[0]?.settings.claim.cluster ?? ''
    this.#seen = seen !== undefined && this.#isOwn(seen, cluster) ? seen : undefined
    const { commit, state } = this.#seen ?? {}
    return commit === undefined || state !== 'Open' || isNothing(commit.message) ? undefined : this.#seen
  }

  /** What is no request of ours is none; what another cluster keeps in step would never come to rest. */
  #isOwn({ number, commit }: SeenRequest, cluster: string): boolean {
    const owner = trailerOf(commit.message, OWNER)
    if (owner === ownerOf(cluster, this.#branch)) return commit.parents.length === 1
    if (owner?.endsWith(` ${this.#branch}`) !== true) return false
    const [other] = owner.split(' ')
    throw new PushFailure(
      'PullRequestRefused',
      `push.branch ${this.#branch}: request ${number} is kept in step by cluster ${other} too: set push.branch to a name of this cluster's own`,
    )
  }
}
