import type { ApiClient, ApiDialect, ApiRequest } from './api-client.ts'
import { apiPath } from './api-client.ts'
import { bounded } from './bounded.ts'
import { draftTitle, plainTitle } from './draft-title.ts'
import { Fields, listOf } from './fields.ts'
import { ForgeError } from './forge-error.ts'
import type { Forge, HeadAndBase, PullRequest } from './forge.ts'
import type { Place } from './place.ts'

const PER_PAGE = 20
const DRAFT = 'Draft: '

export function gitlabDialect({ origin }: Place): ApiDialect {
  return {
    base: `${origin}/api/v4`,
    headers: {},
    // Personal, group and project tokens are taken as OAuth's are (docs.gitlab.com/api/rest/authentication).
    authorization: (credentials) => `Bearer ${'bearer' in credentials ? credentials.bearer : credentials.password}`,
    rights: 'the scope api and the role Developer',
  }
}

/** GitLab. Source: docs.gitlab.com/api/merge_requests. */
export function gitlabForge(api: ApiClient, { owner, name }: Place): Forge {
  const project = apiPath('projects', `${owner}/${name}`)
  const requests = `${project}/merge_requests`

  const send = async (request: ApiRequest): Promise<PullRequest> =>
    toPullRequest(new Fields(await api.send(request), 'merge_request'))

  async function accountId(username: string): Promise<number> {
    const found = listOf(await api.send({ method: 'GET', path: '/users', query: { username } }), 'users')
    const [account] = found
    if (account !== undefined) return account.number('id')
    throw new ForgeError('InvalidInput', `reviewers: GitLab knows no account ${JSON.stringify(username)}`)
  }

  return {
    read: (iid) => send({ method: 'GET', path: `${requests}/${iid}` }),
    async find({ head, base }) {
      const query = {
        source_branch: head,
        target_branch: base,
        state: 'all',
        order_by: 'created_at',
        sort: 'desc',
        per_page: String(PER_PAGE),
      }
      const found = listOf(await api.send({ method: 'GET', path: requests, query }), 'merge_requests')
      const all = found.filter((request) => isOf(request, { head, base })).map(toPullRequest)
      return all.find(({ state }) => state === 'Open') ?? all[0]
    },
    create: ({ head, base, title, body, isDraft }) =>
      send({
        method: 'POST',
        path: requests,
        body: {
          source_branch: head,
          target_branch: base,
          title: draftTitle(DRAFT, title, isDraft),
          description: body,
        },
      }),
    update: ({ number, isDraft }, { title, body, close }) =>
      send({
        method: 'PUT',
        path: `${requests}/${number}`,
        body: {
          ...(title === undefined ? {} : { title: draftTitle(DRAFT, title, isDraft) }),
          ...(body === undefined ? {} : { description: body }),
          ...(close === true ? { state_event: 'close' } : {}),
        },
      }),
    async label(number, { add, remove }) {
      await api.send({
        method: 'PUT',
        path: `${requests}/${number}`,
        body: {
          ...(add.length === 0 ? {} : { add_labels: add.join(',') }),
          ...(remove.length === 0 ? {} : { remove_labels: remove.join(',') }),
        },
      })
    },
    async requestReview(number, reviewers) {
      const path = `${requests}/${number}`
      const team = reviewers.find((reviewer) => reviewer.startsWith('team:'))
      if (team !== undefined)
        throw new ForgeError('InvalidInput', `reviewers: ${team}: GitLab takes accounts, not teams, as reviewers`)
      // The list is set as a whole: whom people have asked stays on it.
      const before = new Fields(await api.send({ method: 'GET', path }), 'merge_request')
      const asked = listOf(before.list('reviewers'), 'reviewers').map((reviewer) => reviewer.number('id'))
      const ids = await Promise.all(reviewers.map(accountId))
      await api.send({ method: 'PUT', path, body: { reviewer_ids: [...new Set([...asked, ...ids])] } })
    },
  }
}

function isOf(request: Fields, { head, base }: HeadAndBase): boolean {
  return (
    request.number('source_project_id') === request.number('target_project_id') &&
    request.text('source_branch') === head &&
    request.text('target_branch') === base
  )
}

const STATES: Readonly<Record<string, PullRequest['state']>> = { merged: 'Merged', closed: 'Closed' }

/** `locked` is an open one that is just being merged. */
function toPullRequest(request: Fields): PullRequest {
  const title = request.text('title')
  return bounded({
    number: request.number('iid'),
    url: request.text('web_url'),
    state: STATES[request.text('state')] ?? 'Open',
    title: plainTitle(title),
    body: request.text('description'),
    labels: request.list('labels').filter((label) => typeof label === 'string'),
    isDraft: request.flag('draft'),
  })
}
