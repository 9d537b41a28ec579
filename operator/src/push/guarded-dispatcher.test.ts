import { createServer as createHttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { request } from 'undici'
import { run } from '../../../test/kit/process/index.ts'
import { guardedDispatcher } from './guarded-dispatcher.ts'

const STRICT = { allowPrivateAddresses: false, allowPlainHttp: false }
const OPEN = { allowPrivateAddresses: true, allowPlainHttp: true }

let dir = ''
let pem: { readonly cert: string; readonly key: string }
const servers: (Server & { closeAllConnections(): void })[] = []
/** Names of those who showed a certificate; undefined for who showed none. */
const clients: (string | undefined)[] = []
/** What the proxy was asked to connect to. */
const tunnels: string[] = []
let web = ''
let proxy = ''

const listen = async (server: Server & { closeAllConnections(): void }): Promise<number> => {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsync-tls-'))
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const subject = ['-nodes', '-subj', '/CN=auditor', '-addext', 'subjectAltName=DNS:git.corp.example,IP:127.0.0.1']
  const files = ['-keyout', key, '-out', cert]
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...files, ...subject])
  pem = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
  const tls = createTlsServer(
    { ...pem, ca: pem.cert, requestCert: true, rejectUnauthorized: false },
    (asked, answer) => {
      const { subject: who } = (asked.socket as TLSSocket).getPeerCertificate()
      clients.push((who as { readonly CN?: string } | undefined)?.CN)
      answer.writeHead(302, { location: 'http://169.254.169.254/' }).end('here')
    },
  )
  const port = await listen(tls)
  web = `127.0.0.1:${port}`
  const relay = createHttpServer()
  relay.on('connect', ({ url = '' }, socket) => {
    tunnels.push(url)
    // It knows names that nobody else does.
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    for (const one of [socket, upstream]) one.on('error', () => one.destroy())
  })
  proxy = `http://127.0.0.1:${await listen(relay)}`
})
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await rm(dir, { recursive: true })
})

test('a client certificate is shown to the host that asks for one', async () => {
  for (const clientCertificate of [undefined, pem]) {
    const dispatcher = guardedDispatcher({ policy: OPEN, ca: pem.cert, clientCertificate })
    const { body } = await request(`https://${web}/`, { dispatcher })
    expect(await body.text()).toBe('here')
    await dispatcher.close()
  }
  expect(clients).toEqual([undefined, 'auditor'])
})

test('redirects are answers, and are not followed', async () => {
  const dispatcher = guardedDispatcher({ policy: OPEN, ca: pem.cert })
  const { statusCode, body } = await request(`https://${web}/`, { dispatcher })
  await body.dump()
  expect(statusCode).toBe(302)
  await dispatcher.close()
})

test('a proxy that the platform team names may be private; it resolves the name, and sees no certificate of ours', async () => {
  clients.length = 0
  const policy = { ...STRICT, proxy, hosts: ['git.corp.example'] }
  const dispatcher = guardedDispatcher({ policy, ca: pem.cert, clientCertificate: pem })
  const { body } = await request('https://git.corp.example/a', { dispatcher })
  expect(await body.text()).toBe('here')
  expect(tunnels).toEqual(['git.corp.example:443'])
  expect(clients).toEqual(['auditor'])
  await dispatcher.close()
})

test('without a proxy a private address is refused, by whatever name', async () => {
  const dispatcher = guardedDispatcher({ policy: STRICT, ca: pem.cert })
  await expect(request(`https://localhost:${web.split(':')[1]}/`, { dispatcher })).rejects.toMatchObject({
    reason: 'HostNotAllowed',
  })
  await dispatcher.close()
})
