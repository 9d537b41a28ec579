import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { afterEach, expect, test } from 'vitest'
import { startServer } from '../serve/server.ts'
import type { HttpServer } from '../serve/server.ts'
import { makeServingCertificate } from '../webhook/certificate.ts'
import { post } from './post.ts'

let server: HttpServer | undefined
afterEach(() => server?.close())

const NAME = 'hook.gitsync-system.svc'
const request = { path: '/records', headers: { authorization: 'Bearer x' }, body: Buffer.from('hello') }

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  server = await startServer('test', '127.0.0.1:0', handle)
  return server.address
}

test('a request arrives whole, marked as relayed', async () => {
  const bodies: string[] = []
  let asked: IncomingMessage | undefined
  const address = await serve((request, response) => {
    asked = request
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString())).on('end', () => response.end('ok'))
  })
  await post(address, request)
  expect(asked).toMatchObject({
    method: 'POST',
    url: '/records',
    headers: { authorization: 'Bearer x', 'gitsync-relayed': 'true' },
  })
  expect(bodies.join('')).toBe('hello')
})

test('who refuses, says nothing or never ends has not taken it', async () => {
  const refusing = await serve((_asked, response) => response.writeHead(503).end())
  await expect(post(refusing, request)).rejects.toThrow('503')
  await server?.close()
  await expect(post(refusing, request)).rejects.toThrow('ECONNREFUSED')
  const silent = await serve(() => undefined)
  await expect(post(silent, { ...request, withinMs: 50 })).rejects.toThrow(/abort|timeout/i)
})

test.each(['', 'localhost:80', '10.0.0.1', 'evil.example:443'])('%j is asked nothing: it is no address', async (to) => {
  await expect(post(to, request)).rejects.toThrow('no address with a port')
})

test('over TLS only who has a certificate of that name, by that authority, is told anything', async () => {
  const [own, other] = await Promise.all(
    [[NAME], ['other.svc']].map((hosts) => makeServingCertificate(hosts, Date.now())),
  )
  if (own === undefined || other === undefined) throw new Error('none')
  let asked = 0
  server = await startServer(
    'test',
    '127.0.0.1:0',
    (_request, response) => {
      asked++
      response.end()
    },
    (handle) => createTlsServer({ key: own.key, cert: own.certificate }, handle),
  )
  const { address } = server
  await post(address, { ...request, tls: { authorities: other.ca + own.ca, name: NAME } })
  expect(asked).toBe(1)
  await expect(post(address, { ...request, tls: { authorities: other.ca, name: NAME } })).rejects.toThrow()
  await expect(post(address, { ...request, tls: { authorities: own.ca, name: 'other.svc' } })).rejects.toThrow(
    'altnames',
  )
  await expect(post(address, { ...request, tls: { authorities: own.ca, name: '127.0.0.1' } })).rejects.toThrow()
  expect(asked).toBe(1)
})
