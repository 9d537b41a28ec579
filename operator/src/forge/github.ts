import type { ApiClient, ApiDialect } from './api-client.ts'
import { apiPath } from './api-client.ts'
import { listOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { ForgeError, ifFound, isForgeError } from './forge-error.ts'
import type { Forge, HeadAndBase, PullRequest } from './forge.ts'
import type { Place } from './place.ts'
import { pullsOf, readPull } from './pulls.ts'

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
export function githubForge(api: ApiClient, place: Place): Forge {
  const pulls = pullsOf(api, place, { titleOf: (title) => title, toPullRequest })

  return {
    ...pulls,
    async find({ head, base }) {
      const query = {
        head: `${place.owner}:${head}`,
        base,
        state: 'all',
        sort: 'created',
        direction: 'desc',
        per_page: String(PER_PAGE),
      }
      const found = listOf(await api.send({ method: 'GET', path: pulls.path, query }), 'pulls')
      const all = found.filter((pull) => isOf(pull, { head, base })).map(toPullRequest)
      return all.find(({ state }) => state === 'Open') ?? all[0]
    },
    async create({ head, base, title, body, isDraft }) {
      try {
        return await pulls.send({
          method: 'POST',
          path: pulls.path,
          body: { head, base, title, body, draft: isDraft },
        })
      } catch (error) {
        // Said in words only: 422 is the answer to everything that cannot be done.
        if (!isForgeError(error, 'Rejected') || !/already exists/i.test(error.message)) throw error
        throw new ForgeError('Exists', error.message, { status: error.status, cause: error })
      }
    },
    async label(number, { add, remove }) {
      const path = pulls.labelsOf(number)
      if (add.length > 0) await api.send({ method: 'POST', path, body: { labels: add } })
      for (const label of remove) await ifFound(api.send({ method: 'DELETE', path: `${path}${apiPath(label)}` }))
    },
  }
}

/** A fork that was deleted leaves no repository behind. */
function isOf(pull: Fields, { head, base }: HeadAndBase): boolean {
  const [from, to] = [pull.fields('head'), pull.fields('base')]
  if (from.text('ref') !== head || to.text('ref') !== base || !from.has('repo')) return false
  return from.fields('repo').number('id') === to.fields('repo').number('id')
}

const toPullRequest = (pull: Fields): PullRequest => readPull(pull, pull.has('merged_at'))
