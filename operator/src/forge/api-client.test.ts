import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { apiPath, createApiClient } from './api-client.ts'
import type { ApiClient, ApiConnection } from './api-client.ts'
import type { ForgeError } from './forge-error.ts'

const TOKEN = 'very-secret-token'
const agent = new Agent({ headersTimeout: 500, bodyTimeout: 500 })
const server = createServer((request, response) => answer(request, response))
let answer: (request: IncomingMessage, response: ServerResponse) => void
let url: string
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await agent.close()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

function client(options: Partial<ApiConnection> = {}, base = url): ApiClient {
  const connection: ApiConnection = {
    dispatcher: agent,
    auth: { bearer: TOKEN },
    userAgent: 'test',
    now: () => 0,
    ...options,
  }
  const authorization = (credentials: object): string =>
    `Bearer ${'bearer' in credentials ? String(credentials.bearer) : ''}`
  return createApiClient(connection, { base, headers: {}, authorization, rights: 'the scope x' })
}
const failing = (api = client()): Promise<ForgeError> =>
  api.send({ method: 'GET', path: '/x' }).then(
    () => expect.fail('it succeeded'),
    (error: ForgeError) => error,
  )

test.each([
  [400, 'Rejected'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [409, 'Exists'],
  [422, 'Rejected'],
  [429, 'RateLimited'],
  [302, 'Redirected'],
  [500, 'ServerError'],
] as const)('%i is %s; the words of the host are told, and no credential', async (status, code) => {
  answer = (_, response) => {
    response.writeHead(status, { location: 'https://elsewhere.example/' })
    response.end(JSON.stringify({ message: `no, ${TOKEN} will\nnot do`, errors: [{ field: 'head' }] }))
  }
  const error = await failing()
  expect(error).toMatchObject({ code, status })
  expect(error.message).toContain('no, *** will not do; [{"field":"head"}]')
  expect(error.message).not.toContain(TOKEN)
})

test.each([
  [401, 'the login is wrong or has expired, and needs the scope x'],
  [403, 'the token needs the scope x'],
])('%i says what to do', async (status, remedy) => {
  answer = (_, response) => response.writeHead(status).end('{}')
  expect((await failing()).message).toMatch(new RegExp(`was answered ${status}; ${remedy}$`))
})

test('403 with a time to wait is a limit', async () => {
  answer = (_, response) => response.writeHead(403, { 'retry-after': '7' }).end('{}')
  expect(await failing()).toMatchObject({ code: 'RateLimited', waitMs: 7_000 })
})

test('a wait that is named beside another refusal is none of a limit', async () => {
  answer = (_, response) => response.writeHead(404, { 'retry-after': '7' }).end('{}')
  expect(await failing()).toMatchObject({ code: 'NotFound', waitMs: undefined })
})

test('an answer without an end is given up, one that is too large is not read', async () => {
  answer = (_, response) => void response.writeHead(200).write('{')
  expect(await failing()).toMatchObject({ code: 'Timeout' })
  answer = (_, response) => {
    response.writeHead(200)
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(1 << 16)));
    }
    response.on('drain', more)
    more()
  }
  expect(await failing()).toMatchObject({ code: 'LimitExceeded' })
})

test('a web page is no API', async () => {
  answer = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>')
  expect(await failing()).toMatchObject({ code: 'Malformed' })
  answer = (_, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<html>sign in</html>')
  const error = await failing()
  expect(error.message).not.toContain('sign in')
})

test('a connection that is cut off is Network', async () => {
  answer = (request) => request.socket.destroy()
  expect(await failing()).toMatchObject({ code: 'Network' })
})

test('credentials that are fetched are fetched for each request', async () => {
  const seen: (string | undefined)[] = []
  answer = (request, response) => {
    seen.push(request.headers.authorization)
    response.end('{}')
  }
  let count = 0
  const api = client({ auth: () => Promise.resolve({ bearer: `t${count++}` }) })
  await api.send({ method: 'GET', path: '/x' })
  await api.send({ method: 'GET', path: '/x' })
  await client({ auth: undefined }).send({ method: 'GET', path: '/x' })
  expect(seen).toEqual(['Bearer t0', 'Bearer t1', undefined])
})

test('names cannot lead out of their place in a path', () => {
  expect(apiPath('repos', '../..', 'a/b?c#d')).toBe('/repos/..%2F../a%2Fb%3Fc%23d')
  expect(() => apiPath('labels', '..')).toThrow('no name')
})

test('a token that a host repeats is hidden where its words are cut, too', async () => {
  const words = 'x'.repeat(300 - TOKEN.length + 1)
  answer = (_request, response) => response.writeHead(400).end(JSON.stringify({ message: `${words}${TOKEN}` }))
  const { message } = await failing()
  expect(message).toContain('x***')
  expect(message).not.toContain(TOKEN.slice(0, -1))
})
