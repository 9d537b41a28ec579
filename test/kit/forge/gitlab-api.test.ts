import { expect, test } from 'vitest'
import { component } from '../components/index.ts'
import { run } from '../process/index.ts'
import { GITLAB_API } from './gitlab-api.ts'

/** What GitLab's own client calls the fields of a structure, in queries and in JSON. */
async function fieldsOfClient(...structures: readonly string[]): Promise<Set<string>> {
  const source = (await run(await component('gitlab-client'), [])).stdout.toString()
  const names = structures.flatMap((name) => {
    const body = new RegExp(`^type ${name} struct \\{$([\\s\\S]*?)^\\}$`, 'm').exec(source)?.[1]
    if (body === undefined) throw new Error(`GitLab's client has no ${name}`)
    return [...body.matchAll(/(?:json|url):"([^",]+)/g)].map(([, field]) => field ?? '')
  })
  return new Set(names)
}

const LIST = '/projects/{id}/merge_requests'
const ONE = '/projects/{id}/merge_requests/{merge_request_iid}'
const bodyOf = (path: string, method: string): string[] =>
  Object.keys(GITLAB_API.paths[path]?.[method]?.requestBody?.content['application/json']?.schema['properties'])
const queryOf = (path: string): string[] =>
  (GITLAB_API.paths[path]?.['get']?.parameters ?? []).flatMap((parameter) =>
    'name' in parameter && parameter.in === 'query' ? [parameter.name] : [],
  )
const answerOf = (path: string): string[] => {
  const response = GITLAB_API.paths[path]?.['get']?.responses['200']
  const schema = response !== undefined && 'content' in response ? response.content?.['application/json']?.schema : {}
  return Object.keys(schema?.['properties'] ?? schema?.['items'].properties)
}

test.each([
  ['to create', ['CreateMergeRequestOptions'], bodyOf(LIST, 'post')],
  ['to update', ['UpdateMergeRequestOptions'], bodyOf(ONE, 'put')],
  ['to list', ['ListProjectMergeRequestsOptions', 'ListOptions'], queryOf(LIST)],
  ['that is answered', ['BasicMergeRequest'], answerOf(ONE)],
  ['of accounts', ['ListUsersOptions'], queryOf('/users')],
  ['of an account', ['User'], answerOf('/users')],
] as const)("every field %s is one of GitLab's own client", async (_, structures, fields) => {
  const known = await fieldsOfClient(...structures)
  expect(fields.length).toBeGreaterThan(0)
  expect(fields.filter((field) => !known.has(field))).toEqual([])
})
