import type { ApiClient, ApiDialect } from './api-client.ts'
import { apiPath } from './api-client.ts'
import { draftTitle, plainTitle } from './draft-title.ts'
import { listOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { ifFound } from './forge-error.ts'
import type { Forge, HeadAndBase, PullRequest } from './forge.ts'
import type { Place } from './place.ts'
import { pullsOf, readPull } from './pulls.ts'

/** Open requests of a repository are gone through up to this many pages … */
const OPEN_PAGES = 40
/** … and those that are closed up to this many, newest first: an older one has been answered long since. */
const CLOSED_PAGES = 4
const PER_PAGE = 50
const DRAFT = 'WIP: '
/** Of labels that are made. */
const GREY = '#ededed'

const titleOf = (title: string, isDraft: boolean): string => draftTitle(DRAFT, title, isDraft)

export function giteaDialect({ origin, prefix }: Place): ApiDialect {
  return {
    base: `${origin}${prefix}/api/v1`,
    headers: {},
    authorization: (credentials) =>
      'bearer' in credentials
        ? `Bearer ${credentials.bearer}`
        : `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`,
    rights: 'the scopes write:repository and write:issue',
  }
}

/** Gitea and Forgejo. Source: the REST API that an installation documents at /api/swagger. */
export function giteaForge(api: ApiClient, at: Place): Forge {
  const pulls = pullsOf(api, at, { titleOf, toPullRequest })
  const labels = `${apiPath('repos', at.owner, at.name)}/labels`

  async function page(place: HeadAndBase, state: 'open' | 'closed', number: number): Promise<Fields[]> {
    const query = { state, base_branch: place.base, limit: String(PER_PAGE), page: String(number) }
    return listOf(await api.send({ method: 'GET', path: pulls.path, query }), 'pulls')
  }

  async function findOne(
    place: HeadAndBase,
    state: 'open' | 'closed',
    pages: number,
  ): Promise<PullRequest | undefined> {
    for (let at = 1; at <= pages; at++) {
      const found = await page(place, state, at)
      const newest = found
        .filter((pull) => isOf(pull, place))
        .map(toPullRequest)
        .sort((a, b) => b.number - a.number)[0]
      if (newest !== undefined || found.length === 0) return newest
    }
    return undefined
  }

  return {
    ...pulls,
    async find(place) {
      return (await findOne(place, 'open', OPEN_PAGES)) ?? (await findOne(place, 'closed', CLOSED_PAGES))
    },
    create: ({ head, base, title, body, isDraft }) =>
      pulls.send({
        method: 'POST',
        path: pulls.path,
        body: { head, base, title: titleOf(title, isDraft), body },
      }),
    async label(number, { add, remove }) {
      const path = pulls.labelsOf(number)
      if (add.length > 0) {
        // Names that nobody knows are passed over without a word.
        const there = namesOf(await api.send({ method: 'POST', path, body: { labels: add } }))
        const missing = add.filter((label) => !there.has(label.toLowerCase()))
        for (const label of missing)
          await api.send({ method: 'POST', path: labels, body: { name: label, color: GREY } })
        if (missing.length > 0) await api.send({ method: 'POST', path, body: { labels: missing } })
      }
      if (remove.length === 0) return
      const unwanted = new Set(remove.map((label) => label.toLowerCase()))
      for (const label of listOf(await api.send({ method: 'GET', path }), 'labels')) {
        if (!unwanted.has(label.text('name').toLowerCase())) continue
        await ifFound(api.send({ method: 'DELETE', path: `${path}/${label.number('id')}` }))
      }
    },
  }
}

/** The branch is called by `label` also when it is gone. */
function isOf(pull: Fields, { head, base }: HeadAndBase): boolean {
  const [from, to] = [pull.fields('head'), pull.fields('base')]
  return from.number('repo_id') === to.number('repo_id') && from.text('label') === head && to.text('ref') === base
}

function toPullRequest(pull: Fields): PullRequest {
  const { title, isDraft, ...rest } = readPull(pull, pull.flag('merged'))
  const plain = plainTitle(title)
  return { ...rest, title: plain, isDraft: isDraft || plain !== title }
}

function namesOf(labels: unknown): Set<string> {
  return new Set(listOf(labels, 'labels').map((label) => label.text('name').toLowerCase()))
}
