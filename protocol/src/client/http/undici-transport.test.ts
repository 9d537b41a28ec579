import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import forge from 'node-forge'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeCertificates } from '../../../../test/kit/cluster/certificates.ts'
import { undiciTransport } from './undici-transport.ts'
import type { UndiciTransportOptions } from './undici-transport.ts'

let dir: string
let pem: Record<'ca' | 'cert' | 'key' | 'clientCert' | 'clientKey', string>
const running: Server[] = []
const sockets: Socket[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsync-transport-'))
  const { ca, serving, admin } = await makeCertificates(dir)
  const text = (file: string): Promise<string> => readFile(file, 'utf8')
  pem = {
    ca: await text(ca),
    cert: await text(serving.cert),
    key: await text(serving.key),
    clientCert: await text(admin.cert),
    clientKey: await text(admin.key),
  }
})
afterEach(async () => {
  for (const server of running.splice(0)) {
    for (const socket of sockets.splice(0)) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})
afterAll(() => rm(dir, { recursive: true, force: true }))

async function listening(server: Server): Promise<number> {
  running.push(server)
  // Tunnels of a proxy and sessions of HTTP/2 are none of the connections that a server closes by itself.
  server.on('connection', (socket: Socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** One GET; gives the status and the text. */
async function get(url: string, options: UndiciTransportOptions = {}): Promise<string> {
  const { status, body } = await undiciTransport(options)({ method: 'GET', url, headers: {} })
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return `${status} ${Buffer.concat(chunks).toString()}`
}

const secure = (options: object = {}): Promise<number> =>
  listening(
    createTlsServer({ cert: pem.cert, key: pem.key, ...options }, (request, response) => {
      response.end((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'anonymous')
    }),
  )

describe('TLS', () => {
  test('a private authority is trusted when it is given, beside others', async () => {
    const port = await secure()
    expect(await get(`https://127.0.0.1:${port}/`, { ca: pem.ca })).toBe('200 anonymous')
    expect(await get(`https://127.0.0.1:${port}/`, { ca: [pem.clientCert, pem.ca] })).toBe('200 anonymous')
    await expect(get(`https://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'Network',
      message: expect.stringMatching(/authority that is not trusted here.*as ca/),
    })
  })

  test('a name that the certificate does not hold is refused, and told', async () => {
    const port = await secure()
    await expect(get(`https://127.0.0.2:${port}/`, { ca: pem.ca })).rejects.toMatchObject({ code: 'Network' })
    const elsewhere = createTlsServer({ cert: pem.cert, key: pem.key })
    running.push(elsewhere)
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.2', resolve))
    const address = `https://127.0.0.2:${(elsewhere.address() as AddressInfo).port}/`
    await expect(get(address, { ca: pem.ca })).rejects.toMatchObject({
      code: 'Network',
      message: expect.stringContaining('made out to another name'),
    })
  })

  test('a certificate that has expired is told as such', async () => {
    const keys = forge.pki.rsa.generateKeyPair(2048)
    const certificate = forge.pki.createCertificate()
    certificate.publicKey = keys.publicKey
    certificate.validity.notBefore = new Date('2020-01-01')
    certificate.validity.notAfter = new Date('2021-01-01')
    const name = [{ name: 'commonName', value: '127.0.0.1' }]
    certificate.setSubject(name)
    certificate.setIssuer(name)
    certificate.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }])
    certificate.sign(keys.privateKey, forge.md.sha256.create())
    const cert = forge.pki.certificateToPem(certificate)
    const port = await secure({ cert, key: forge.pki.privateKeyToPem(keys.privateKey) })
    await expect(get(`https://127.0.0.1:${port}/`, { ca: cert })).rejects.toMatchObject({
      code: 'Network',
      message: expect.stringContaining('has expired'),
    })
  })

  test('a client certificate is shown to who asks; without one the remedy is told', async () => {
    const port = await secure({ ca: pem.ca, requestCert: true, rejectUnauthorized: true })
    const url = `https://127.0.0.1:${port}/`
    expect(await get(url, { ca: pem.ca, cert: pem.clientCert, key: pem.clientKey })).toBe('200 admin')
    await expect(get(url, { ca: pem.ca })).rejects.toMatchObject({
      code: 'Network',
      message: expect.stringContaining('give cert and key'),
    })
  })

  test('a client certificate is not shown to another origin that the repository leads to', async () => {
    const port = await secure({ ca: pem.ca, requestCert: true, rejectUnauthorized: false })
    const url = `https://127.0.0.1:${port}/`
    const transport = undiciTransport({ ca: pem.ca, cert: pem.clientCert, key: pem.clientKey })
    const seenBy = async (isForeign: boolean): Promise<string> => {
      const { body } = await transport({ method: 'GET', url, headers: {}, isForeign })
      return (await buffer(body)).toString()
    }
    expect(await seenBy(false)).toBe('admin')
    expect(await seenBy(true)).toBe('anonymous')
  })

  test('an encrypted key is opened with its passphrase', async () => {
    const { createPrivateKey } = await import('node:crypto')
    const key = createPrivateKey(pem.clientKey)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' })
      .toString()
    const port = await secure({ ca: pem.ca, requestCert: true, rejectUnauthorized: true })
    const options = { ca: pem.ca, cert: pem.clientCert, key }
    expect(await get(`https://127.0.0.1:${port}/`, { ...options, passphrase: 'open' })).toBe('200 admin')
    expect(() => undiciTransport({ ...options, passphrase: 'wrong' })).toThrowError(
      expect.objectContaining({ code: 'InvalidInput', details: { field: 'cert' } }),
    )
  })

  test('plain http on a TLS port, and TLS on a plain port', async () => {
    const port = await secure()
    await expect(get(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'Network',
      message: expect.stringContaining('begins with https://'),
    })
    const plain = await listening(createServer((_request, response) => response.end()))
    await expect(get(`https://127.0.0.1:${plain}/`)).rejects.toMatchObject({
      code: 'Network',
      message: expect.stringContaining('begins with http://'),
    })
  })
})

describe('HTTP/2', () => {
  const start = (): Promise<number> => {
    const handler = async (request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> => {
      const body = await buffer(request)
      response.setHeader('x-version', request.httpVersion)
      response.end(`${request.httpVersion} ${request.method} ${body.length}`)
    }
    const server = createSecureServer({ cert: pem.cert, key: pem.key, allowHTTP1: true }, (request, response) => {
      void handler(request, response)
    })
    return listening(server)
  }
  test('is spoken where it is offered, questions and bodies alike, and not where it is unwanted', async () => {
    const url = `https://127.0.0.1:${await start()}/r/git-upload-pack`
    const transport = undiciTransport({ ca: pem.ca })
    const ask = async (size: number): Promise<string> => {
      const body = { length: size, chunks: () => slices(size) }
      const { body: answer } = await transport({ method: 'POST', url, headers: { 'content-type': 'x' }, body })
      return (await buffer(answer)).toString()
    }
    expect(await Promise.all([ask(10), ask(1_000_000), ask(0)])).toEqual([
      '2.0 POST 10',
      '2.0 POST 1000000',
      '2.0 POST 0',
    ])
    expect(await get(url, { ca: pem.ca, allowH2: false })).toBe('200 1.1 GET 0')
  })

  async function* slices(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; left -= 10_000) yield Buffer.alloc(Math.min(left, 10_000))
  }
})

describe('proxies', () => {
  interface Proxy {
    readonly port: number
    /** Request lines, each with the credentials that came along. */
    readonly seen: string[]
  }

  /** Tunnels what is asked for with CONNECT, and forwards the rest. */
  async function startProxy(status = 200): Promise<Proxy> {
    const seen: string[] = []
    const note = (line: string, credentials: string | undefined): void => {
      const decoded = Buffer.from(credentials?.replace('Basic ', '') ?? '', 'base64').toString()
      seen.push(`${line} ${decoded}`.trim())
    }
    const proxy = createServer((request, response) => {
      note(`${request.method} ${request.url}`, request.headers['proxy-authorization'])
      if (status !== 200) {
        response.writeHead(status).end()
        return
      }
      const { 'proxy-authorization': _secret, ...headers } = request.headers
      request.pipe(
        httpRequest(request.url ?? '', { method: request.method ?? 'GET', headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(response)
        }),
      )
    })
    proxy.on('connect', (request, socket) => {
      note(`CONNECT ${request.url}`, request.headers['proxy-authorization'])
      if (status !== 200) {
        socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
        return
      }
      const [host = '', port = ''] = (request.url ?? '').split(':')
      const tunnel = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        tunnel.pipe(socket).pipe(tunnel)
      })
      tunnel.on('error', () => socket.destroy())
      socket.on('error', () => tunnel.destroy())
      socket.on('close', () => tunnel.destroy())
    })
    return { port: await listening(proxy), seen }
  }
  const plain = (): Promise<number> => listening(createServer((_request, response) => response.end('plain')))

  test('https goes through a tunnel with the client certificate and the name of the host, http is forwarded, both with credentials', async () => {
    const proxy = await startProxy()
    const to = `http://ann:s%40cret@127.0.0.1:${proxy.port}`
    const tls = await secure({ ca: pem.ca, requestCert: true, rejectUnauthorized: true })
    const options = { ca: pem.ca, cert: pem.clientCert, key: pem.clientKey, proxy: to }
    expect(await get(`https://127.0.0.1:${tls}/x`, options)).toBe('200 admin')
    expect(await get(`https://localhost:${tls}/x`, options)).toBe('200 admin')
    const port = await plain()
    expect(await get(`http://127.0.0.1:${port}/x`, options)).toBe('200 plain')
    expect(proxy.seen).toEqual([
      `CONNECT 127.0.0.1:${tls} ann:s@cret`,
      `CONNECT localhost:${tls} ann:s@cret`,
      `GET http://127.0.0.1:${port}/x ann:s@cret`,
    ])
  })

  test('by scheme, with exceptions; the environment is not asked', async () => {
    const proxy = await startProxy()
    const to = `http://127.0.0.1:${proxy.port}`
    const [port, tls] = [await plain(), await secure()]
    const before = { ...process.env }
    Object.assign(process.env, { HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '' })
    try {
      expect(await get(`http://127.0.0.1:${port}/`, { proxy: { https: to } })).toBe('200 plain')
      expect(await get(`http://127.0.0.1:${port}/`, { proxy: { http: to, no: 'other.example,127.0.0.1' } })).toBe(
        '200 plain',
      )
      expect(proxy.seen).toEqual([])
      expect(await get(`https://127.0.0.1:${tls}/`, { ca: pem.ca, proxy: { https: to } })).toBe('200 anonymous')
      expect(await get(`http://127.0.0.1:${port}/`, { proxy: { http: to } })).toBe('200 plain')
      expect(proxy.seen).toEqual([`CONNECT 127.0.0.1:${tls}`, `GET http://127.0.0.1:${port}/`])
    } finally {
      process.env = before
    }
  })

  test.each([
    [407, /credentials \(407\)/],
    [403, /refuses to connect \(403\)/],
  ])('a proxy that answers %d is told, its credentials are not', async (status, message) => {
    const proxy = await startProxy(status)
    const error: unknown = await get(`https://127.0.0.1:${await secure()}/`, {
      ca: pem.ca,
      proxy: `http://ann:s3cret@127.0.0.1:${proxy.port}`,
    }).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'Network', message: expect.stringMatching(message) })
    expect(String(error)).not.toContain('s3cret')
  })

  test.each(['socks5://127.0.0.1:1', 'proxy.example:3128', ''])('%j is no proxy', (proxy) => {
    expect(() => undiciTransport({ proxy })).toThrowError(
      expect.objectContaining({ code: 'InvalidInput', details: { field: 'proxy' } }),
    )
  })
})

