import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository } from '@gitsync/protocol'
import type { Signer } from '@gitsync/protocol'
import { openPgpSigner, sshSigner, x509Signer } from '@gitsync/protocol/sign'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../kit/process/index.ts'
import { startRemote } from '../../kit/remote/index.ts'
import type { Remote, TestRepository } from '../../kit/remote/index.ts'
import { author } from './fixture.ts'

let remote: Remote
let home: string
let count = 0

beforeAll(async () => {
  remote = await startRemote()
  // Short: the sockets of gpg's agents go there.
  home = await mkdtemp(join(tmpdir(), 'sign-'))
})
afterAll(async () => {
  await run('gpgconf', ['--kill', 'all'], { env: environment() }).catch(() => undefined)
  await rm(home, { recursive: true, force: true, maxRetries: 5 })
  await remote.stop()
})

const environment = () => ({ PATH: process.env['PATH'], HOME: home, GNUPGHOME: home })
const at = (name: string): string => join(home, name)
const tool = async (command: string, ...args: string[]): Promise<string> =>
  (await run(command, args, { env: environment(), cwd: home })).stdout.toString()

/** A commit and a tag with this signature, and what git, told how to verify, thinks of them. */
async function verified(store: TestRepository, sign: Signer, settings: Record<string, string>): Promise<void> {
  const repo = openRepository(store.url)
  const edit = await repo.edit('main')
  edit.put('a', `${++count}\n`)
  const commit = await edit.commit({ message: 'a signed change\n\nwith a body', author, sign })
  await edit.push()
  await repo.createTag('v1', 'main', { message: 'a signed tag', tagger: author, sign })
  await store.fsck()
  const git = (...args: string[]): Promise<string> =>
    store.gitWith(
      { env: { GNUPGHOME: home } },
      ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
      ...args,
    )
  expect(await git('log', '-1', '--format=%H %G? %s', 'main')).toBe(`${commit} G a signed change`)
  await git('verify-commit', 'main')
  await git('verify-tag', 'v1')
  expect((await repo.commit('main')).signature).toMatch(/^-----BEGIN [^]*-----END [A-Z ]+-----$/)
  expect((await repo.tag('v1')).signature).toMatch(/^-----BEGIN [^]*-----END [A-Z ]+-----\n?$/)

  // What verifies must not be just anything: the same signature over other bytes is refused.
  const forged = (await git('cat-file', 'commit', 'main')).replace('a signed change', 'another change')
  const oid = await store.gitWith({ input: `${forged}\n` }, 'hash-object', '-t', 'commit', '-w', '--stdin')
  await expect(git('verify-commit', oid)).rejects.toThrow()
}

const fresh = (objectFormat: 'sha1' | 'sha256' = 'sha1'): Promise<TestRepository> =>
  remote.createRepository(`sign-${++count}.git`, { objectFormat })

async function sshKey(...args: string[]): Promise<{ key: string; allowed: string }> {
  const name = `ssh-${++count}`
  await tool('ssh-keygen', '-q', '-f', name, ...args)
  const [type, value] = (await readFile(at(`${name}.pub`), 'utf8')).split(' ')
  await writeFile(at(`${name}.allowed`), `ann@example.com namespaces="git" ${type} ${value}\n`)
  return { key: await readFile(at(name), 'utf8'), allowed: at(`${name}.allowed`) }
}

