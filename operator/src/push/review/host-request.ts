import { ifFound } from '../../forge/forge-error.ts'
import type { Forge, PullRequest } from '../../forge/forge.ts'
import { markOf } from '../../plan/request-section.ts'
import { PushFailure } from '../failure.ts'
import { asked } from './forge-failure.ts'
import { closeEmpty, keepInStep, openRequest } from './keep-in-step.ts'
import type { WantedRequest } from './keep-in-step.ts'
import { settingsOf } from './review-round.ts'
import type { ReviewRound } from './review-round.ts'
import type { PullRequestStatus } from './review-settings.ts'

/** What became of the request of a branch. */
export interface ReviewChange {
  /** GitSyncs that write the branch. */
  readonly members: readonly string[]
  readonly kind: 'Opened' | 'Closed' | 'Merged'
  readonly request: PullRequestStatus
  /** In words. */
  readonly why: string
}

export interface HostRequestOptions {
  /** Branch of the request; short name. */
  readonly branch: string
  readonly onChange?: ((change: ReviewChange) => void) | undefined
}

/** The request of one branch: as the host showed it last, and as the members' status tells it. */
export class HostRequest {
  readonly #options: HostRequestOptions
  /** As it is remembered: spares requests. */
  known: PullRequest | undefined

  constructor(options: HostRequestOptions) {
    this.#options = options
  }

  /** The newest that the host has for the branch. @throws PushFailure */
  find(round: ReviewRound): Promise<PullRequest | undefined> {
    const { base } = settingsOf(round)
    return asked(() => forgeOf(round).find({ head: this.#options.branch, base }))
  }

  /** The one that is known, as the host shows it now; else the one that is open, else the newest. @throws PushFailure */
  async latest(round: ReviewRound): Promise<PullRequest | undefined> {
    const number = this.known?.number ?? this.status(round)?.number
    const known = number === undefined ? undefined : await this.read(round, number)
    return known?.state === 'Open' ? known : ((await this.find(round)) ?? known)
  }

  /** One request; undefined where the host does not know it. @throws PushFailure */
  read(round: ReviewRound, number: number): Promise<PullRequest | undefined> {
    return asked(() => ifFound(forgeOf(round).read(number)))
  }

  /** Opens it where it is not open, else brings it in step. @param isFresh `open` is as the host shows it now */
  bringInStep(
    round: ReviewRound,
    open: PullRequest | undefined,
    wanted: WantedRequest,
    isFresh: boolean,
  ): Promise<PullRequest> {
    const place = { head: this.#options.branch, base: wanted.settings.base }
    return asked(() => {
      const forge = forgeOf(round)
      return open === undefined ? openRequest(forge, place, wanted) : keepInStep(forge, open, wanted, isFresh)
    })
  }

  /** Where nothing is proposed any more, and the same may be proposed again. @throws PushFailure */
  closeEmpty(round: ReviewRound, request: PullRequest): Promise<PullRequest> {
    return asked(() => closeEmpty(forgeOf(round), request))
  }

  /** Where people have said no in another way than by closing it. @throws PushFailure */
  close(round: ReviewRound, request: PullRequest): Promise<PullRequest> {
    return asked(() => forgeOf(round).update(request, { close: true }))
  }

  /** What the status of a GitSync says of it: also before this process has seen anything. */
  status({ members }: Pick<ReviewRound, 'members'>): PullRequestStatus | undefined {
    return members
      .map(({ standing }) => standing.pullRequest(this.#options.branch))
      .find((request) => request !== undefined)
  }

  /** Tells the members what the host shows. */
  tell(round: ReviewRound, request: PullRequest, why = '', isRefused = false): void {
    const { number, url, state, title } = request
    this.tellStatus(round, { number, url, state, title, ...(isRefused ? { isRefused } : {}) }, why)
  }

  /** Tells the members, and who listens where the request is another or in another state. */
  tellStatus(round: ReviewRound, status: Omit<PullRequestStatus, 'branch'>, why = ''): void {
    const { branch, onChange } = this.#options
    const { members } = round
    const request = { ...status, branch }
    const before = this.status(round)
    for (const member of members) member.standing.tell(request)
    if (before?.number === request.number && before?.state === request.state) return
    const kind = request.state === 'Open' ? 'Opened' : request.state
    onChange?.({ members: members.map(({ name }) => name), kind, request, why })
  }
}

/** Whether people have said no to just this. @param state stands for what would be proposed */
export function isRefusal(request: PullRequest | undefined, state: string): request is PullRequest {
  if (request?.state !== 'Closed') return false
  const mark = markOf(request.body)
  return mark === undefined || mark.state === state
}

/** @throws ForgeError where nobody says what the host runs */
function forgeOf(round: ReviewRound): Forge {
  const forge = round.connection.forge?.(settingsOf(round).hostType)
  if (forge === undefined) throw new PushFailure('InternalError', 'the connection has no way to an API')
  return forge
}
