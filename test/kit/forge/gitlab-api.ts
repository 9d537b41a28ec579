import type { OpenApi } from './openapi.ts'

const text = { type: 'string' }
const whole = { type: 'integer' }
const flag = { type: 'boolean' }
const nullable = { type: 'string', nullable: true }
const inPath = (name: string, schema: object) => ({ name, in: 'path', required: true, schema }) as const
const inQuery = (name: string, schema: object) => ({ name, in: 'query', schema }) as const
const json = (schema: object) => ({ content: { 'application/json': { schema } } })
const account = { type: 'object', properties: { id: whole, username: text, name: text, state: text, web_url: text } }

const mergeRequest = {
  type: 'object',
  properties: {
    id: whole,
    iid: whole,
    project_id: whole,
    source_project_id: whole,
    target_project_id: whole,
    source_branch: text,
    target_branch: text,
    title: text,
    description: nullable,
    state: { type: 'string', enum: ['opened', 'closed', 'locked', 'merged'] },
    draft: flag,
    labels: { type: 'array', items: text },
    reviewers: { type: 'array', items: account },
    web_url: text,
    sha: nullable,
    merged_at: nullable,
    closed_at: nullable,
  },
}

const changes = {
  title: text,
  description: text,
  target_branch: text,
  labels: text,
  reviewer_ids: { type: 'array', items: whole },
  remove_source_branch: flag,
}

const project = inPath('id', { oneOf: [text, whole] })
const number = inPath('merge_request_iid', whole)
const refusals = { '400': {}, '401': {}, '403': {}, '404': {}, '409': {}, '422': {} }

/**
 * What docs.gitlab.com/api/merge_requests and /api/users say of the operations that are used, written here in the words of
 * OpenAPI: no package that could be had carries GitLab's own document. A test holds the names of its fields against GitLab's
 * own client.
 */
export const GITLAB_API: OpenApi = {
  paths: {
    '/projects/{id}/merge_requests': {
      get: {
        parameters: [
          project,
          inQuery('source_branch', text),
          inQuery('target_branch', text),
          inQuery('state', { type: 'string', enum: ['opened', 'closed', 'locked', 'merged', 'all'] }),
          inQuery('order_by', { type: 'string', enum: ['created_at', 'updated_at', 'merged_at', 'title', 'priority'] }),
          inQuery('sort', { type: 'string', enum: ['asc', 'desc'] }),
          inQuery('per_page', { type: 'integer', minimum: 1, maximum: 100 }),
          inQuery('page', { type: 'integer', minimum: 1 }),
        ],
        responses: { '200': json({ type: 'array', items: mergeRequest }), ...refusals },
      },
      post: {
        parameters: [project],
        requestBody: {
          required: true,
          ...json({
            type: 'object',
            properties: { ...changes, source_branch: { type: 'string', minLength: 1 } },
            required: ['source_branch', 'target_branch', 'title'],
          }),
        },
        responses: { '201': json(mergeRequest), ...refusals },
      },
    },
    '/projects/{id}/merge_requests/{merge_request_iid}': {
      get: { parameters: [project, number], responses: { '200': json(mergeRequest), ...refusals } },
      put: {
        parameters: [project, number],
        requestBody: {
          required: true,
          ...json({
            type: 'object',
            properties: {
              ...changes,
              add_labels: text,
              remove_labels: text,
              state_event: { type: 'string', enum: ['close', 'reopen'] },
            },
            minProperties: 1,
          }),
        },
        responses: { '200': json(mergeRequest), ...refusals },
      },
    },
    '/users': {
      get: {
        parameters: [inQuery('username', text)],
        responses: { '200': json({ type: 'array', items: account }), ...refusals },
      },
    },
  },
}