describe('times', () => {
  test('for the answer to begin, and between its pieces', async () => {
    const silent = await listening(createServer(() => undefined))
    const limits = { timeoutMs: 60_000, headersTimeoutMs: 100 }
    await expect(get(`http://127.0.0.1:${silent}/`, limits)).rejects.toMatchObject({ code: 'Timeout' })
    const half = await listening(createServer((_request, response) => response.writeHead(200).write('half')))
    const asked = get(`http://127.0.0.1:${half}/`, { timeoutMs: 60_000, bodyTimeoutMs: 100 })
    await expect(asked).rejects.toMatchObject({ code: 'Timeout' })
  })

  test('for the connection, TLS included', async () => {
    const deaf = await listening(createTcpServer((socket) => socket.resume()))
    const asked = get(`https://127.0.0.1:${deaf}/`, { timeoutMs: 60_000, connectTimeoutMs: 100 })
    await expect(asked).rejects.toMatchObject({ code: 'Timeout' })
  })
})

test.each([
  [{ timeoutMs: 0 }, 'timeoutMs'],
  [{ headersTimeoutMs: Number.NaN }, 'headersTimeoutMs'],
  [{ connections: 0 }, 'connections'],
  [{ cert: 'x' }, 'cert'],
  [{ key: 'x' }, 'key'],
  [{ cert: 'x', key: 'y' }, 'cert'],
  [{ proxy: { http: 'nonsense' } }, 'proxy.http'],
] as [UndiciTransportOptions, string][])('%o is refused by name', (options, field) => {
  expect(() => undiciTransport(options)).toThrowError(
    expect.objectContaining({ code: 'InvalidInput', details: expect.objectContaining({ field }) }),
  )
})
