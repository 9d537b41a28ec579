import { GITLAB_API } from './gitlab-api.ts'
import { openApiValidator } from './openapi.ts'
import { startStandIn } from './stand-in.ts'
import type { Answer, StandIn, StandInRequest } from './stand-in.ts'
import type { ForgeStandIn } from './index.ts'

const GITLAB_TOKEN = 'glpat-stand-in-token'
const PROJECT = 'platform/tenants/audit'

interface MergeRequest {
  id: number
  iid: number
  source_project_id: number
  target_project_id: number
  source_branch: string
  target_branch: string
  title: string
  description: string | null
  state: 'opened' | 'closed' | 'merged'
  draft: boolean
  labels: string[]
  reviewers: { id: number; username: string }[]
  web_url: string
}

/** GitLab as far as merge requests go, in a group of a group. */
export async function startGitLab(): Promise<ForgeStandIn> {
  const requests: MergeRequest[] = []
  const accounts = ['ann', 'ben'].map((username, i) => ({ id: 40 + i, username }))
  let standIn: StandIn

  const make = (fields: Record<string, any>, source = 1): MergeRequest => {
    const iid = requests.length + 1
    const request: MergeRequest = {
      id: 1000 + iid,
      iid,
      source_project_id: source,
      target_project_id: 1,
      source_branch: fields['source_branch'],
      target_branch: fields['target_branch'],
      title: fields['title'],
      description: fields['description'] ?? null,
      state: 'opened',
      draft: /^draft:/i.test(fields['title']),
      labels: [],
      reviewers: [],
      web_url: `${standIn.url}/${PROJECT}/-/merge_requests/${iid}`,
    }
    requests.push(request)
    return request
  }
  const split = (labels: unknown): string[] => (typeof labels === 'string' ? labels.split(',') : [])

  const handle = (request: StandInRequest): Answer => {
    const { method, path, query, headers } = request
    if (headers['authorization'] !== `Bearer ${GITLAB_TOKEN}`)
      return { status: 401, body: { message: '401 Unauthorized' } }
    const body = request.body as any
    if (path === '/users') {
      return { status: 200, body: accounts.filter(({ username }) => username === query.get('username')) }
    }
    const below = `/projects/${encodeURIComponent(PROJECT)}/merge_requests`
    if (!path.startsWith(below)) return { status: 404, body: { message: '404 Project Not Found' } }
    if (path === below && method === 'GET') {
      const found = requests.filter(
        (each) =>
          (query.get('source_branch') ?? each.source_branch) === each.source_branch &&
          (query.get('target_branch') ?? each.target_branch) === each.target_branch &&
          [each.state, 'all'].includes(query.get('state') ?? 'all'),
      )
      return { status: 200, body: found.reverse() }
    }
    if (path === below && method === 'POST') {
      const there = requests.find(
        (each) =>
          each.state === 'opened' &&
          each.source_branch === body.source_branch &&
          each.target_branch === body.target_branch &&
          each.source_project_id === 1,
      )
      if (there === undefined) return { status: 201, body: make(body) }
      const message = [`Another open merge request already exists for this source branch: !${there.iid}`]
      return { status: 409, body: { message } }
    }
    const found = requests.find(({ iid }) => path === `${below}/${iid}`)
    if (found === undefined) return { status: 404, body: { message: '404 Not found' } }
    if (method === 'PUT') {
      const { add_labels: add, remove_labels: remove, state_event: event, reviewer_ids: ids, ...rest } = body
      Object.assign(found, rest)
      found.draft = /^draft:/i.test(found.title)
      if (event === 'close') found.state = 'closed'
      const removed = split(remove)
      found.labels = [...new Set([...found.labels, ...split(add)])].filter((label) => !removed.includes(label))
      if (ids !== undefined) found.reviewers = accounts.filter(({ id }) => ids.includes(id))
    }
    return { status: 200, body: found }
  }
  standIn = await startStandIn(openApiValidator(GITLAB_API), '/api/v4', handle)
  const at = (iid: number): MergeRequest => requests[iid - 1] as MergeRequest
  return {
    ...standIn,
    type: 'GitLab',
    repository: `${standIn.url}/${PROJECT}.git`,
    token: GITLAB_TOKEN,
    async open(head, base, title) {
      return make({ source_branch: head, target_branch: base, title }).iid
    },
    async openFromFork(head, base) {
      return make({ source_branch: head, target_branch: base, title: 'from a fork' }, 2).iid
    },
    async close(number) {
      at(number).state = 'closed'
    },
    async merge(number) {
      at(number).state = 'merged'
    },
    async labelsOf(number) {
      return at(number).labels
    },
    async addLabel(number, label) {
      at(number).labels.push(label)
    },
    async reviewersOf(number) {
      return at(number).reviewers.map(({ username }) => username)
    },
  }
}
