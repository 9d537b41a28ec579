import { request } from 'node:http'
import { connect } from 'node:net'
import pino from 'pino'
import { afterEach, expect, test } from 'vitest'
import type { HttpServer } from '../serve/server.ts'
import type { PageRequest, PageResponse } from './page-request.ts'
import { serveAuditPage } from './serve-audit-page.ts'

let server: HttpServer | undefined
const seen: PageRequest[] = []
afterEach(async () => {
  await server?.close()
  seen.length = 0
})

async function start(answer: (request: PageRequest) => Promise<PageResponse>): Promise<string> {
  const logger = pino({ level: 'silent' })
  server = await serveAuditPage({
    address: '127.0.0.1:0',
    logger,
    answer: (request) => {
      seen.push(request)
      return answer(request)
    },
  })
  return `http://${server.address}`
}

const page = async (): Promise<PageResponse> => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: 'Grüße',
})

test('every answer forbids scripts, frames, other hosts and being kept', async () => {
  const url = await start(page)
  for (const [path, status] of [
    ['/', 200],
    ['//evil.example/', 400],
  ] as const) {
    const response = await fetch(url + path)
    expect([response.status, await response.text()]).toEqual([status, expect.any(String)])
    const { headers } = response
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    expect([headers.get('cache-control'), headers.get('referrer-policy'), headers.get('x-frame-options')]).toEqual([
      'no-store',
      'no-referrer',
      'DENY',
    ])
  }
  const head = await fetch(url, { method: 'HEAD' })
  expect([head.headers.get('content-length'), await head.text()]).toEqual(['7', ''])
})

test('a page is told who is at the other end, and every header as it came', async () => {
  const url = await start(page)
  await new Promise<void>((resolve, reject) => {
    const headers = { 'x-forwarded-user': ['ann', 'root'], 'x-forwarded-for': '10.0.0.1' }
    request(`${url}/timeline?a=1&a=2`, { headers }, (response) => response.resume().once('end', resolve))
      .once('error', reject)
      .end()
  })
  expect(seen[0]).toMatchObject({ method: 'GET', path: '/timeline', remoteAddress: '127.0.0.1' })
  expect(seen[0]?.headers['x-forwarded-user']).toEqual(['ann', 'root'])
  expect(seen[0]?.query.getAll('a')).toEqual(['1', '2'])
})

test('a form that is too large is refused, and what goes wrong is told to the log alone', async () => {
  const url = await start(async (asked) => {
    if (asked.path === '/secret') throw new Error('a secret')
    return { status: 200, body: String((await asked.form()).get('token')) }
  })
  const post = (body: string): Promise<Response> => fetch(`${url}/login`, { method: 'POST', body })
  expect(await (await post('token=a%20b')).text()).toBe('a b')
  expect((await post(`token=${'x'.repeat(70_000)}`)).status).toBe(413)
  const failed = await fetch(`${url}/secret`)
  expect([failed.status, await failed.text()]).toEqual([500, expect.not.stringContaining('a secret')])
})

test('so many pages are made at the same time, and no more', async () => {
  const gates: (() => void)[] = []
  const url = await start(async () => {
    await new Promise<void>((resolve) => gates.push(resolve))
    return page()
  })
  const answers = Array.from({ length: 65 }, () => fetch(url))
  await expect.poll(() => gates.length).toBe(64)
  const first = await Promise.race(answers)
  expect(first.status).toBe(503)
  for (const open of gates) open()
  expect((await Promise.all(answers)).filter(({ status }) => status === 200)).toHaveLength(64)
})

test('whoever opens connections and asks for nothing gets no more than a few hundred, and pages are there when they go', async () => {
  const url = new URL(await start(page))
  const sockets = Array.from({ length: 600 }, () => connect(Number(url.port), url.hostname))
  let closed = 0
  for (const socket of sockets) {
    socket.on('error', () => undefined)
    socket.once('close', () => closed++).resume()
  }
  await expect.poll(() => closed, { timeout: 10_000 }).toBe(88)
  for (const socket of sockets) socket.destroy()
  await expect.poll(async () => (await fetch(url)).status, { timeout: 10_000 }).toBe(200)
})
