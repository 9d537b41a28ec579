import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository } from '@gitsync/protocol'
import type { CommitInfo } from '@gitsync/protocol'
import { openPgpVerifier, sshVerifier } from '@gitsync/protocol/sign'
import type { SignatureCheck, Verifier } from '@gitsync/protocol/sign'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../kit/process/index.ts'
import { startRemote } from '../../kit/remote/index.ts'
import type { Remote, TestRepository } from '../../kit/remote/index.ts'

let remote: Remote
let home: string
let count = 0

beforeAll(async () => {
  remote = await startRemote()
  // Short: the sockets of gpg's agents go there.
  home = await mkdtemp(join(tmpdir(), 'verify-'))
})
afterAll(async () => {
  await run('gpgconf', ['--kill', 'all'], { env: environment() }).catch(() => undefined)
  await rm(home, { recursive: true, force: true, maxRetries: 5 })
  await remote.stop()
})

const PERSON = {
  GIT_AUTHOR_NAME: 'Ann',
  GIT_AUTHOR_EMAIL: 'ann@example.com',
  GIT_COMMITTER_NAME: 'Ann',
  GIT_COMMITTER_EMAIL: 'ann@example.com',
}
const environment = () => ({ PATH: process.env['PATH'], HOME: home, GNUPGHOME: home, ...PERSON })
const at = (name: string): string => join(home, name)
const tool = async (command: string, ...args: string[]): Promise<string> =>
  (await run(command, args, { env: environment(), cwd: home })).stdout.toString()

interface Signing {
  readonly settings: Readonly<Record<string, string>>
  /** What git is to trust. */
  readonly trusting?: Readonly<Record<string, string>>
}

const configured = (settings: Readonly<Record<string, string>>): string[] =>
  Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])

/** A commit that git itself has signed, with a message that takes some reading. */
async function signedByGit(store: TestRepository, { settings }: Signing, date = '1780000000 +0200'): Promise<string> {
  const tree = await store.gitWith({ input: '' }, 'mktree')
  const dates = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
  const args = ['commit-tree', '-S', '-m', `change ${++count}\n\n gpgsig of nothing\n\nä\n`, tree]
  const oid = await store.gitWith({ env: { GNUPGHOME: home, ...PERSON, ...dates } }, ...configured(settings), ...args)
  await store.git('update-ref', 'refs/heads/main', oid)
  return oid
}

/** What git says of a commit, as one letter (git-log, `%G?`), and whether `git verify-commit` is content. */
async function byGit(store: TestRepository, oid: string, { settings, trusting = {} }: Signing) {
  const git = (...args: string[]): Promise<string> =>
    store.gitWith({ env: { GNUPGHOME: home } }, ...configured({ ...settings, ...trusting }), ...args)
  const [letter = '', key = ''] = (await git('log', '-1', '--format=%G?|%GF', oid)).split('|')
  const isGood = await git('verify-commit', oid).then(
    () => true,
    () => false,
  )
  return { letter, key, isGood }
}

async function read(store: TestRepository, revision = 'main'): Promise<CommitInfo> {
  for await (const commit of openRepository(store.url).history(revision, { payloads: true, limit: 1 })) return commit
  throw new Error('there is no commit')
}

async function check(verifier: Verifier, store: TestRepository, revision?: string): Promise<SignatureCheck> {
  const { payload = Buffer.alloc(0), signature = '', committer } = await read(store, revision)
  return verifier.verify(payload, signature, committer.date)
}

/** The same signature over another commit. */
async function forge(store: TestRepository, change: (text: string) => string): Promise<string> {
  const text = `${await store.git('cat-file', 'commit', 'main')}\n`
  const oid = await store.gitWith({ input: change(text) }, 'hash-object', '-t', 'commit', '-w', '--stdin')
  await store.git('update-ref', 'refs/heads/forged', oid)
  return oid
}

const fresh = (objectFormat: 'sha1' | 'sha256' = 'sha1'): Promise<TestRepository> =>
  remote.createRepository(`verify-${++count}.git`, { objectFormat })

