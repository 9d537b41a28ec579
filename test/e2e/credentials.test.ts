/** Ways to log in beside a password: an SSH key, a GitHub App; and new credentials without a restart. */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../kit/process/index.ts'
import { startRemote } from '../kit/remote/index.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import { startSshServer } from '../kit/ssh/index.ts'
import type { SshServer } from '../kit/ssh/index.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { configMap, configMapRef } from './harness/gitsync.ts'
import { credentialSecret } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

/** As GitHub checks it: RS256 (RFC 7515), issued in the past, and for ten minutes at most. */
function isJwtOf(jwt: string, key: KeyObject): boolean {
  const [header = '', claims = '', signature = ''] = jwt.split('.')
  const read = (part: string): any => JSON.parse(Buffer.from(part, 'base64url').toString() || '{}')
  if (!verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))) return false
  const { iss, iat, exp } = read(claims)
  const now = Date.now() / 1000
  return read(header).alg === 'RS256' && iss === '12' && iat <= now && exp > now && exp - iat <= 600
}

async function newKey(passphrase: string): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-key-'))
  try {
    const file = join(dir, 'key')
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'test', '-f', file])
    return { privateKey: await readFile(file, 'utf8'), publicKey: await readFile(`${file}.pub`, 'utf8') }
  } finally {
    await rm(dir, { recursive: true })
  }
}

describe.each(WORLDS)('credentials: %s', (plane) => {
  let world: World<HttpBackendHost>
  let ssh: SshServer

  beforeAll(async () => {
    world = await startWorld(plane)
    ssh = await startSshServer()
  })
  afterAll(async () => {
    await ssh?.stop()
    await world?.stop()
  })

  const setValue = async (namespace: string, value: string): Promise<void> => {
    await world.api.patch(configMapRef(namespace, 'settings'), { data: { value } })
  }
  const written = (repository: TestRepository, namespace: string, value: string): Promise<unknown> =>
    waitFor(`${value} is in Git`, async () =>
      (await repository.readFile('main', `${namespace}/sync/${namespace}/configmap/settings.yaml`)).includes(
        `value: ${value}\n`,
      ),
    )
  const replaceSecret = async (namespace: string, hosts: string, data: Record<string, string>): Promise<void> => {
    const ref = { apiVersion: 'v1', kind: 'Secret', namespace, name: 'login' }
    await world.api.delete(ref)
    await world.api.create(credentialSecret(namespace, hosts, data, 'login'))
  }

  test('over SSH with a key, known hosts, and a new key without a restart', async () => {
    const tenant = await world.tenant('ssh')
    const { namespace, repository } = tenant
    const hosts = `${ssh.host}:${ssh.port}`
    const { knownHosts } = ssh
    await world.api.create(configMap(namespace, 'settings', { value: 'one' }))
    await world.api.create(
      credentialSecret(namespace, hosts, { identity: ssh.privateKey, known_hosts: knownHosts }, 'login'),
    )
    await tenant.sync({ url: ssh.url(repository.dir), secret: 'login' })
    await tenant.ready()
    await written(repository, namespace, 'one')
    await repository.fsck()

    const another = await newKey('correct horse')
    await ssh.letIn(another.publicKey)
    const data = { sshPrivateKey: another.privateKey, known_hosts: knownHosts, password: 'correct horse' }
    await replaceSecret(namespace, hosts, data)
    await tenant.request()
    await setValue(namespace, 'two')
    await written(repository, namespace, 'two')
    expect(JSON.stringify(await world.api.list({ apiVersion: 'v1', kind: 'Event', namespace }))).not.toContain(
      'PRIVATE KEY',
    )
  })

  test('a host that has another key than the known one gets nothing', async () => {
    const tenant = await world.tenant('ssh-imposter')
    const { namespace, repository } = tenant
    const hosts = `${ssh.host}:${ssh.port}`
    const stranger = await newKey('')
    const knownHosts = `[${ssh.host}]:${ssh.port} ${stranger.publicKey}`
    await world.api.create(configMap(namespace, 'settings'))
    await world.api.create(
      credentialSecret(namespace, hosts, { identity: ssh.privateKey, known_hosts: knownHosts }, 'login'),
    )
    await tenant.sync({ url: ssh.url(repository.dir), secret: 'login' })
    await tenant.reason('CertificateInvalid')
    // Others may be at work there.
    expect((await ssh.commands()).filter(({ command }) => command.includes(repository.dir))).toEqual([])
    expect(await repository.resolve('main')).toBeNull()
  })

  describe('a GitHub App', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    let github: Server
    let asked = 0
    let ends = 3_600_000

    beforeAll(async () => {
      github = createServer((request, response) => {
        const jwt = request.headers.authorization?.slice('Bearer '.length) ?? ''
        const isSigned = isJwtOf(jwt, createPublicKey(privateKey))
        const isRight = request.method === 'POST' && request.url === '/api/v3/app/installations/345/access_tokens'
        asked += 1
        const answer = { token: 'ghs_installation', expires_at: new Date(Date.now() + ends).toISOString() }
        response
          .writeHead(isSigned ? (isRight ? 201 : 404) : 401, { 'content-type': 'application/json' })
          .end(JSON.stringify(answer))
      })
      await new Promise<void>((resolve) => github.listen(0, '127.0.0.1', resolve))
    })
    afterAll(() => {
      github.closeAllConnections()
      github.close()
    })

    test('gives tokens that are asked for again before they end', async () => {
      const remote = await startRemote({ auth: { user: 'x-access-token', password: 'ghs_installation' } })
      try {
        const repository = await remote.createRepository('app.git')
        const tenant = await world.tenant('app')
        const { namespace } = tenant
        await world.api.create(configMap(namespace, 'settings', { value: 'one' }))
        const data = {
          githubAppID: '12',
          githubAppInstallationID: '345',
          githubAppPrivateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }) as string,
          githubAppBaseURL: `http://127.0.0.1:${(github.address() as AddressInfo).port}/api/v3`,
        }
        // Within the time in which tokens are replaced: every request needs a new one.
        ends = 200_000
        await world.api.create(credentialSecret(namespace, new URL(remote.url).host, data, 'login'))
        await tenant.sync({ url: repository.url, secret: 'login' })
        await tenant.ready()
        await written(repository, namespace, 'one')
        expect(asked).toBeGreaterThan(0)
        ends = 3_600_000
        await setValue(namespace, 'two')
        await written(repository, namespace, 'two')
        const before = asked
        await setValue(namespace, 'three')
        await written(repository, namespace, 'three')
        expect(asked).toBe(before)
      } finally {
        await remote.stop()
      }
    })
  })
})
