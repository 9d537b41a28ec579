import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { canReadAs, mayGet } from './access.ts'
import { createKubeClient, type KubeClient } from './client.ts'
import { send, startApi, type ApiCall, type ScriptedApi } from './testing/api.ts'
import { CONFIG_MAPS } from './testing/config-maps.ts'

let api: ScriptedApi
let client: KubeClient
let answer: (call: ApiCall, response: ServerResponse) => void
const account = { namespace: 'team', serviceAccount: 'auditor' }

beforeEach(async () => {
  api = await startApi((call, response) => answer(call, response))
  client = createKubeClient(api.connection, { maxRetries: 0 })
})
afterEach(async () => {
  await client.close()
  await api.close()
})

test('asks for list and watch as the account with its three groups', async () => {
  answer = (_call, response) => send(response, 201, { status: { allowed: true } })
  expect(await canReadAs(client, account, CONFIG_MAPS, 'shop')).toEqual({ allowed: true })
  expect(api.calls.map(({ body }): string => body.spec.resourceAttributes.verb).toSorted()).toEqual(['list', 'watch'])
  expect(api.calls[0]?.body.spec).toEqual({
    user: 'system:serviceaccount:team:auditor',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:team', 'system:authenticated'],
    resourceAttributes: {
      namespace: 'shop',
      verb: expect.any(String),
      group: '',
      version: 'v1',
      resource: 'configmaps',
    },
  })
})

test('asks in the namespace where only a Role was given', async () => {
  answer = (_call, response) => send(response, 201, { status: { allowed: true } })
  expect(await canReadAs(client, account, CONFIG_MAPS, 'shop', { local: true })).toEqual({ allowed: true })
  expect(api.calls[0]?.path).toBe('/apis/authorization.k8s.io/v1/namespaces/shop/localsubjectaccessreviews')
  expect(api.calls[0]?.body).toMatchObject({ kind: 'LocalSubjectAccessReview', metadata: { namespace: 'shop' } })
})

test.each([
  ['only list', (verb: string) => ({ allowed: verb === 'list', reason: 'no role' }), 'watch is not allowed: no role'],
  ['only watch', (verb: string) => ({ allowed: verb === 'watch' }), 'list is not allowed'],
  ['denied', () => ({ allowed: true, denied: true, reason: 'never' }), 'list is not allowed: never'],
])('%s is not enough', async (_name, status, reason) => {
  answer = ({ body }, response) => send(response, 201, { status: status(body.spec.resourceAttributes.verb) })
  expect(await canReadAs(client, account, CONFIG_MAPS, undefined)).toEqual({ allowed: false, reason })
  expect(api.calls[0]?.body.spec.resourceAttributes.namespace).toBe('')
})

test.each([
  [500, ''],
  [403, ''],
  [201, {}],
  [201, { status: { allowed: 'yes' } }],
])('%i %o is an error, never a yes', async (code, body) => {
  answer = (_call, response) => send(response, code, body)
  await expect(canReadAs(client, account, CONFIG_MAPS, 'shop')).rejects.toMatchObject({ name: 'KubeError' })
})

test('asks whether a user may get all of a namespace, with all that the API server knows of them', async () => {
  const user = { username: 'ann', uid: '1', groups: ['dev'], extra: { scopes: ['a'] } }
  for (const [status, is] of [
    [{ allowed: true }, true],
    [{ allowed: false }, false],
    [{ allowed: true, denied: true }, false],
  ] as const) {
    answer = (_call, response) => send(response, 201, { status })
    expect(await mayGet(client, user, CONFIG_MAPS, 'shop')).toBe(is)
  }
  const resourceAttributes = { namespace: 'shop', verb: 'get', group: '', version: 'v1', resource: 'configmaps' }
  const { username, ...known } = user
  expect(api.calls[0]?.path).toBe('/apis/authorization.k8s.io/v1/subjectaccessreviews')
  expect(api.calls[0]?.body.spec).toEqual({ user: username, ...known, resourceAttributes })
  await mayGet(client, user, CONFIG_MAPS, undefined)
  expect(api.calls.at(-1)?.body.spec.resourceAttributes.namespace).toBe('')
  answer = (_call, response) => send(response, 201, {})
  await expect(mayGet(client, user, CONFIG_MAPS, 'shop')).rejects.toMatchObject({ name: 'KubeError' })
})