describe('SSH', () => {
  async function sshKey(...args: string[]): Promise<Signing & { readonly publicKey: string; readonly print: string }> {
    const name = `ssh-${++count}`
    await tool('ssh-keygen', '-q', '-N', '', '-f', name, ...args)
    const publicKey = await readFile(at(`${name}.pub`), 'utf8')
    const print = (await tool('ssh-keygen', '-lf', `${name}.pub`)).split(' ')[1] ?? ''
    return { settings: { 'gpg.format': 'ssh', 'user.signingkey': at(name) }, publicKey, print }
  }
  async function trusting(signing: Signing, allowed: string): Promise<Signing> {
    const file = at(`allowed-${++count}`)
    await writeFile(file, allowed)
    return { ...signing, trusting: { 'gpg.ssh.allowedSignersFile': file } }
  }
  const keyOf = (publicKey: string): string => publicKey.split(' ').slice(0, 2).join(' ')

  test.each([
    ['Ed25519', ['-t', 'ed25519'], 'sha1'],
    ['RSA', ['-t', 'rsa', '-b', '2048'], 'sha1'],
    ['ECDSA of 256 bits', ['-t', 'ecdsa', '-b', '256'], 'sha1'],
    ['ECDSA of 384 bits', ['-t', 'ecdsa', '-b', '384'], 'sha1'],
    ['ECDSA of 521 bits', ['-t', 'ecdsa', '-b', '521'], 'sha1'],
    ['Ed25519 in a SHA-256 repository', ['-t', 'ed25519'], 'sha256'],
  ] as const)('what git calls good is good, and nothing else: %s', async (_kind, args, format) => {
    const store = await fresh(format)
    const key = await sshKey(...args)
    const signing = await trusting(key, `ann@example.com,*@example.org namespaces="git" ${key.publicKey}`)
    for (let i = 0; i < 4; i++) {
      const oid = await signedByGit(store, signing)
      expect(await byGit(store, oid, signing)).toEqual({ letter: 'G', key: key.print, isGood: true })
      const good = { state: 'good', key: key.print, signer: 'ann@example.com' }
      expect(await check(await sshVerifier(`# ours\n\nann@example.com ${key.publicKey}`), store)).toEqual(good)
      expect(await check(await sshVerifier(key.publicKey), store)).toEqual({ state: 'good', key: key.print })
    }
    const verifier = await sshVerifier(key.publicKey)
    const parent = await store.resolve('main')
    for (const change of [
      (text: string) => text.replace(/change \d+/, 'another change'),
      (text: string) => text.replace('author Ann', 'author Bob'),
      (text: string) => text.replace(/^tree .*\n/, (line) => `${line}parent ${parent}\n`),
    ]) {
      const oid = await forge(store, change)
      expect(await byGit(store, oid, signing)).toMatchObject({ letter: 'B', isGood: false })
      expect(await check(verifier, store, 'forged')).toMatchObject({ state: 'bad', key: key.print })
    }
    const other = await sshKey('-t', 'ed25519')
    expect(await check(await sshVerifier(other.publicKey), store)).toMatchObject({
      state: 'unknownKey',
      key: key.print,
    })
  })

  test.each([
    ['valid-before="20260101"', 'invalidKey', false],
    ['valid-after="20260101Z",valid-before="20270101000000Z"', 'good', true],
    ['valid-after="20270101"', 'invalidKey', false],
    ['namespaces="file,git"', 'good', true],
    ['namespaces="file"', 'invalidKey', false],
    ['namespaces="*,!git"', 'invalidKey', false],
    ['namespaces="g?t"', 'good', true],
  ] as const)('a key counts when and for what it is allowed, as for git: %s', async (option, state, isGood) => {
    const store = await fresh()
    const key = await sshKey('-t', 'ed25519')
    const allowed = `ann@example.com ${option} ${keyOf(key.publicKey)}\n`
    const signing = await trusting(key, allowed)
    // 28 May 2026.
    const oid = await signedByGit(store, signing)
    expect((await byGit(store, oid, signing)).isGood).toBe(isGood)
    expect(await check(await sshVerifier(allowed), store)).toMatchObject({ state, key: key.print })
  })

  test('a time that no calendar holds is not within that of a key', async () => {
    const store = await fresh()
    const key = await sshKey('-t', 'ed25519')
    const signing = await trusting(key, `ann@example.com ${keyOf(key.publicKey)}\n`)
    await signedByGit(store, signing)
    const { payload = Buffer.alloc(0), signature = '' } = await read(store)
    for (const option of ['valid-before="20260101"', 'valid-after="20260101"']) {
      const verifier = await sshVerifier(`ann@example.com ${option} ${keyOf(key.publicKey)}\n`)
      expect(await verifier.verify(payload, signature, new Date(Number.NaN))).toMatchObject({ state: 'invalidKey' })
    }
  })

  test('signatures for something else than git, and what is none, are not good', async () => {
    const key = await sshKey('-t', 'ed25519')
    const verifier = await sshVerifier(key.publicKey)
    await writeFile(at('payload'), 'payload')
    await tool('ssh-keygen', '-q', '-Y', 'sign', '-n', 'file', '-f', key.settings['user.signingkey'] ?? '', 'payload')
    const signature = await readFile(at('payload.sig'), 'utf8')
    const payload = Buffer.from('payload')
    expect(await verifier.verify(payload, signature, new Date())).toMatchObject({
      state: 'bad',
      reason: 'it is for "file", not for git',
    })
    const none = signature.replace(/\n[^-]+\n-/, '\nAAAA\n-')
    expect(await verifier.verify(payload, none, new Date())).toMatchObject({ state: 'unreadable' })
    expect(await verifier.verify(payload, 'nonsense', new Date())).toMatchObject({ state: 'unreadable' })
  })

  test('a file of keys that holds none, or what is not read, is refused, naming the line', async () => {
    const { publicKey } = await sshKey('-t', 'ed25519')
    const problem = async (text: string): Promise<string> =>
      sshVerifier(text).then(
        () => '',
        (error: Error) => error.message,
      )
    expect(await problem('')).toContain('hold none')
    expect(await problem(`# x\nann nonsense AAAA`)).toContain('line 2 holds no public key')
    expect(await problem(`* cert-authority ${publicKey}`)).toContain('line 1 is a certificate authority')
    expect(await problem(`* valid-after="soon" ${publicKey}`)).toContain('line 1 has the time "soon"')
    expect(await problem(`* sometimes ${publicKey}`)).toContain('line 1 has the option "sometimes"')
    const sk = 'sk-ssh-ed25519@openssh.com'
    const blob = Buffer.concat([Buffer.of(0, 0, 0, sk.length), Buffer.from(sk), Buffer.alloc(40)]).toString('base64')
    expect(await problem(`ann ${sk} ${blob}\n${publicKey}`)).toBe('')
  })
})

