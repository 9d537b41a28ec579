import type { ApiClient, ApiDialect } from './api-client.ts'
import { apiPath } from './api-client.ts'
import { Fields, listOf } from './fields.ts'
import { ForgeError, isForgeError } from './forge-error.ts'
import type { Forge, HeadAndBase, PullRequest } from './forge.ts'
import type { Place } from './place.ts'

/** One branch has few requests, and the newest come first. */
const PER_PAGE = 20

/** github.com has its API on a host of its own, GitHub Enterprise Server below `/api/v3`. */
export function githubDialect({ origin, host }: Place): ApiDialect {
  return {
    base: host === 'github.com' ? 'https://api.github.com' : `${origin}/api/v3`,
    headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
    authorization: (credentials) => `Bearer ${'bearer' in credentials ? credentials.bearer : credentials.password}`,
    rights: 'the permissions Contents: write and Pull requests: write (classic tokens: the scope repo)',
  }
}

/** GitHub and GitHub Enterprise Server. Source: docs.github.com/rest, version 2022-11-28. */
export function githubForge(api: ApiClient, { owner, name }: Place): Forge {
  const repository = apiPath('repos', owner, name)
  const pulls = `${repository}/pulls`
  const issue = (number: number): string => `${repository}/issues/${number}`

  return {
    async read(number) {
      return toPullRequest(new Fields(await api.send({ method: 'GET', path: `${pulls}/${number}` }), 'pull'))
    },
    async find({ head, base }) {
      const query = {
        head: `${owner}:${head}`,
        base,
        state: 'all',
        sort: 'created',
        direction: 'desc',
        per_page: String(PER_PAGE),
      }
      const found = listOf(await api.send({ method: 'GET', path: pulls, query }), 'pulls')
      const all = found.filter((pull) => isOf(pull, { head, base })).map(toPullRequest)
      return all.find(({ state }) => state === 'Open') ?? all[0]
    },
    async create({ head, base, title, body, isDraft }) {
      const request = { method: 'POST', path: pulls, body: { head, base, title, body, draft: isDraft } } as const
      try {
        return toPullRequest(new Fields(await api.send(request), 'pull'))
      } catch (error) {
        // Said in words only: 422 is the answer to everything that cannot be done.
        if (!isForgeError(error, 'Rejected') || !/already exists/i.test(error.message)) throw error
        throw new ForgeError('Exists', error.message, { status: error.status, cause: error })
      }
    },
    async update({ number }, { title, body, close }) {
      const updated = await api.send({
        method: 'PATCH',
        path: `${pulls}/${number}`,
        body: {
          ...(title === undefined ? {} : { title }),
          ...(body === undefined ? {} : { body }),
          ...(close === true ? { state: 'closed' } : {}),
        },
      })
      return toPullRequest(new Fields(updated, 'pull'))
    },
    async label(number, { add, remove }) {
      const path = `${issue(number)}/labels`
      if (add.length > 0) await api.send({ method: 'POST', path, body: { labels: add } })
      for (const label of remove) {
        try {
          await api.send({ method: 'DELETE', path: `${path}${apiPath(label)}` })
        } catch (error) {
          if (!isForgeError(error, 'NotFound')) throw error
        }
      }
    },
    async requestReview(number, reviewers) {
      const teams = reviewers.filter((reviewer) => reviewer.startsWith('team:'))
      await api.send({
        method: 'POST',
        path: `${pulls}/${number}/requested_reviewers`,
        body: {
          reviewers: reviewers.filter((reviewer) => !teams.includes(reviewer)),
          team_reviewers: teams.map((team) => team.slice('team:'.length)),
        },
      })
    },
  }
}

/** A fork that was deleted leaves no repository behind. */
function isOf(pull: Fields, { head, base }: HeadAndBase): boolean {
  const [from, to] = [pull.fields('head'), pull.fields('base')]
  if (from.text('ref') !== head || to.text('ref') !== base || !from.has('repo')) return false
  return from.fields('repo').number('id') === to.fields('repo').number('id')
}

function toPullRequest(pull: Fields): PullRequest {
  const closed = pull.has('merged_at') ? 'Merged' : 'Closed'
  return {
    number: pull.number('number'),
    url: pull.text('html_url'),
    state: pull.text('state') === 'open' ? 'Open' : closed,
    title: pull.text('title'),
    body: pull.text('body'),
    labels: listOf(pull.list('labels'), 'labels').map((label) => label.text('name')),
    isDraft: pull.flag('draft'),
  }
}
