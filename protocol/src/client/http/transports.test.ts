import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resolveLimits } from '../limits.ts'
import type { RequestBody } from '../remote/request-body.ts'
import { fetchTransport } from './fetch-transport.ts'
import { HttpRemote } from './http-remote.ts'
import { resolveRetry } from '../remote/retry.ts'
import type { Transport, TransportResponse } from './transport.ts'
import { undiciTransport } from './undici-transport.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

let handle: Handler = () => undefined
const server = createServer((request, response) => {
  Promise.resolve(handle(request, response)).catch(() => response.destroy())
})
let url: string

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function read({ body }: TransportResponse): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const echo: Handler = async (request, response) => {
  const body = await buffer(request)
  response.end(
    JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body: body.toString() }),
  )
}

describe.each([
  ['undici', undiciTransport()],
  ['fetch', fetchTransport()],
] as [string, Transport][])('the transport over %s', (_name, transport) => {
  const get = (path = '/', signal?: AbortSignal): Promise<TransportResponse> =>
    transport({ method: 'GET', url: url + path, headers: {}, ...(signal === undefined ? {} : { signal }) })
  const post = async (body: RequestBody) => {
    handle = echo
    const headers = { 'content-type': 'application/x-git-upload-pack-request', 'git-protocol': 'version=2' }
    const response = await transport({ method: 'POST', url: `${url}/r/git-upload-pack`, headers, body })
    return JSON.parse((await read(response)).toString()) as { headers: Record<string, string>; body: string }
  }

  test('sends method, address and headers as they are', async () => {
    handle = echo
    const headers = { accept: 'application/x-git', 'git-protocol': 'version=2', 'user-agent': 'git/x' }
    const request = { method: 'GET', url: `${url}/a%20b/info/refs?service=git-upload-pack`, headers } as const
    const response = await transport(request)
    expect(response.status).toBe(200)
    expect(JSON.parse((await read(response)).toString())).toMatchObject({
      method: 'GET',
      url: '/a%20b/info/refs?service=git-upload-pack',
      headers,
    })
  })

  test('sends a body in hand with its length, however often', async () => {
    const body = [Buffer.from('0000'), new Uint8Array(0), Buffer.from('PACK')]
    for (let i = 0; i < 2; i++) {
      const { headers, body: sent } = await post(body)
      expect([sent, headers['content-length']]).toEqual(['0000PACK', '8'])
      expect(headers).toMatchObject({ 'content-type': 'application/x-git-upload-pack-request' })
    }
  })

  test('sends a streamed body from its start, each time', async () => {
    let begun = 0
    const body: RequestBody = {
      length: 300_000,
      async *chunks() {
        begun++
        for (let i = 0; i < 30; i++) yield Buffer.alloc(10_000, 97 + i)
      },
    }
    for (let i = 0; i < 2; i++) expect((await post(body)).body).toHaveLength(300_000)
    expect(begun).toBe(2)
  })

  test.each([204, 302, 401, 404, 500])(
    'hands a status %d over with its headers, and follows nothing',
    async (status) => {
      handle = (_request, response) => {
        response.writeHead(status, { location: '/elsewhere', 'Retry-After': '7' }).end()
      }
      const response = await get()
      expect([response.status, response.headers['location'], response.headers['retry-after']]).toEqual([
        status,
        '/elsewhere',
        '7',
      ])
      expect(await read(response)).toHaveLength(0)
    },
  )

  test('gives the body as it arrives', async () => {
    const gate = Promise.withResolvers<void>()
    handle = async (_request, response) => {
      response.write('first')
      await gate.promise
      response.end('second')
    }
    const chunks: string[] = []
    for await (const chunk of (await get()).body) {
      chunks.push(Buffer.from(chunk).toString())
      gate.resolve()
    }
    expect(chunks).toEqual(['first', 'second'])
  })

  test('decodes what comes compressed', async () => {
    let accepted: unknown
    handle = (request, response) => {
      accepted = request.headers['accept-encoding']
      response.setHeader('content-encoding', 'gzip').end(gzipSync('x'.repeat(100_000)))
    }
    const response = await get()
    expect(response.headers['content-encoding']).toBeUndefined()
    expect((await read(response)).toString()).toBe('x'.repeat(100_000))
    expect(accepted).toContain('gzip')
  })

  test('an answer cut on its way is a Network error', async () => {
    handle = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy())
    }
    await expect(get().then(read)).rejects.toMatchObject({ code: 'Network' })
  })

  test('a connection cut before an answer is a Network error, with the hint that it may be TLS', async () => {
    handle = (request) => {
      request.socket.destroy()
    }
    await expect(get()).rejects.toMatchObject({ code: 'Network', message: expect.stringContaining('https://') })
  })

  test('nobody there is a Network error that says so', async () => {
    const closed = createTcpServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    const request = { method: 'GET', url: `http://127.0.0.1:${port}/`, headers: {} } as const
    await expect(transport(request)).rejects.toMatchObject({
      code: 'Network',
      message: expect.stringContaining('nothing listens there'),
    })
  })

  test('a name that does not resolve is a Network error that says so', async () => {
    const request = { method: 'GET', url: 'http://nowhere.invalid/', headers: {} } as const
    await expect(transport(request)).rejects.toMatchObject({
      code: 'Network',
      message: expect.stringMatching(/does not resolve|name server/),
    })
  })

  test('an abort ends the wait for an answer, and the answer', async () => {
    handle = () => undefined
    const early = new AbortController()
    const waiting = get('/', early.signal)
    early.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'Aborted' })
    await expect(get('/', early.signal)).rejects.toMatchObject({ code: 'Aborted' })

    handle = (_request, response) => {
      response.write('first')
    }
    const late = new AbortController()
    const chunks = (await get('/', late.signal)).body[Symbol.asyncIterator]()
    await chunks.next()
    late.abort()
    await expect(chunks.next()).rejects.toMatchObject({ code: 'Aborted' })
  })

  test('a deadline of the caller is a Timeout', async () => {
    handle = () => undefined
    await expect(get('/', AbortSignal.timeout(20))).rejects.toMatchObject({ code: 'Timeout' })
  })

  test('whoever stops reading closes the connection', async () => {
    const closed = Promise.withResolvers<void>()
    handle = (_request, response) => {
      response.once('close', () => {
        closed.resolve()
      })
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(65_536), more)
      }
      more()
    }
    for await (const chunk of (await get()).body) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await closed.promise
  })

  test('connections are used again', async () => {
    let opened = 0
    const fresh = createServer((_request, response) => response.end('ok')).on('connection', () => opened++)
    await new Promise<void>((resolve) => fresh.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(fresh.address() as AddressInfo).port}/`
    for (let i = 0; i < 10; i++) await read(await transport({ method: 'GET', url: address, headers: {} }))
    // One may not be free yet when the next request begins.
    expect(opened).toBeLessThan(3)
    fresh.closeAllConnections()
    await new Promise((resolve) => fresh.close(resolve))
  })

  describe('behind a remote', () => {
    const type = 'application/x-git-upload-pack-advertisement'
    const advertised = (options: { maxResponseBytes?: number; requestTimeoutMs?: number }) => {
      const { maxResponseBytes = 1 << 20, requestTimeoutMs = 60_000 } = options
      const limits = resolveLimits({ maxResponseBytes })
      const remote = new HttpRemote({
        url,
        transport,
        limits,
        userAgent: 'git/test',
        requestTimeoutMs,
        retry: resolveRetry(),
        now: Date.now,
      })
      return remote.advertisement('git-upload-pack').then((reader) => reader.fill(Number.MAX_SAFE_INTEGER))
    }

    test('a bomb goes off at the limit of the answer', async () => {
      const member = gzipSync(Buffer.alloc(8 << 20))
      handle = (_request, response) => {
        response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' })
        for (let i = 0; i < 64; i++) response.write(member)
        response.end()
      }
      await expect(advertised({})).rejects.toMatchObject({
        code: 'LimitExceeded',
        // Only where the bytes are unpacked by this package it can be seen what they were made of.
        details: { limit: expect.stringMatching(/^(?:maxResponseBytes|maxInflateRatio)$/) },
      })
    })

    test('a drip is over when the time of the request is', async () => {
      let asked = 0
      handle = (_request, response) => {
        asked++
        response.writeHead(200, { 'content-type': type })
        const drip = setInterval(() => response.write('0'), 5)
        response.once('close', () => {
          clearInterval(drip)
        })
      }
      await expect(advertised({ requestTimeoutMs: 200 })).rejects.toMatchObject({
        code: 'Timeout',
        details: { limit: 'requestTimeoutMs' },
      })
      expect(asked).toBe(1)
    })
  })
})
