/** What commits say and how they are signed, as git and a forge see it. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../kit/process/index.ts'
import { configMap, configMapRef, syncRef } from './harness/gitsync.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startGiteaWorld, startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'
import type { HttpBackendHost } from './harness/git-host.ts'

/** What the engine signs with. */
const openpgp = createRequire(new URL('../../protocol/package.json', import.meta.url))('openpgp')

describe.each(WORLDS)('commits: %s', (name) => {
  let world: World<HttpBackendHost>
  let home: string

  beforeAll(async () => {
    world = await startWorld(name)
    home = await mkdtemp(join(tmpdir(), 'gitsync-keys-'))
  })
  afterAll(async () => {
    await world?.stop()
    await rm(home, { recursive: true, force: true })
  })

  const secret = (namespace: string, name: string, stringData: Readonly<Record<string, string>>): Promise<unknown> =>
    world.api.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, labels: { 'gitsync.dev/credential': 'true' } },
      stringData,
    })
  const edit = ({ namespace }: Tenant, name: string, value: string): Promise<unknown> =>
    world.api.patch(configMapRef(namespace, name), { data: { key: value } })
  /** `G` for a good signature, as git says of each commit, newest first. */
  async function signatures(tenant: Tenant<TestRepository>, publicKey: string): Promise<string[]> {
    const allowed = join(home, `${tenant.namespace}.allowed`)
    const [type, value] = publicKey.split(' ')
    await writeFile(allowed, `* namespaces="git" ${type} ${value}\n`)
    const verify = ['-c', 'gpg.format=ssh', '-c', `gpg.ssh.allowedSignersFile=${allowed}`]
    return (await tenant.repository.git(...verify, 'log', '--format=%G?', 'main')).trim().split('\n')
  }

  test('a commit for each object, with the token for CI and trailers that git reads', async () => {
    const tenant = await world.tenant('per-object')
    await world.api.create(configMap('per-object', 'a'))
    await world.api.create(configMap('per-object', 'b'))
    await tenant.sync({
      commit: {
        window: '1s',
        maxLatency: '5s',
        perObject: true,
        skipCI: '[skip ci]',
        message: '{action} {name} by {manager}\n\nin {cluster} at {time}',
        trailers: ['Changed-via', 'Object', 'Resource-version', 'Cluster'],
      },
    })
    await tenant.ready()
    await edit(tenant, 'a', '1')
    await edit(tenant, 'b', '1')
    await tenant.committed(/Update b by/)
    await tenant.committed(/Update a by/)
    const format = '--format=%s|%(trailers:only,unfold,separator=%x2C)'
    const log = (await tenant.repository.git('log', format, 'main')).trim().split('\n')
    expect(log).toHaveLength(3)
    const { uid } = (await world.api.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' })).metadata
    for (const object of ['a', 'b']) {
      const line = log.find((entry) => entry.startsWith(`Update ${object} by e2e [skip ci]|`))
      const { resourceVersion } = (await world.api.get(configMapRef('per-object', object))).metadata
      expect(line?.split('|')[1]).toBe(
        `Changed-via: e2e,Object: ConfigMap/per-object/${object},Resource-version: ${resourceVersion},Cluster: ${uid}`,
      )
    }
    expect(log[2]).toMatch(/^Create \* by .* ?\[skip ci\]\|.*Gitsync-Compared: first-export$/)
  })

  test('a person who saves now cannot forge a trailer', async () => {
    const tenant = await world.tenant('forged')
    await world.api.create(configMap('forged', 'a'))
    await tenant.sync({ commit: { window: '5m', maxLatency: '10m', trailers: ['Changed-by', 'Object'] } })
    await tenant.ready()
    await edit(tenant, 'a', '1')
    const message = 'Mine\n\nChanged-by: root\nObject: Secret/x/y'
    await world.api.patch(syncRef('forged'), { metadata: { annotations: { 'gitsync.dev/commit-message': message } } })
    await tenant.committed(/^Mine/)
    const trailers = await tenant.repository.git('log', '-1', '--format=%(trailers:only)', 'main')
    expect(trailers.trim()).toBe('Object: ConfigMap/forged/a')
  })

  test('a key from a Secret signs every commit, a new one takes over, and without it nothing is written', async () => {
    const tenant = await world.tenant('signed')
    const keys: { privateKey: string; publicKey: string }[] = []
    for (const passphrase of ['open sesame', '']) {
      const file = join(home, `key${keys.length}-${name.replaceAll(/\W/g, '')}`)
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', file])
      const [privateKey, publicKey] = await Promise.all([file, `${file}.pub`].map((path) => readFile(path, 'utf8')))
      keys.push({ privateKey: privateKey ?? '', publicKey: publicKey ?? '' })
    }
    const [first, second] = keys
    await world.api.create(configMap('signed', 'a'))
    await tenant.sync({ commit: { signing: { secretRef: { name: 'signing' } } } })
    await tenant.reason('SecretNotFound')
    expect(await tenant.repository.resolve('main')).toBeNull()
    await secret('signed', 'signing', { identity: first?.privateKey ?? '', passphrase: 'open sesame' })
    await tenant.request()
    const ready = await tenant.ready()
    expect(first?.publicKey.startsWith(ready['status'].signingKey)).toBe(true)
    await edit(tenant, 'a', '1')
    await waitFor('both are signed', async () => (await signatures(tenant, first?.publicKey ?? '')).join('') === 'GG')

    await world.api.patch(
      { apiVersion: 'v1', kind: 'Secret', namespace: 'signed', name: 'signing' },
      { data: { identity: Buffer.from(second?.privateKey ?? '').toString('base64'), passphrase: null } },
    )
    await tenant.request()
    await waitFor('the new key is taken', async () => {
      const { status } = await tenant.ready()
      return second?.publicKey.startsWith(status.signingKey)
    })
    await edit(tenant, 'a', '2')
    await waitFor(
      'the next one is signed by it',
      async () => (await signatures(tenant, second?.publicKey ?? ''))[0] === 'G',
    )

    await world.api.patch(
      { apiVersion: 'v1', kind: 'Secret', namespace: 'signed', name: 'signing' },
      { data: { identity: Buffer.from('no key').toString('base64') } },
    )
    await tenant.request()
    const { message } = await tenant.reason('InvalidSecret')
    expect(message).toContain('the key of Secret signing cannot sign')
    expect(message).not.toContain('no key')
    await tenant.repository.fsck()
  })

  test('a key that the operator makes stays in a Secret of the GitSync, over restarts', async () => {
    const tenant = await world.tenant('generated')
    await world.api.create(configMap('generated', 'a'))
    const sync = await tenant.sync({ commit: { signing: { generate: true } } })
    const { signingKey } = (await tenant.ready())['status']
    expect(signingKey).toMatch(/^ssh-ed25519 \S+$/)
    const made = await world.api.get({
      apiVersion: 'v1',
      kind: 'Secret',
      namespace: 'generated',
      name: `gitsync-signing-${sync.metadata['uid']}`,
    })
    expect(made.metadata['ownerReferences'][0]).toMatchObject({ kind: 'GitSync', uid: sync.metadata['uid'] })
    // ssh-keygen takes the file for a key, and finds the same public half in it.
    const file = join(home, `generated-${name.replaceAll(/\W/g, '')}`)
    await writeFile(file, Buffer.from(made['data'].identity, 'base64'), { mode: 0o600 })
    const printed = (await run('ssh-keygen', ['-y', '-f', file])).stdout.toString()
    expect(printed).toContain(signingKey)

    await world.operator.kill()
    world.operator = await world.startOperator()
    await edit(tenant, 'a', '1')
    await waitFor('two signed commits', async () => (await signatures(tenant, signingKey)).join('') === 'GG')
    expect((await tenant.ready())['status'].signingKey).toBe(signingKey)
  })
})

