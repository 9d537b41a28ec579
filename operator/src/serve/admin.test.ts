import { request } from 'node:http'
import pino from 'pino'
import { afterEach, expect, test } from 'vitest'
import { serveAdmin } from './admin.ts'
import type { HttpServer } from './server.ts'

let server: HttpServer | undefined
afterEach(() => server?.close())

async function start(allowsHeapSnapshots = false) {
  const logger = pino({ level: 'info' }, { write: () => undefined })
  server = await serveAdmin({ address: '127.0.0.1:0', logger, allowsHeapSnapshots })
  return { url: `http://${server.address}`, logger }
}

test('the level is shown, changed for the running logger, and refused when it is none', async () => {
  const { url, logger } = await start()
  expect(await (await fetch(`${url}/log-level`)).text()).toBe('info\n')
  const put = await fetch(`${url}/log-level`, { method: 'PUT', body: 'debug\n' })
  expect([put.status, await put.text(), logger.level]).toEqual([200, 'debug\n', 'debug'])
  for (const body of ['loud', '', 'x'.repeat(64)]) {
    const refused = await fetch(`${url}/log-level`, { method: 'PUT', body })
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('trace, debug, info')])
  }
  const long = await fetch(`${url}/log-level`, { method: 'PUT', body: 'x'.repeat(65) })
  expect([long.status, logger.level]).toEqual([413, 'debug'])
})

test('a CPU profile is one that tools open, and names what ran', async () => {
  const { url } = await start()
  let isOver = false
  const answer = fetch(`${url}/profile/cpu?seconds=1`, { method: 'POST' }).finally(() => (isOver = true))
  const busyOnPurpose = (): void => {
    const end = performance.now() + 20
    while (performance.now() < end);
    if (!isOver) setImmediate(busyOnPurpose)
  }
  busyOnPurpose()
  const response = await answer
  expect(response.headers.get('content-disposition')).toContain('gitsync-operator.cpuprofile')
  const profile = (await response.json()) as {
    nodes: { id: number; callFrame: { functionName: string } }[]
    samples: number[]
    timeDeltas: number[]
    startTime: number
    endTime: number
  }
  expect(profile.nodes.map(({ callFrame }) => callFrame.functionName)).toContain('busyOnPurpose')
  expect(profile.samples.length).toBe(profile.timeDeltas.length)
  expect(profile.endTime - profile.startTime).toBeGreaterThan(900_000)
})

test('one profile at a time; whoever leaves makes room', async () => {
  const { url } = await start()
  const gone = new AbortController()
  const first = fetch(`${url}/profile/cpu?seconds=60`, { method: 'POST', signal: gone.signal }).catch(() => 'left')
  await expect.poll(async () => (await fetch(`${url}/profile/cpu?seconds=1`, { method: 'POST' })).status).toBe(409)
  gone.abort()
  expect(await first).toBe('left')
  await expect
    .poll(async () => (await fetch(`${url}/profile/cpu?seconds=1`, { method: 'POST' })).status, { timeout: 10_000 })
    .toBe(200)
})

test.each(['0', '61', 'x', '', '-1', 'NaN'])('seconds=%s is refused', async (seconds) => {
  const { url } = await start()
  const response = await fetch(`${url}/profile/cpu?seconds=${seconds}`, { method: 'POST' })
  expect([response.status, await response.text()]).toEqual([400, 'seconds must be a number from 1 to 60\n'])
})

test('heap snapshots only where they are allowed, and they are as dangerous as is said', async () => {
  const { url } = await start()
  const refused = await fetch(`${url}/profile/heap`, { method: 'POST' })
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('--admin-heap-snapshots')])
  await server?.close()
  const allowed = await start(true)
  const secret = ['a-token', 'that-is', process.pid, 'in-memory'].join('-')
  const response = await fetch(`${allowed.url}/profile/heap`, { method: 'POST' })
  const text = await response.text()
  expect(JSON.parse(text)).toHaveProperty('snapshot.node_count')
  expect(text).toContain(secret)
}, 120_000)

test.each([
  ['GET', '/profile/cpu', 404],
  ['POST', '/log-level', 404],
  ['GET', '/', 404],
] as const)('%s %s: %i', async (method, path, status) => {
  const { url } = await start()
  expect((await fetch(url + path, { method })).status).toBe(status)
})

test.each([
  [{ origin: 'https://evil.example' }, 403],
  [{ host: 'rebound.evil.example:6060' }, 403],
  [{ host: 'localhost:6060' }, 200],
  [{ host: '[::1]:6060' }, 200],
] as const)('a page in a browser is refused: %j', async (headers, status) => {
  const { url } = await start()
  const answered = await new Promise<number | undefined>((resolve, reject) => {
    request(`${url}/log-level`, { headers }, (response) => resolve(response.statusCode))
      .once('error', reject)
      .end()
  })
  expect(answered).toBe(status)
})

test('an address that is none is refused by the name of the flag', async () => {
  const logger = pino({ level: 'silent' })
  await expect(serveAdmin({ address: '6060', logger, allowsHeapSnapshots: false })).rejects.toThrowError('--admin')
})
