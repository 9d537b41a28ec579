import type { ApiClient, ApiDialect } from './api-client.ts'
import { apiPath } from './api-client.ts'
import { draftTitle, plainTitle } from './draft-title.ts'
import { Fields, listOf } from './fields.ts'
import { isForgeError } from './forge-error.ts'
import type { Forge, HeadAndBase, PullRequest } from './forge.ts'
import type { Place } from './place.ts'

/** Open requests of a repository are gone through up to this many pages … */
const OPEN_PAGES = 40
/** … and those that are closed up to this many, newest first: an older one has been answered long since. */
const CLOSED_PAGES = 4
const PER_PAGE = 50
const DRAFT = 'WIP: '
/** Of labels that are made. */
const GREY = '#ededed'

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
export function giteaForge(api: ApiClient, { owner, name }: Place): Forge {
  const repository = apiPath('repos', owner, name)
  const pulls = `${repository}/pulls`

  async function page(place: HeadAndBase, state: 'open' | 'closed', number: number): Promise<Fields[]> {
    const query = { state, base_branch: place.base, limit: String(PER_PAGE), page: String(number) }
    return listOf(await api.send({ method: 'GET', path: pulls, query }), 'pulls')
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
    async read(number) {
      return toPullRequest(new Fields(await api.send({ method: 'GET', path: `${pulls}/${number}` }), 'pull'))
    },
    async find(place) {
      return (await findOne(place, 'open', OPEN_PAGES)) ?? (await findOne(place, 'closed', CLOSED_PAGES))
    },
    async create({ head, base, title, body, isDraft }) {
      const created = await api.send({
        method: 'POST',
        path: pulls,
        body: { head, base, title: draftTitle(DRAFT, title, isDraft), body },
      })
      return toPullRequest(new Fields(created, 'pull'))
    },
    async update({ number, isDraft }, { title, body, close }) {
      const updated = await api.send({
        method: 'PATCH',
        path: `${pulls}/${number}`,
        body: {
          ...(title === undefined ? {} : { title: draftTitle(DRAFT, title, isDraft) }),
          ...(body === undefined ? {} : { body }),
          ...(close === true ? { state: 'closed' } : {}),
        },
      })
      return toPullRequest(new Fields(updated, 'pull'))
    },
    async label(number, { add, remove }) {
      const path = `${repository}/issues/${number}/labels`
      if (add.length > 0) {
        // Names that nobody knows are passed over without a word.
        const there = namesOf(await api.send({ method: 'POST', path, body: { labels: add } }))
        const missing = add.filter((label) => !there.has(label.toLowerCase()))
        for (const label of missing)
          await api.send({ method: 'POST', path: `${repository}/labels`, body: { name: label, color: GREY } })
        if (missing.length > 0) await api.send({ method: 'POST', path, body: { labels: missing } })
      }
      if (remove.length === 0) return
      const unwanted = new Set(remove.map((label) => label.toLowerCase()))
      for (const label of listOf(await api.send({ method: 'GET', path }), 'labels')) {
        if (!unwanted.has(label.text('name').toLowerCase())) continue
        await ignoreMissing(api.send({ method: 'DELETE', path: `${path}/${label.number('id')}` }))
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

/** The branch is called by `label` also when it is gone. */
function isOf(pull: Fields, { head, base }: HeadAndBase): boolean {
  const [from, to] = [pull.fields('head'), pull.fields('base')]
  return from.number('repo_id') === to.number('repo_id') && from.text('label') === head && to.text('ref') === base
}

function toPullRequest(pull: Fields): PullRequest {
  const title = pull.text('title')
  const closed = pull.flag('merged') ? 'Merged' : 'Closed'
  return {
    number: pull.number('number'),
    url: pull.text('html_url'),
    state: pull.text('state') === 'open' ? 'Open' : closed,
    title: plainTitle(title),
    body: pull.text('body'),
    labels: listOf(pull.list('labels'), 'labels').map((label) => label.text('name')),
    isDraft: pull.flag('draft') || plainTitle(title) !== title,
  }
}

function namesOf(labels: unknown): Set<string> {
  return new Set(listOf(labels, 'labels').map((label) => label.text('name').toLowerCase()))
}

async function ignoreMissing(answer: Promise<unknown>): Promise<void> {
  try {
    await answer
  } catch (error) {
    if (!isForgeError(error, 'NotFound')) throw error
  }
}
