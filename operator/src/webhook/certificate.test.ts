import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../../test/kit/process/index.ts'
import { isForeign, isGood, LIFETIME, makeServingCertificate } from './certificate.ts'

const HOSTS = ['hook.gitsync-system.svc', '127.0.0.1']
const NOW = Date.now()

test('openssl believes the chain, and a client the host', async () => {
  const made = await makeServingCertificate(HOSTS, NOW)
  const dir = mkdtempSync(join(tmpdir(), 'gitsync-ca-'))
  try {
    writeFileSync(join(dir, 'ca.pem'), made.ca)
    writeFileSync(join(dir, 'cert.pem'), made.certificate)
    const args = ['verify', '-purpose', 'sslserver', '-verify_hostname', HOSTS[0] ?? '', '-CAfile', 'ca.pem']
    const { stdout } = await run('openssl', [...args, 'cert.pem'], { cwd: dir })
    expect(stdout.toString()).toContain('cert.pem: OK')
  } finally {
    rmSync(dir, { recursive: true })
  }
  const server = createServer({ key: made.key, cert: made.certificate }, (_request, response) => response.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ask = (ca: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, ca, agent: false }, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end()
    })
  try {
    expect(await ask(made.ca)).toBe(200)
    await expect(ask((await makeServingCertificate(HOSTS, NOW)).ca)).rejects.toThrow()
  } finally {
    server.close()
  }
})

test('it is good for its hosts, for two thirds of its life', async () => {
  const { certificate } = await makeServingCertificate(HOSTS, NOW)
  expect(isGood(certificate, HOSTS, NOW)).toBe(true)
  expect(isGood(certificate, [...HOSTS, 'other.svc'], NOW)).toBe(false)
  expect(isGood(certificate, HOSTS, NOW + (LIFETIME * 2) / 3 + 2000)).toBe(false)
  expect(isGood('nonsense', HOSTS, NOW)).toBe(false)
  expect(isForeign(certificate)).toBe(false)
  expect(isForeign('nonsense')).toBe(false)
})