describe('SSH', () => {
  test.each([
    ['Ed25519', ['-t', 'ed25519', '-N', '']],
    ['RSA', ['-t', 'rsa', '-b', '2048', '-N', '']],
    ['RSA as PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '']],
    ['ECDSA of 256 bits', ['-t', 'ecdsa', '-b', '256', '-N', '']],
    ['ECDSA of 384 bits', ['-t', 'ecdsa', '-b', '384', '-N', '']],
    ['ECDSA of 521 bits', ['-t', 'ecdsa', '-b', '521', '-N', '']],
    ['Ed25519, encrypted', ['-t', 'ed25519', '-N', 'open sesame']],
  ])('git accepts what a key signs: %s', async (_kind, args) => {
    const { key, allowed } = await sshKey(...args)
    const signer = await sshSigner(key, args.at(-1) === '' ? {} : { passphrase: 'open sesame' })
    await verified(await fresh(), signer, { 'gpg.format': 'ssh', 'gpg.ssh.allowedSignersFile': allowed })
  })

  test('git accepts it in a SHA-256 repository, under its own header', async () => {
    const { key, allowed } = await sshKey('-t', 'ed25519', '-N', '')
    const store = await fresh('sha256')
    await verified(store, await sshSigner(key), { 'gpg.format': 'ssh', 'gpg.ssh.allowedSignersFile': allowed })
    expect(await store.git('cat-file', 'commit', 'main')).toMatch(/^gpgsig-sha256 /m)
  })

  test('numbers of ECDSA signatures may begin with zero bytes or a set bit', async () => {
    const { key, allowed } = await sshKey('-t', 'ecdsa', '-b', '256', '-N', '')
    const signer = await sshSigner(key)
    const lengths = new Set<number>()
    for (let i = 0; i < 64; i++) {
      const payload = `payload ${i}`
      const signature = await signer.sign(Buffer.from(payload))
      lengths.add(Buffer.from(signature.replaceAll(/-----.*-----|\n/g, ''), 'base64').length)
      if (i > 8) continue
      await writeFile(at('one.sig'), signature)
      const args = ['-Y', 'verify', '-f', allowed, '-I', 'ann@example.com', '-n', 'git', '-s', at('one.sig')]
      await run('ssh-keygen', args, { env: environment(), input: payload })
    }
    expect(lengths.size).toBeGreaterThan(1)
  })

  test('a key that is none, public, or closed is refused at once, and its text is nowhere', async () => {
    const { key } = await sshKey('-t', 'ed25519', '-N', 'open sesame')
    const error = expect.objectContaining({ code: 'InvalidInput', details: expect.objectContaining({ field: 'key' }) })
    await expect(sshSigner('nonsense')).rejects.toEqual(error)
    await expect(sshSigner(key)).rejects.toEqual(error)
    const wrong = await sshSigner(key, { passphrase: 'wrong' }).catch((e: unknown) => e)
    expect(wrong).toEqual(error)
    expect(String(wrong)).not.toContain(key.split('\n')[1])
    await expect(sshSigner(await readFile(at(`ssh-${count}.pub`), 'utf8'))).rejects.toEqual(error)
  })
})

describe('OpenPGP', () => {
  async function pgpKey(algorithm: string, usage: string, passphrase = ''): Promise<string> {
    const name = `Ann ${++count} <ann${count}@example.com>`
    const batch = ['--batch', '--pinentry-mode', 'loopback', '--passphrase', passphrase]
    await tool('gpg', ...batch, '--quick-generate-key', name, algorithm, usage, 'never')
    return tool('gpg', ...batch, '--armor', '--export-secret-keys', name)
  }

  test.each([
    ['Ed25519', 'ed25519', ''],
    ['RSA', 'rsa2048', ''],
    ['Ed25519, encrypted', 'ed25519', 'open sesame'],
  ])('git accepts what a key signs: %s', async (_kind, algorithm, passphrase) => {
    const key = await pgpKey(algorithm, 'sign', passphrase)
    const signer = await openPgpSigner(key, passphrase === '' ? {} : { passphrase })
    await verified(await fresh(), signer, { 'gpg.format': 'openpgp' })
  })

  test('a key that is none, closed, or for something else is refused at once', async () => {
    const error = expect.objectContaining({ code: 'InvalidInput', details: expect.objectContaining({ field: 'key' }) })
    await expect(openPgpSigner('nonsense')).rejects.toEqual(error)
    const closed = await pgpKey('ed25519', 'sign', 'open sesame')
    await expect(openPgpSigner(closed)).rejects.toEqual(error)
    await expect(openPgpSigner(closed, { passphrase: 'wrong' })).rejects.toEqual(error)
    await expect(openPgpSigner(await pgpKey('ed25519', 'cert'))).rejects.toEqual(error)
  })
})

describe('X.509', () => {
  const authority = ['-subj', '/C=DE/O=Example ö/CN=Example Root', '-addext', 'basicConstraints=critical,CA:TRUE']

  /** A certificate of an authority that gpgsm trusts. */
  async function certified(
    kind: string,
    ...keyArgs: string[]
  ): Promise<{ key: string; certificate: string; root: string }> {
    const name = `x509-${kind}-${++count}`
    const root = `${name}-root.crt`
    const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']
    const rootKey = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}-root.key`]
    await tool('openssl', 'req', '-x509', '-utf8', ...rootKey, '-out', root, '-days', '2', ...authority, ...usage)
    const request = [
      '-subj',
      '/CN=Ann Example/emailAddress=ann@example.com',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    ]
    await tool('openssl', 'req', '-new', ...keyArgs, ...request)
    await writeFile(
      at(`${name}.ext`),
      'keyUsage=critical,digitalSignature,nonRepudiation\nsubjectAltName=email:ann@example.com\n',
    )
    const issue = [
      '-CA',
      root,
      '-CAkey',
      `${name}-root.key`,
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
    ]
    await tool('openssl', 'x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...issue)
    const fingerprint = await tool('openssl', 'x509', '-in', root, '-noout', '-fingerprint', '-sha1')
    await writeFile(at('trustlist.txt'), `${fingerprint.split('=')[1]?.trim()} S relax\n`, { flag: 'a' })
    await writeFile(at('gpgsm.conf'), 'disable-crl-checks\ndisable-dirmngr\n')
    return {
      key: await readFile(at(`${name}.key`), 'utf8'),
      certificate: await readFile(at(`${name}.crt`), 'utf8'),
      root: at(root),
    }
  }

  test('git accepts, by gpgsm, what an RSA key signs', async () => {
    const { key, certificate, root } = await certified('rsa', '-newkey', 'rsa:2048', '-nodes')
    await tool('gpgsm', '--import', root)
    await run('gpgconf', ['--kill', 'gpg-agent'], { env: environment() })
    const signer = await x509Signer(key, certificate, { chain: await readFile(root, 'utf8') })
    await verified(await fresh(), signer, { 'gpg.format': 'x509' })
  })

  test.each([
    ['RSA, encrypted', ['-newkey', 'rsa:2048', '-passout', 'pass:open sesame']],
    ['ECDSA', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']],
  ])('openssl accepts what a key signs: %s', async (kind, args) => {
    const { key, certificate, root } = await certified(kind.slice(0, 3), ...args)
    const signer = await x509Signer(key, certificate, { passphrase: 'open sesame' })
    const payload = Buffer.from('tree 1234\n\nany bytes \0\xff\n', 'latin1')
    await writeFile(at('payload'), payload)
    const signature = await signer.sign(payload)
    await writeFile(at('payload.p7s'), signature.replaceAll('SIGNED MESSAGE', 'CMS'))
    const verify = ['cms', '-verify', '-binary', '-inform', 'PEM', '-in', 'payload.p7s', '-CAfile', root, '-out', 'out']
    await tool('openssl', ...verify, '-purpose', 'any', '-content', 'payload')
    await writeFile(at('payload'), 'something else')
    await expect(tool('openssl', ...verify, '-purpose', 'any', '-content', 'payload')).rejects.toThrow()
  })

  test('a key that is none, closed, or of another certificate is refused at once', async () => {
    const { certificate } = await certified('rsa', '-newkey', 'rsa:2048', '-nodes')
    const other = await certified('rsa', '-newkey', 'rsa:2048', '-passout', 'pass:open sesame')
    const refused = (field: string) =>
      expect.objectContaining({ code: 'InvalidInput', details: expect.objectContaining({ field }) })
    await expect(x509Signer('nonsense', certificate)).rejects.toEqual(refused('key'))
    await expect(x509Signer(other.key, other.certificate, { passphrase: 'wrong' })).rejects.toEqual(refused('key'))
    await expect(x509Signer(other.key, 'nonsense', { passphrase: 'open sesame' })).rejects.toEqual(
      refused('certificate'),
    )
    await expect(x509Signer(other.key, certificate, { passphrase: 'open sesame' })).rejects.toEqual(
      refused('certificate'),
    )
  })
})

test("a signer of one's own takes part; what is no armored block is refused, and the change stays staged", async () => {
  const store = await fresh()
  const edit = await openRepository(store.url).edit('main')
  edit.put('a', '1')
  const sign = { sign: async () => 'nonsense\n\nparent 0000' }
  await expect(edit.commit({ message: 'm', author, sign })).rejects.toMatchObject({ code: 'InvalidInput' })
  const unsigned = await edit.commit({ message: 'm', author })
  const again = await openRepository(store.url).edit('main')
  again.put('a', '1')
  expect(await again.commit({ message: 'm', author })).toBe(unsigned)
})
