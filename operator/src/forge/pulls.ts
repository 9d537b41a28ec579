import { apiPath } from './api-client.ts'
import type { ApiClient, ApiRequest } from './api-client.ts'
import { bounded } from './bounded.ts'
import { Fields, listOf } from './fields.ts'
import type { Forge, PullRequest } from './forge.ts'
import type { Place } from './place.ts'

/** What GitHub's pull requests and Gitea's, which are made after them, have in common. */
export interface Pulls extends Pick<Forge, 'read' | 'update' | 'requestReview'> {
  /** Of the repository's pull requests. */
  readonly path: string
  /** Path of the labels of one. */
  readonly labelsOf: (number: number) => string
  /** Sends what is answered with one. */
  readonly send: (request: ApiRequest) => Promise<PullRequest>
}

export interface PullsDialect {
  /** A title as the host marks drafts. */
  readonly titleOf: (title: string, isDraft: boolean) => string
  readonly toPullRequest: (pull: Fields) => PullRequest
}

const TEAM = 'team:'

export function pullsOf(api: ApiClient, { owner, name }: Place, { titleOf, toPullRequest }: PullsDialect): Pulls {
  const repository = apiPath('repos', owner, name)
  const path = `${repository}/pulls`
  const send = async (request: ApiRequest): Promise<PullRequest> =>
    toPullRequest(new Fields(await api.send(request), 'pull'))

  return {
    path,
    labelsOf: (number) => `${repository}/issues/${number}/labels`,
    send,
    read: (number) => send({ method: 'GET', path: `${path}/${number}` }),
    update: ({ number, isDraft }, { title, body, close }) =>
      send({
        method: 'PATCH',
        path: `${path}/${number}`,
        body: {
          ...(title === undefined ? {} : { title: titleOf(title, isDraft) }),
          ...(body === undefined ? {} : { body }),
          ...(close === true ? { state: 'closed' } : {}),
        },
      }),
    async requestReview(number, reviewers) {
      const teams = reviewers.filter((reviewer) => reviewer.startsWith(TEAM))
      await api.send({
        method: 'POST',
        path: `${path}/${number}/requested_reviewers`,
        body: {
          reviewers: reviewers.filter((reviewer) => !teams.includes(reviewer)),
          team_reviewers: teams.map((team) => team.slice(TEAM.length)),
        },
      })
    },
  }
}

/** The fields that both call alike. @param isMerged where it is not open */
export const readPull = (pull: Fields, isMerged: boolean): PullRequest =>
  bounded({
    number: pull.number('number'),
    url: pull.text('html_url'),
    state: pull.text('state') === 'open' ? 'Open' : isMerged ? 'Merged' : 'Closed',
    title: pull.text('title'),
    body: pull.text('body'),
    labels: listOf(pull.list('labels'), 'labels').map((label) => label.text('name')),
    isDraft: pull.flag('draft'),
  })
