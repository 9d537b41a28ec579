import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Credentials } from '@gitsync/protocol'
import { AppTokens } from './github-app.ts'
import type { GitHubApp } from './github-app-keys.ts'
import { guardedDispatcher } from './guarded-dispatcher.ts'
import { toFailure } from './failure.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const HOUR = 3_600_000
let now = Date.parse('2026-01-01T00:00:00Z')
let asked = 0
/** What is answered instead of a token. */
let fault: { readonly status: number; readonly body: string } | undefined
/** JWTs as they came. */
const seen: string[] = []

/** As GitHub's: `POST /app/installations/{installation_id}/access_tokens`. */
const server = createServer((request, response) => {
  void (async () => {
    const jwt = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    seen.push(jwt)
    const right = request.method === 'POST' && request.url === '/api/v3/app/installations/345/access_tokens'
    const isKnown = await jwtVerify(jwt, createPublicKey(privateKey), {
      issuer: '12',
      algorithms: ['RS256'],
      currentDate: new Date(now),
      maxTokenAge: '10 minutes',
    }).then(
      ({ payload: { exp = 0, iat = 0 } }) => exp - iat <= 600,
      () => false,
    )
    const status = fault?.status ?? (!right ? 404 : isKnown ? 201 : 401)
    const token = { token: `ghs_${++asked}`, expires_at: new Date(now + HOUR).toISOString() }
    response.writeHead(status, { 'content-type': 'application/json' }).end(fault?.body ?? JSON.stringify(token))
  })()
})
const OPEN = guardedDispatcher({ policy: { allowPrivateAddresses: true, allowPlainHttp: true } })
let app: GitHubApp

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const apiUrl = `http://localhost:${(server.address() as AddressInfo).port}/api/v3`
  app = { appId: '12', installationId: '345', privateKey, apiUrl }
})
afterAll(async () => {
  await OPEN.destroy()
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  asked = 0
  fault = undefined
})

function begin(dispatcher = OPEN, installation = app) {
  const tokens = new AppTokens({ now: () => now, userAgent: 'git/test' })
  return (rejected = false, other = installation): Promise<Credentials | undefined> => {
    const auth = tokens.auth(other, dispatcher)
    if (typeof auth !== 'function') throw new TypeError('no callback')
    return auth({ url: 'https://git.example.com/a', rejected, signal: AbortSignal.timeout(5_000) })
  }
}

const token = (name: string): unknown => ({
  username: 'x-access-token',
  password: name,
  expiresAt: new Date(now + HOUR),
})

test('a token is asked for once, and shared until it is about to end', async () => {
  const ask = begin()
  const first = token('ghs_1')
  expect(await Promise.all([ask(), ask(), ask(false, { ...app })])).toEqual([first, first, first])
  now += HOUR - 301_000
  expect(await ask()).toEqual(first)
  now += 2_000
  expect(await Promise.all([ask(), ask()])).toEqual([token('ghs_2'), token('ghs_2')])
  expect(asked).toBe(2)
})

test('a token that was refused is replaced, and not more often than every ten seconds', async () => {
  const ask = begin()
  await ask()
  await ask(true)
  expect(asked).toBe(1)
  now += 10_000
  expect(await ask(true)).toEqual(token('ghs_2'))
})

test('every installation has its own', async () => {
  const ask = begin()
  await ask()
  await expect(ask(false, { ...app, installationId: '346' })).rejects.toMatchObject({ reason: 'AuthenticationFailed' })
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  await expect(ask(false, { ...app, privateKey: other })).rejects.toThrow('refuses the App')
})

test.each([
  [{ status: 404, body: '{}' }, 'AuthenticationFailed', 'knows no such installation'],
  [{ status: 403, body: '{}' }, 'AuthenticationFailed', 'suspended'],
  [{ status: 503, body: 'down' }, 'Unreachable', '(503)'],
  [{ status: 201, body: '{"token":"ghs_secret"}' }, 'AuthenticationFailed', 'gives no token'],
  [{ status: 201, body: '<html>ghs_secret' }, 'AuthenticationFailed', 'gives no token'],
  [{ status: 201, body: 'null' }, 'AuthenticationFailed', 'gives no token'],
  [{ status: 302, body: '' }, 'AuthenticationFailed', '(302)'],
] as const)('%j is %s, tells nothing that is secret, and is asked again', async (answer, reason, words) => {
  const ask = begin()
  fault = answer
  const failure = toFailure(await ask().catch((error: unknown) => error))
  expect(failure).toMatchObject({ reason, message: expect.stringContaining(words) })
  for (const secret of ['ghs_secret', seen.at(-1) as string]) expect(String(failure)).not.toContain(secret)
  fault = undefined
  expect(await ask()).toEqual(token('ghs_2'))
})

test('it is asked through the guard: a private address is refused and gets no JWT', async () => {
  const strict = guardedDispatcher({ policy: { allowPrivateAddresses: false, allowPlainHttp: true } })
  const before = seen.length
  await expect(begin(strict)()).rejects.toMatchObject({ reason: 'HostNotAllowed' })
  expect(seen.length).toBe(before)
  await strict.destroy()
})

test('nobody there is Unreachable', async () => {
  await expect(begin(OPEN, { ...app, apiUrl: 'http://127.0.0.1:9' })()).rejects.toMatchObject({ reason: 'Unreachable' })
})
