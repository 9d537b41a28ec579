import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKubeClient } from './client.ts'
import type { KubeClient } from './client.ts'
import { send, startApi } from './testing/api.ts'
import type { ApiCall, ScriptedApi } from './testing/api.ts'
import { reviewToken } from './token-review.ts'

let api: ScriptedApi
let client: KubeClient
let answer: (call: ApiCall, response: ServerResponse) => void

beforeEach(async () => {
  api = await startApi((call, response) => answer(call, response))
  client = createKubeClient(api.connection, { maxRetries: 0 })
})
afterEach(async () => {
  await client.close()
  await api.close()
})

const user = { username: 'ann', uid: '1', groups: ['dev'], extra: { scopes: ['a', 'b'] } }

test('says whose a token is', async () => {
  answer = (_call, response) => send(response, 201, { status: { authenticated: true, user } })
  expect(await reviewToken(client, 'the-token', [])).toEqual(user)
  expect(api.calls[0]).toMatchObject({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body: { kind: 'TokenReview', spec: { token: 'the-token' } },
  })
  expect(api.calls[0]?.body.spec).not.toHaveProperty('audiences')
})

test.each([
  [['page', 'other'], true],
  [['other'], false],
  [[], false],
  [undefined, false],
  ['page', false],
])('a token for %j is one for the page: %j', async (audiences, isOne) => {
  answer = (_call, response) => send(response, 201, { status: { authenticated: true, user, audiences } })
  expect((await reviewToken(client, 'the-token', ['page'])) !== undefined).toBe(isOne)
  expect(api.calls[0]?.body.spec.audiences).toEqual(['page'])
})

test.each([{ authenticated: false, user }, { authenticated: 'true', user }, { user }])(
  '%j is nobody',
  async (status) => {
    answer = (_call, response) => send(response, 201, { status })
    expect(await reviewToken(client, 'the-token', [])).toBeUndefined()
  },
)

test.each([
  [500, {}],
  [403, {}],
  [201, {}],
  [201, { status: { authenticated: true } }],
  [201, { status: { authenticated: true, user: { username: '' } } }],
])('%i %j is no answer, and never a yes', async (code, body) => {
  answer = (_call, response) => send(response, code, body)
  await expect(reviewToken(client, 'the-token', [])).rejects.toMatchObject({ name: 'KubeError' })
})
