import { run } from '../process/index.ts'
import { component } from '../components/index.ts'
import { openApiValidator } from './openapi.ts'
import type { OpenApi } from './openapi.ts'
import { startStandIn } from './stand-in.ts'
import type { Answer, StandIn, StandInRequest } from './stand-in.ts'
import type { ForgeStandIn } from './index.ts'

const GITHUB_TOKEN = 'ghp_stand_in_token'
const OWNER = 'octo'
const NAME = 'audit'
const REPOSITORY = `/repos/${OWNER}/${NAME}`

interface Pull {
  number: number
  title: string
  body: string | null
  state: 'open' | 'closed'
  merged_at: string | null
  draft: boolean
  labels: { name: string }[]
  head: { label: string; ref: string; sha: string; repo: { id: number } | null }
  base: { label: string; ref: string; sha: string; repo: { id: number } }
  html_url: string
  requested_reviewers: { login: string }[]
}

/** GitHub as far as pull requests go: what docs.github.com/rest says of them, below `/api/v3` as on Enterprise Server. */
export async function startGitHub(): Promise<ForgeStandIn> {
  const printed = await run(await component('github-openapi'), [])
  const validator = openApiValidator(JSON.parse(printed.stdout.toString()) as OpenApi)
  const pulls: Pull[] = []
  let standIn: StandIn

  const place = (ref: string, id: number | null) => ({
    label: `${OWNER}:${ref}`,
    ref,
    sha: 'a'.repeat(40),
    repo: id === null ? null : { id },
  })
  const make = (
    fields: { head: string; base: string; title: string; body?: string; draft?: boolean },
    fork?: 'fork',
  ) => {
    const number = pulls.length + 1
    const pull: Pull = {
      number,
      title: fields.title,
      body: fields.body ?? null,
      state: 'open',
      merged_at: null,
      draft: fields.draft ?? false,
      labels: [],
      head: place(fields.head, fork === undefined ? 1 : 2),
      base: place(fields.base, 1) as Pull['base'],
      html_url: `${standIn.url}/${OWNER}/${NAME}/pull/${number}`,
      requested_reviewers: [],
    }
    pulls.push(pull)
    return pull
  }
  const refuse = (message: string): Answer => ({
    status: 422,
    body: { message: 'Validation Failed', errors: [{ resource: 'PullRequest', code: 'custom', message }] as never },
  })

  const handle = (request: StandInRequest): Answer => {
    const { method, path, query, headers } = request
    if (headers['user-agent'] === undefined) return { status: 403, body: { message: 'no user agent' } }
    if (headers['authorization'] !== `Bearer ${GITHUB_TOKEN}`)
      return { status: 401, body: { message: 'Bad credentials' } }
    const body = request.body as any
    const number = Number(/\/(?:pulls|issues)\/(\d+)/.exec(path)?.[1])
    const pull = pulls.find((each) => each.number === number)
    if (path === `${REPOSITORY}/pulls` && method === 'GET') {
      const found = pulls.filter(
        ({ head, base, state }) =>
          (query.get('head') ?? head.label) === head.label &&
          (query.get('base') ?? base.ref) === base.ref &&
          [state, 'all'].includes(query.get('state') ?? 'open'),
      )
      return { status: 200, body: found.reverse().slice(0, Number(query.get('per_page') ?? 30)) }
    }
    if (path === `${REPOSITORY}/pulls` && method === 'POST') {
      const isThere = pulls.some(
        ({ head, base, state }) => state === 'open' && head.ref === body.head && base.ref === body.base,
      )
      return isThere
        ? refuse(`A pull request already exists for ${OWNER}:${body.head}.`)
        : { status: 201, body: make(body) }
    }
    if (pull === undefined) return { status: 404, body: { message: 'Not Found' } }
    if (path.endsWith('/labels') && method === 'POST') {
      for (const name of body.labels as string[])
        if (!pull.labels.some((label) => label.name === name)) pull.labels.push({ name })
      return { status: 200, body: pull.labels }
    }
    const label = /\/labels\/(.+)$/.exec(path)?.[1]
    if (label !== undefined && method === 'DELETE') {
      const before = pull.labels.length
      pull.labels = pull.labels.filter(({ name }) => name !== decodeURIComponent(label))
      return before === pull.labels.length
        ? { status: 404, body: { message: 'Label does not exist' } }
        : { status: 200, body: pull.labels }
    }
    if (path.endsWith('/requested_reviewers') && method === 'POST') {
      const asked = body.reviewers as string[]
      if (asked.includes('nobody')) return refuse('Reviews may only be requested from collaborators.')
      pull.requested_reviewers.push(...asked.map((login) => ({ login })))
      return { status: 201, body: pull }
    }
    if (method === 'PATCH') Object.assign(pull, body)
    return { status: 200, body: pull }
  }
  standIn = await startStandIn(validator, '/api/v3', handle)
  const at = (number: number): Pull => pulls[number - 1] as Pull
  return {
    ...standIn,
    type: 'GitHub',
    repository: `${standIn.url}/${OWNER}/${NAME}.git`,
    token: GITHUB_TOKEN,
    async open(head, base, title) {
      return make({ head, base, title }).number
    },
    async openFromFork(head, base) {
      return make({ head, base, title: 'from a fork' }, 'fork').number
    },
    async close(number) {
      at(number).state = 'closed'
    },
    async merge(number) {
      Object.assign(at(number), { state: 'closed', merged_at: '2026-01-01T00:00:00Z' })
    },
    async labelsOf(number) {
      return at(number).labels.map(({ name }) => name)
    },
    async addLabel(number, name) {
      at(number).labels.push({ name })
    },
    async reviewersOf(number) {
      return at(number).requested_reviewers.map(({ login }) => login)
    },
  }
}
