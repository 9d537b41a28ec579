import { connect } from 'node:net'
import { Registry } from 'prom-client'
import { afterEach, expect, test } from 'vitest'
import { serveMetrics } from './http.ts'
import type { Readiness } from './http.ts'
import type { HttpServer } from './server.ts'

let server: HttpServer | undefined
afterEach(() => server?.close())

async function start(readiness: Readiness = { isReady: true, text: 'ok' }): Promise<string> {
  const registry = new Registry()
  server = await serveMetrics({
    address: '127.0.0.1:0',
    registry,
    collect: () => undefined,
    readiness: () => readiness,
  })
  return `http://${server.address}`
}

/** The first line that answers a request which no URL library would send. */
function raw(address: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const [host = '', port = ''] = address.split(':')
    const socket = connect(Number(port), host, () => socket.write(request))
    socket.once('error', reject)
    socket.once('data', (data: Buffer) => {
      resolve(data.toString().split('\r\n')[0] ?? '')
      socket.destroy()
    })
  })
}

test('health, readiness and metrics answer', async () => {
  const url = await start({ isReady: false, text: 'nothing listed' })
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  const ready = await fetch(`${url}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([503, 'nothing listed\n'])
  expect((await fetch(`${url}/metrics`)).headers.get('content-type')).toContain('text/plain')
  expect((await fetch(`${url}/else`)).status).toBe(404)
  expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).toBe(405)
})

test('a process that waits for its turn is ready, and says what it waits for', async () => {
  const url = await start({ isReady: true, text: 'standby: lease a/b is held by c' })
  const ready = await fetch(`${url}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([200, 'standby: lease a/b is held by c\n'])
})

test('a request target that is no URL is answered, and the next request as well', async () => {
  const url = await start()
  const { host } = new URL(url)
  expect(await raw(host, 'GET // HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('404')
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
})

test.each(['8080', '127.0.0.1:x', '127.0.0.1:70000'])('the address %j is refused by name', async (address) => {
  const options = {
    address,
    registry: new Registry(),
    collect: () => undefined,
    readiness: () => ({ isReady: true, text: 'ok' }),
  }
  await expect(serveMetrics(options)).rejects.toThrowError('--metrics')
})

test('an address that another process has is told with the flag and what to do', async () => {
  const options = {
    registry: new Registry(),
    collect: () => undefined,
    readiness: () => ({ isReady: true, text: 'ok' }),
  }
  server = await serveMetrics({ ...options, address: '127.0.0.1:0' })
  const { address } = server
  await expect(serveMetrics({ ...options, address })).rejects.toThrow(
    `--metrics ${address}: another process has this address: choose another port, or end that process (EADDRINUSE)`,
  )
})