describe('commits: Gitea', () => {
  let world: World
  beforeAll(async () => {
    world = await startGiteaWorld('embedded')
  })
  afterAll(() => world?.stop())

  test('an OpenPGP key makes commits that Gitea calls verified', async () => {
    const token = world.host.credentials['token'] ?? ''
    const api = async (method: string, path: string, body?: unknown): Promise<any> => {
      const headers = { authorization: `token ${token}`, 'content-type': 'application/json' }
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
      const answer = await fetch(`http://${world.host.host}/api/v1${path}`, init)
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
      return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text
    }
    const { email, login } = await api('GET', '/user')
    const { privateKey: armored, publicKey } = await openpgp.generateKey({
      userIDs: [{ name: 'gitsync', email }],
      passphrase: 'p',
    })
    const opened = await openpgp.decryptKey({
      privateKey: await openpgp.readPrivateKey({ armoredKey: armored }),
      passphrase: 'p',
    })
    const challenge = await openpgp.createMessage({ text: await api('GET', '/user/gpg_key_token') })
    const proof = await openpgp.sign({ message: challenge, signingKeys: opened, detached: true })
    await api('POST', '/user/gpg_keys', { armored_public_key: publicKey, armored_signature: proof })

    const tenant = await world.tenant('verified')
    await world.api.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'signing', namespace: 'verified', labels: { 'gitsync.dev/credential': 'true' } },
      stringData: { 'git.asc': armored, passphrase: 'p' },
    })
    await world.api.create(configMap('verified', 'a'))
    await tenant.sync({
      commit: {
        author: { name: 'Ann', email: 'ann@example.com' },
        committer: { name: 'gitsync', email },
        signing: { secretRef: { name: 'signing' }, format: 'OpenPGP' },
      },
    })
    const { sha } = (await tenant.ready())['status'].lastCommit
    const { commit } = await api('GET', `/repos/${login}/verified/git/commits/${sha}`)
    expect(commit.verification).toMatchObject({ verified: true })
  })
})
