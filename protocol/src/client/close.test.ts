import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openRepository, undiciTransport } from '../index.ts'
import { refsAnswer } from '../testing/answers.ts'

const oid = 'a'.repeat(40)
const answer = refsAnswer([{ name: 'refs/heads/main', oid }])

let server: Server
let url: string
const sockets = new Set<Socket>()

beforeEach(async () => {
  server = createServer((request, response) => {
    request.resume()
    response.writeHead(200, answer.headers).end(answer.body)
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/r.git`
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

test('a repository that is closed leaves no connection behind, and opens another when it is used again', async () => {
  const repo = openRepository(url)
  for (let i = 0; i < 2; i++) {
    expect(await repo.tip('main')).toBe(oid)
    expect(sockets.size).toBe(1)
    await repo.close()
    await vi.waitFor(() => expect(sockets.size).toBe(0))
  }
})

test('a transport that was given stays open: others may use it', async () => {
  const transport = undiciTransport()
  {
    await using repo = openRepository(url, { transport })
    await repo.refs()
  }
  expect(sockets.size).toBe(1)
  await transport.close?.()
  await vi.waitFor(() => expect(sockets.size).toBe(0))
})

test('all answers together are capped over HTTP as well', async () => {
  const maxTotalBytes = Buffer.byteLength(answer.body as Uint8Array) * 2
  await using repo = openRepository(url, { limits: { maxTotalBytes } })
  await repo.refs()
  await repo.with({ signal: new AbortController().signal }).refs()
  await expect(repo.refs()).rejects.toMatchObject({ code: 'LimitExceeded', details: { limit: 'maxTotalBytes' } })
})