describe('OpenPGP', () => {
  async function pgpKey(algorithm: string, expires = 'never', ...more: string[]) {
    const name = `Ann ${++count} <ann${count}@example.com>`
    const batch = ['--batch', '--pinentry-mode', 'loopback', '--passphrase', '', ...more]
    await tool('gpg', ...batch, '--quick-generate-key', name, algorithm, 'sign', expires)
    const listed = await tool('gpg', '--with-colons', '--fingerprint', name)
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listed)?.[1] ?? ''
    const publicKey = await tool('gpg', '--armor', '--export', fingerprint)
    const settings = { 'gpg.format': 'openpgp', 'user.signingkey': fingerprint }
    return { settings, fingerprint, publicKey, name }
  }

  test.each(['ed25519', 'rsa2048'])('what git calls good is good, and nothing else: %s', async (algorithm) => {
    const store = await fresh()
    const key = await pgpKey(algorithm)
    const oid = await signedByGit(store, key)
    expect(await byGit(store, oid, key)).toEqual({ letter: 'G', key: key.fingerprint, isGood: true })
    const verifier = await openPgpVerifier(`text before\n${key.publicKey}`)
    const [first] = verifier.keys
    expect(first).toEqual({ format: 'OpenPGP', fingerprint: key.fingerprint, signers: [key.name] })
    expect(await check(verifier, store)).toEqual({ state: 'good', key: key.fingerprint, signer: key.name })

    const forged = await forge(store, (text) => text.replace('author Ann', 'author Bob'))
    expect(await byGit(store, forged, key)).toMatchObject({ letter: 'B', isGood: false })
    expect(await check(verifier, store, 'forged')).toMatchObject({ state: 'bad', key: key.fingerprint })
    const other = await openPgpVerifier((await pgpKey('ed25519')).publicKey)
    expect(await check(other, store)).toMatchObject({ state: 'unknownKey' })
  })

  test('a key that has expired is good for what it signed before, and for nothing after', async () => {
    const store = await fresh()
    // Made in 2020 for a year: it signs in 2020 by that clock.
    const key = await pgpKey('ed25519', '1y', '--faked-system-time', '20200101T000000')
    const program = at('gpg-2020')
    await writeFile(program, '#!/bin/sh\nexec gpg --faked-system-time 20200601T000000 "$@"\n', { mode: 0o755 })
    const then = { settings: { ...key.settings, 'gpg.program': program } }
    await signedByGit(store, then, '1590969600 +0000')
    const verifier = await openPgpVerifier(key.publicKey)
    expect(await check(verifier, store)).toMatchObject({ state: 'good' })

    // A clock that is set forward, past the end of the key: gpg refuses to sign, and so has to be told that it has not ended.
    await tool('gpg', '--batch', '--quick-set-expire', key.fingerprint, '0')
    await signedByGit(store, key, '1780000000 +0000')
    expect(await check(verifier, store)).toMatchObject({ state: 'invalidKey', key: key.fingerprint })
    expect(
      await check(await openPgpVerifier(await tool('gpg', '--armor', '--export', key.fingerprint)), store),
    ).toMatchObject({ state: 'good' })
  })

  test('what is no signature, and no key, is said', async () => {
    const { publicKey } = await pgpKey('ed25519')
    const verifier = await openPgpVerifier(publicKey)
    expect(await verifier.verify(Buffer.alloc(1), 'nonsense', new Date())).toMatchObject({ state: 'unreadable' })
    await expect(openPgpVerifier('nonsense')).rejects.toMatchObject({ code: 'InvalidInput' })
    const broken = publicKey.replace(/\n[A-Za-z0-9+/=]{20}/, '\nAAAA')
    await expect(openPgpVerifier(broken)).rejects.toMatchObject({ code: 'InvalidInput' })
  })
})

test('a payload is what git has signed, whatever headers there are', async () => {
  const store = await fresh()
  const tree = await store.gitWith({ input: '' }, 'mktree')
  const who = 'Ann <ann@example.com> 1780000000 +0000'
  const head = `tree ${tree}\nauthor ${who}\ncommitter ${who}\n`
  const signature = (name: string): string => `${name} -----BEGIN X-----\n \n abc\n -----END X-----\n`
  for (const [before, after] of [
    ['', ''],
    ['encoding ISO-8859-1\n', ''],
    ['', 'mergetag object 12\n type commit\n gpgsig x\n'],
    ['', signature('gpgsig-sha256')],
  ]) {
    const body = `${head}${before}${signature('gpgsig')}${after}\n\ngpgsig not a header\n`
    const oid = await store.gitWith({ input: body }, 'hash-object', '--literally', '-t', 'commit', '-w', '--stdin')
    await store.git('update-ref', 'refs/heads/main', oid)
    const kept = after?.startsWith('gpgsig') === true ? '' : after
    expect((await read(store)).payload?.toString()).toBe(`${head}${before}${kept}\n\ngpgsig not a header\n`)
  }
})
