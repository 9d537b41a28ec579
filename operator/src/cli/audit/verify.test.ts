import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Io } from '@gitsync/protocol/cli'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run as runTool } from '../../../../test/kit/process/index.ts'
import { startRemote } from '../../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../../test/kit/remote/index.ts'
import type { AuditReport } from '../../audit/verify/report.ts'
import { BOB, START, writeHistory } from '../../audit/testing/write-history.ts'
import { claimFile } from '../../plan/claim.ts'
import { main } from './main.ts'

let remote: Remote
let home: string
let count = 0
/** Files of public keys. */
let sshKeys: string
let otherKeys: string

const HOUR = 3_600
const OPERATOR = ['gitsync-operator', 'gitsync-operator@noreply.invalid'] as const
const ANN = ['Ann', 'ann@example.com'] as const

beforeAll(async () => {
  remote = await startRemote()
  // Short: the sockets of gpg's agents go there.
  home = await mkdtemp(join(tmpdir(), 'audit-'))
  for (const name of ['ours', 'theirs']) await tool('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', name)
  sshKeys = join(home, 'ours.pub')
  otherKeys = join(home, 'theirs.pub')
})
afterAll(async () => {
  await runTool('gpgconf', ['--kill', 'all'], { env: environment() }).catch(() => undefined)
  await rm(home, { recursive: true, force: true, maxRetries: 5 })
  await remote.stop()
})

const environment = () => ({ PATH: process.env['PATH'], HOME: home, GNUPGHOME: home })
const tool = async (command: string, ...args: string[]): Promise<string> =>
  (await runTool(command, args, { env: environment(), cwd: home })).stdout.toString()

interface Signed {
  readonly message: string
  readonly files?: Readonly<Record<string, string | null>>
  readonly author?: readonly [string, string]
  readonly committer?: readonly [string, string]
  readonly time?: number
  /** Settings of git that sign; null: unsigned. Default: with our SSH key. */
  readonly sign?: Readonly<Record<string, string>> | null
}

const ssh = (name: string) => ({ 'gpg.format': 'ssh', 'user.signingkey': join(home, name) })
const claim = (cluster: string, gitsync = 'g-1'): string => claimFile({ cluster, gitsync }).toString()
const TRAILERS = 'Changed-by: ann\nObject: ConfigMap/shop/settings\nCluster: c-1'

/** Adds a commit as git itself makes and signs it. */
async function commit(store: TestRepository, { message, files = {}, ...rest }: Signed): Promise<string> {
  const { author = ANN, committer = OPERATOR, sign = ssh('ours') } = rest
  const tip = await store.resolve('main')
  const number = tip === null ? 0 : Number(await store.git('rev-list', '--count', 'main'))
  const date = `${rest.time ?? START + number * HOUR} +0000`
  // The tree is made by a commit that is thrown away.
  if (tip !== null) await store.git('update-ref', 'refs/heads/scratch', tip)
  await writeHistory(store, [{ message: 'x', files }], 'scratch')
  const tree = await store.git('rev-parse', 'scratch^{tree}')
  await store.git('update-ref', '-d', 'refs/heads/scratch')
  const env = {
    GNUPGHOME: home,
    GIT_AUTHOR_NAME: author[0],
    GIT_AUTHOR_EMAIL: author[1],
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: committer[0],
    GIT_COMMITTER_EMAIL: committer[1],
    GIT_COMMITTER_DATE: date,
  }
  const settings = Object.entries(sign ?? {}).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const parents = tip === null ? [] : ['-p', tip]
  const flags = sign === null ? [] : ['-S']
  const oid = await store.gitWith({ env }, ...settings, 'commit-tree', ...flags, ...parents, '-m', message, tree)
  await store.git('update-ref', 'refs/heads/main', oid)
  return oid
}

/** What the operator writes: a claim, and three edits. */
async function record(sign?: Signed['sign']): Promise<TestRepository> {
  const store = await remote.createRepository(`verify-${++count}.git`)
  const signed = sign === undefined ? {} : { sign }
  await commit(store, {
    message: `Create ConfigMap shop/settings\n\n${TRAILERS}\nGitsync-Compared: start`,
    files: { 'shop/.gitsync': claim('c-1'), 'shop/settings.yaml': '0' },
    author: OPERATOR,
    ...signed,
  })
  for (const number of [1, 2, 3]) await edit(store, number, signed)
  return store
}

const edit = (store: TestRepository, number: number, more: Partial<Signed> = {}): Promise<string> =>
  commit(store, {
    message: `Update ConfigMap shop/settings\n\n${TRAILERS}`,
    files: { 'shop/settings.yaml': String(number) },
    ...more,
  })

async function run(...args: readonly string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  stdin.end()
  const printed = Promise.all([text(stdout), text(stderr)])
  const now = (): Date => new Date('2026-07-01T00:00:00Z')
  const io: Io = { stdin, stdout, stderr, now, program: '/', env: { PATH: process.env['PATH'] } }
  const code = await main(['verify', ...args], io)
  stdout.end()
  stderr.end()
  const [out, err] = await printed
  return { code, out, err }
}

interface Verified {
  readonly code: number
  readonly report: AuditReport
  readonly kinds: Readonly<Record<string, number>>
}

async function verify(store: TestRepository, ...args: readonly string[]): Promise<Verified> {
  const { code, out, err } = await run(store.url, 'main', ...args, '--json')
  expect(err).toBe('')
  const report = JSON.parse(out) as AuditReport
  return { code, report, kinds: Object.fromEntries(report.counts.map(({ kind, count }) => [kind, count])) }
}

const keys = (): string[] => ['--keys', sshKeys]

/** The branch anew, with each commit changed or left out, as whoever may push by force can do. */
async function rewrite(store: TestRepository, change: (text: string, index: number) => string | null): Promise<void> {
  const oids = (await store.git('rev-list', '--reverse', 'main')).split('\n')
  let parent: string | undefined
  for (const [index, oid] of oids.entries()) {
    const body = `${await store.git('cat-file', 'commit', oid)}\n`
    const based = body.replace(/^parent .*\n/m, parent === undefined ? '' : `parent ${parent}\n`)
    const changed = change(based, index)
    if (changed === null) continue
    parent = await store.gitWith({ input: changed }, 'hash-object', '-t', 'commit', '-w', '--stdin')
  }
  await store.git('update-ref', 'refs/heads/main', parent ?? '')
}

/** The newest commit with another time of its committer, in seconds since 1970. */
const redate = (store: TestRepository, time: number): Promise<void> =>
  rewrite(store, (text, index) => (index < 3 ? text : text.replace(/^(committer .*>) \d+/m, `$1 ${time}`)))

describe('what the operator has written is intact', () => {
  test('signed, attributed and in one line; a report goes on where the one before has ended', async () => {
    const store = await record()
    for (const oid of await store.log('main')) {
      await writeFile(join(home, 'allowed'), `* ${await readFile(sshKeys, 'utf8')}`)
      await store.git('-c', `gpg.ssh.allowedSignersFile=${join(home, 'allowed')}`, 'verify-commit', oid)
    }
    const saved = join(home, `first-${count}.json`)
    const first = await verify(store, ...keys(), '--trailers', 'Changed-by,object', '--save', saved)
    const print = (await tool('ssh-keygen', '-lf', sshKeys)).split(' ')[1]
    expect(first).toMatchObject({ code: 0, kinds: { Compared: 1 } })
    expect(first.report).toMatchObject({
      verdict: 'Intact',
      time: '2026-07-01T00:00:00Z',
      remote: store.url,
      branch: 'main',
      tip: await store.resolve('main'),
      earlier: null,
      commits: { checked: 4, byOperator: 4, byOthers: 0, merges: 0, withTrailers: 4 },
      signatures: { asked: true, good: 4, unsigned: 0, bad: 0 },
      keys: [{ format: 'SSH', fingerprint: print, commits: 4 }],
      attributions: { person: 3, compared: 1, nobody: 0 },
      authors: [{ name: 'Ann <ann@example.com>', commits: 3 }, { commits: 1 }],
      claims: [{ path: 'shop/.gitsync', cluster: 'c-1', gitsync: 'g-1' }],
    })
    // Where the branch is, the commits, and the claims: the tree, its commit again, and the file.
    expect(first.report.requests).toBeLessThanOrEqual(7)

    expect(await verify(store, ...keys(), '--previous', saved)).toMatchObject({
      code: 0,
      report: { commits: { checked: 0 } },
    })
    await edit(store, 4)
    const second = await verify(store, ...keys(), '--previous', saved)
    expect(second).toMatchObject({ code: 0, kinds: {} })
    expect(second.report).toMatchObject({
      commits: { checked: 1 },
      earlier: {
        tip: first.report.tip,
        time: first.report.time,
        sha256: (await tool('sha256sum', saved)).split(' ')[0],
      },
    })
    expect(await verify(store, ...keys(), '--since-tip', first.report.tip ?? '')).toMatchObject({ code: 0, kinds: {} })
  })

  test('with OpenPGP, several files of keys, and a key that came later', async () => {
    const name = 'Operator <operator@example.com>'
    const batch = ['--batch', '--pinentry-mode', 'loopback', '--passphrase', '']
    await tool('gpg', ...batch, '--quick-generate-key', name, 'ed25519', 'sign', 'never')
    const file = join(home, 'operator.asc')
    await writeFile(file, await tool('gpg', '--armor', '--export', name))
    const store = await record({ 'gpg.format': 'openpgp', 'user.signingkey': name })
    await edit(store, 4)
    const { code, report } = await verify(store, '--keys', file, ...keys())
    expect(code).toBe(0)
    expect(report.keys.map(({ format, commits }) => [format, commits])).toEqual([
      ['OpenPGP', 4],
      ['SSH', 1],
    ])
    expect(await verify(store, '--keys', file)).toMatchObject({ code: 8, kinds: { UnknownKey: 1 } })
  })

  test('what nobody is named for, and what others have committed, is listed and breaks nothing', async () => {
    const store = await record()
    await edit(store, 4, { author: OPERATOR })
    await edit(store, 5, { author: ['Audit', 'audit@example.com'] })
    await commit(store, { message: `Delete ConfigMap shop/settings\n\nChanged-by: unknown (deleted)` })
    await edit(store, 6, {
      author: ['argocd/controller (service account)', 'controller.argocd@service-account.invalid'],
    })
    const foreign = await commit(store, {
      message: 'Readme',
      files: { README: 'x', 'shop/a': 'x' },
      committer: ANN,
      sign: null,
    })
    const { code, report, kinds } = await verify(store, ...keys(), '--default-author', 'audit@example.com')
    expect({ code, kinds }).toEqual({ code: 0, kinds: { Compared: 1, ForeignCommit: 1, Unattributed: 3 } })
    expect(report.attributions).toMatchObject({ person: 3, program: 1, nobody: 3 })
    expect(report.findings.find(({ kind }) => kind === 'ForeignCommit')).toEqual({
      kind: 'ForeignCommit',
      commit: foreign,
      message:
        'Readme: by Ann <ann@example.com>, committed by Ann <ann@example.com>; 2 files, 1 of them in claimed folders',
    })
    expect(await verify(store, ...keys(), '--only-operator')).toMatchObject({ code: 8, kinds: { ForeignRefused: 1 } })
  })
})

describe('tampering is found', () => {
  /** A report of the branch as it was. */
  async function kept(store: TestRepository): Promise<string> {
    const file = join(home, `kept-${++count}.json`)
    expect(await verify(store, ...keys(), '--save', file)).toMatchObject({ code: 0 })
    return file
  }

  test('an amended commit: another message under the same signature', async () => {
    const store = await record()
    const before = await kept(store)
    await rewrite(store, (body, index) => (index === 2 ? body.replace('shop/settings\n', 'shop/other\n') : body))
    // The commits above have another parent, and so another signature would be needed.
    const { code, kinds, report } = await verify(store, ...keys())
    expect({ code, kinds }).toMatchObject({ code: 8, kinds: { BadSignature: 2 } })
    expect(report.signatures).toMatchObject({ good: 2, bad: 2 })
    for (const oid of (await store.log('main')).slice(0, 2)) {
      const allowed = `gpg.ssh.allowedSignersFile=${join(home, 'allowed')}`
      await expect(store.git('-c', allowed, 'verify-commit', oid)).rejects.toThrow()
    }
    expect(await verify(store, ...keys(), '--previous', before)).toMatchObject({
      code: 8,
      kinds: { HistoryRewritten: 1 },
    })
  })

  test('a replaced author, of the last commit alone', async () => {
    const store = await record()
    const before = await kept(store)
    await rewrite(store, (body, index) => (index === 3 ? body.replace('author Ann <ann@', 'author Bob <bob@') : body))
    expect(await verify(store, ...keys())).toMatchObject({ code: 8, kinds: { BadSignature: 1 } })
    expect(await verify(store, '--no-signatures', '--previous', before)).toMatchObject({
      code: 8,
      kinds: { HistoryRewritten: 1 },
    })
  })

  test("an amended commit that is signed anew, by a person's key or by none, under the operator's name", async () => {
    const store = await record()
    await edit(store, 4, { sign: ssh('theirs') })
    await edit(store, 5, { sign: null })
    expect(await verify(store, ...keys())).toMatchObject({ code: 8, kinds: { UnknownKey: 1, UnsignedCommit: 1 } })
    const { code, kinds } = await verify(store, ...keys(), '--keys', otherKeys)
    expect({ code, kinds }).toEqual({ code: 8, kinds: { Compared: 1, UnsignedCommit: 1 } })
  })

  test("forged trailers: somebody else writes what reads like the operator's word", async () => {
    const store = await record()
    await edit(store, 4, { committer: ANN, sign: null })
    const { code, kinds, report } = await verify(store, ...keys())
    expect({ code, kinds }).toMatchObject({ code: 8, kinds: { ForgedTrailers: 1, ForeignCommit: 1 } })
    expect(report.findings[0]?.message).toMatch(
      /^Changed-by, Object, Cluster in Update ConfigMap shop\/settings: by Ann/,
    )
    expect(await verify(store, '--no-signatures', '--committer', ANN[1], '--committer', OPERATOR[1])).toMatchObject({
      code: 0,
    })
  })

  test('a dropped commit, and one that is moved out of the way by a branch that goes back', async () => {
    const store = await record()
    const before = await kept(store)
    await store.git('update-ref', 'refs/heads/main', 'main~1')
    const { code, kinds, report } = await verify(store, ...keys(), '--previous', before)
    expect({ code, kinds }).toMatchObject({ code: 8, kinds: { HistoryRewritten: 1 } })
    // All that is there was looked at.
    expect(report.commits.checked).toBe(3)
    await edit(store, 9)
    expect(await verify(store, ...keys(), '--previous', before)).toMatchObject({
      code: 8,
      kinds: { HistoryRewritten: 1 },
    })
    expect(await verify(store, ...keys())).toMatchObject({ code: 0 })
  })

  test('a branch that was replaced by force, or is gone', async () => {
    const store = await record()
    const before = await kept(store)
    const other = await remote.createRepository(`verify-${++count}.git`)
    // Equal commits would have equal ids.
    for (const number of [7, 8, 9]) await edit(other, number)
    await store.git('fetch', '-q', other.dir, '+main:main')
    expect(await verify(store, ...keys(), '--previous', before)).toMatchObject({
      code: 8,
      kinds: { HistoryRewritten: 1 },
    })
    await store.git('update-ref', '-d', 'refs/heads/main')
    expect(await verify(store, ...keys(), '--previous', before)).toMatchObject({
      code: 8,
      kinds: { HistoryRewritten: 1 },
      report: { tip: null, verdict: 'NotIntact' },
    })
    expect(await run(store.url, 'main')).toMatchObject({
      code: 4,
      err: expect.stringContaining('has no branch "main"'),
    })
  })

  test('a key that had expired when it signed', async () => {
    const batch = ['--batch', '--pinentry-mode', 'loopback', '--passphrase', '']
    const name = 'Old <old@example.com>'
    await tool(
      'gpg',
      ...batch,
      '--faked-system-time',
      '20200101T000000',
      '--quick-generate-key',
      name,
      'ed25519',
      'sign',
      '1y',
    )
    const file = join(home, 'old.asc')
    await writeFile(file, await tool('gpg', '--armor', '--export', name))
    const program = join(home, 'gpg-2020')
    await writeFile(program, '#!/bin/sh\nexec gpg --faked-system-time 20200601T000000 "$@"\n', { mode: 0o755 })
    const settings = { 'gpg.format': 'openpgp', 'user.signingkey': name }
    const store = await record({ ...settings, 'gpg.program': program })
    expect(await verify(store, '--keys', file)).toMatchObject({ code: 0, report: { signatures: { good: 4 } } })
    // Who has the key has told only his own gpg that it has not ended.
    await tool('gpg', '--batch', '--quick-set-expire', await fingerprint(name), '0')
    await edit(store, 4, { sign: settings })
    expect(await verify(store, '--keys', file)).toMatchObject({ code: 8, kinds: { InvalidKey: 1 } })
  })

  const fingerprint = async (name: string): Promise<string> =>
    /^fpr:+([0-9A-F]+):/m.exec(await tool('gpg', '--with-colons', '--fingerprint', name))?.[1] ?? ''

  test('a commit that is dated back', async () => {
    const store = await record()
    await edit(store, 4, { time: START - 30 * 24 * HOUR })
    expect(await verify(store, ...keys())).toMatchObject({ code: 8, kinds: { DatesBackwards: 1 } })
    expect(await verify(store, ...keys(), '--clock-skew', '1000h')).toMatchObject({ code: 0 })
    // On top of the tip that was seen as well.
    const tip = await store.git('rev-parse', 'main~1')
    expect(await verify(store, ...keys(), '--since-tip', tip)).toMatchObject({ code: 8, kinds: { DatesBackwards: 1 } })
  })

  test('a commit of a time that no calendar holds, which is 1970 for git', async () => {
    const store = await record(null)
    await redate(store, 10 ** 17)
    expect(await store.git('log', '-1', '--format=%cI', 'main')).toMatch(/^1970-/)
    expect(await verify(store, '--no-signatures')).toMatchObject({ code: 8, kinds: { DatesBackwards: 1 } })
  })

  test('a folder that is claimed for another writer', async () => {
    const store = await record()
    const before = await kept(store)
    await commit(store, {
      message: 'Take over shop for a/b',
      files: { 'shop/.gitsync': claim('c-2') },
      author: OPERATOR,
    })
    expect(await verify(store, ...keys(), '--previous', before)).toMatchObject({
      code: 0,
      kinds: { ClaimChanged: 1 },
    })
    await commit(store, { message: 'x', files: { 'shop/.gitsync': claim('c-3') }, committer: ANN, sign: null })
    const { code, kinds, report } = await verify(store, ...keys(), '--previous', before)
    expect({ code, kinds }).toEqual({ code: 8, kinds: { ForeignClaim: 1, ClaimChanged: 1, ForeignCommit: 1 } })
    expect(report.findings[0]).toMatchObject({ kind: 'ForeignClaim', path: 'shop/.gitsync' })
  })

  test('a claim by somebody else, however many commits come after it, or in a merge of its own', async () => {
    const files = { 'shop/.gitsync': claim('c-3') }
    const many = await record()
    const noise = Array.from({ length: 999 }, (_, n) => ({ message: 'x', files: { noise: String(n) }, committer: BOB }))
    await writeHistory(many, [{ message: 'x', files, committer: BOB }, ...noise])
    expect(await verify(many, ...keys())).toMatchObject({ code: 8, kinds: { ForeignClaim: 1, ForeignCommit: 1_000 } })
    await writeHistory(many, [{ message: 'x', files: { noise: 'more' }, committer: BOB }])
    const { code, kinds } = await verify(many, ...keys())
    expect({ code, kinds }).toMatchObject({ code: 9, kinds: { TooManyForeign: 1, ForeignCommit: 1_001 } })

    const merged = await record()
    await merged.git('branch', 'side', 'main~1')
    await writeHistory(merged, [{ message: 'y', files: { other: '1' }, committer: BOB }], 'side')
    const merge = async (tree: string): Promise<void> => {
      const env = {
        GIT_COMMITTER_NAME: 'Bob',
        GIT_COMMITTER_EMAIL: 'b@c',
        GIT_AUTHOR_NAME: 'Bob',
        GIT_AUTHOR_EMAIL: 'b@c',
      }
      const args = ['commit-tree', '-p', 'main', '-p', 'side', '-m', 'Merge', tree]
      await merged.git('update-ref', 'refs/heads/main', await merged.gitWith({ env }, ...args))
    }
    const main = await merged.git('rev-parse', 'main')
    await merge('main^{tree}')
    expect((await verify(merged, ...keys())).kinds['ForeignClaim']).toBeUndefined()
    await merged.git('update-ref', 'refs/heads/main', main)
    await merged.git('update-ref', 'refs/heads/scratch', main)
    await writeHistory(merged, [{ message: 'x', files }], 'scratch')
    await merge('scratch^{tree}')
    expect(await verify(merged, ...keys())).toMatchObject({ code: 8, kinds: { ForeignClaim: 1 } })
  })

  test('trailers that are asked for and missing', async () => {
    const store = await record()
    await commit(store, { message: 'Update ConfigMap shop/settings\n\nChanged-by: ann' })
    expect(await verify(store, ...keys())).toMatchObject({ code: 0 })
    const { code, kinds, report } = await verify(store, ...keys(), '--trailers', 'Changed-by,Object,Cluster')
    expect({ code, kinds }).toMatchObject({ code: 8, kinds: { MissingTrailers: 1 } })
    expect(report.findings[0]?.message).toContain('no Object, Cluster')
  })
})

describe('what nobody can tell is not called intact', () => {
  test('without signatures, without keys, without a commit of the operator', async () => {
    const unsigned = await record(null)
    expect(await verify(unsigned)).toMatchObject({
      code: 9,
      kinds: { NothingSigned: 1 },
      report: { verdict: 'CouldNotTell' },
    })
    expect(await verify(unsigned, ...keys())).toMatchObject({ code: 8, kinds: { UnsignedCommit: 4 } })
    expect(await verify(unsigned, '--no-signatures')).toMatchObject({
      code: 0,
      report: { signatures: { asked: false } },
    })
    expect(await verify(await record())).toMatchObject({ code: 9, kinds: { NoKeys: 1 } })
    const other = ['--committer', 'bot@example.com', ...keys()]
    expect(await verify(await record(), ...other)).toMatchObject({ kinds: { NoOperatorCommit: 1, ForgedTrailers: 4 } })
  })

  test('two beginnings, and a merge', async () => {
    const store = await record()
    const other = await remote.createRepository(`verify-${++count}.git`)
    await edit(other, 7)
    await store.git('fetch', '-q', other.dir, 'main:other')
    const [name, email] = OPERATOR
    const env = { GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email, GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@b' }
    const settings = Object.entries(ssh('ours')).flatMap(([key, value]) => ['-c', `${key}=${value}`])
    const args = ['commit-tree', '-S', '-p', 'main', '-p', 'other', '-m', 'Merge', 'main^{tree}']
    await store.git('update-ref', 'refs/heads/main', await store.gitWith({ env }, ...settings, ...args))
    const { code, kinds, report } = await verify(store, ...keys())
    expect(report.commits).toMatchObject({ merges: 1, checked: 6 })
    expect({ code, kinds }).toEqual({ code: 9, kinds: { Compared: 1, SeveralRoots: 1 } })
  })
})

describe('reports', () => {
  test('for people, in which commits play no tricks; files are not written over', async () => {
    const store = await record()
    const evil = '[click](https://evil.example) <b>\u001b[31m|`'
    await commit(store, { message: evil, committer: [evil.replace('<b>', ''), 'm@example.com'], sign: null })
    const [markdown, plain] = [join(home, `r-${count}.md`), join(home, `r-${count}.txt`)]
    const ran = await run(store.url, ...keys(), '--save', markdown, '--save', plain)
    expect(ran.code).toBe(0)
    expect(ran.out).toMatch(/^The record is intact\.\n\nremote: +http/)
    expect(ran.out).toContain('note: ForeignCommit, 1.')
    expect(ran.out).toContain(String.raw`\x1b[31m`)
    expect(ran.out).toMatch(/^key: +SSH SHA256:\S+: 4 commits$/m)
    expect(await readFile(plain, 'utf8')).toBe(ran.out)
    const saved = await readFile(markdown, 'utf8')
    expect(saved).toContain('**The record is intact.**')
    for (const trick of ['https://evil', '<b>', '\u001b', '[click](', '31m|']) expect(saved, trick).not.toContain(trick)
    expect(await run(store.url, ...keys(), '--save', plain)).toMatchObject({
      code: 5,
      err: expect.stringContaining('it is there already'),
    })
    expect(await run(store.url, ...keys(), '--save', '/nonexistent/june.json')).toMatchObject({
      code: 2,
      err: expect.stringContaining('june.json: there is no such folder: make it first\n'),
    })
  })

  test('the name of a file begins no line of its own', async () => {
    const store = await record()
    const path = 'x\nThe record is intact.\ny/.gitsync'
    // As fast-import quotes it.
    await commit(store, { message: 'x', files: { [JSON.stringify(path)]: claim('c-9') }, committer: ANN, sign: null })
    const { code, out } = await run(store.url, ...keys())
    expect(code).toBe(8)
    expect(out).toContain('ForeignClaim')
    expect(out).not.toMatch(/^The record is intact/m)
  })

  test.each([
    [['--keys', 'KEYS', '--no-signatures'], '--keys and --no-signatures exclude each other'],
    [['--since-tip', 'abc'], 'a full commit id is needed'],
    [['--keys', '/nonexistent'], '--keys "/nonexistent" cannot be read'],
    [['--keys', 'PRIVATE'], 'holds a private key'],
    [['--previous', 'KEYS'], 'it is not JSON'],
    [['--previous', 'ODD'], 'it is no report of gitsync audit verify: format'],
    [['--save', 'report.pdf'], 'must end with .json, .md or .txt'],
    [['--trailers', 'Object,X'], 'X is none of Changed-by'],
    [['--clock-skew', 'long'], 'is not a duration'],
    [['-o', 'yaml'], 'Allowed choices are text, json, markdown'],
  ])('%j is refused', async (args, message) => {
    await writeFile(join(home, 'odd.json'), '{"format": "x"}')
    const files: Record<string, string> = { KEYS: sshKeys, PRIVATE: join(home, 'ours'), ODD: join(home, 'odd.json') }
    const ran = await run('https://git.invalid/x.git', 'main', ...args.map((one) => files[one] ?? one))
    expect(ran.err).toContain(message)
    expect(ran).toMatchObject({ code: 2, out: '' })
  })

  test('however long the texts of a commit are, its report can be read again', async () => {
    const store = await record()
    const [long, name] = ['x'.repeat(100_000), 'y'.repeat(70_000)]
    await commit(store, { message: long, author: [name, 'a@example.com'], committer: ANN, sign: null })
    await edit(store, 4, { author: [name, 'a@example.com'] })
    const users = Array.from({ length: 90 }, () => `Changed-by: unknown ${'z'.repeat(900)}`)
    await commit(store, { message: `x\n\n${users.join('\n')}\nCluster: c-1`, author: OPERATOR })
    const file = join(home, `long-${count}.json`)
    expect(await verify(store, ...keys(), '--save', file)).toMatchObject({ code: 0 })
    expect((await readFile(file)).length).toBeLessThan(50_000)
    expect(await verify(store, ...keys(), '--previous', file)).toMatchObject({ code: 0 })
  })

  test('whatever the time of a commit is, its report can be read again', async () => {
    const store = await record(null)
    // The year 12000.
    await redate(store, 316_526_400_000)
    const file = join(home, `far-${count}.json`)
    const first = await verify(store, '--no-signatures', '--save', file)
    expect(first).toMatchObject({ code: 0, report: { commits: { newest: null } } })
    expect(await verify(store, '--no-signatures', '--previous', file)).toMatchObject({ code: 0 })
  })

  test('of a SHA-256 repository, and of one that has moved to another host', async () => {
    const store = await remote.createRepository(`verify-${++count}.git`, { objectFormat: 'sha256' })
    for (const number of [1, 2]) await edit(store, number)
    const file = join(home, `moved-${count}.json`)
    expect(await verify(store, ...keys(), '--save', file)).toMatchObject({
      code: 0,
      report: { signatures: { good: 2 } },
    })
    const moved = await remote.createRepository(`verify-${++count}.git`, { objectFormat: 'sha256' })
    await moved.git('fetch', '-q', store.dir, 'main:main')
    const { code, err } = await run(moved.url, 'main', ...keys(), '--previous', file)
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining(`note: --previous is of ${store.url}`) })
  })

  test('a report of another branch is refused', async () => {
    const store = await record()
    const file = join(home, `other-${count}.json`)
    await verify(store, ...keys(), '--save', file)
    await store.git('branch', 'other', 'main')
    expect(await run(store.url, 'other', '--previous', file)).toMatchObject({
      code: 2,
      err: expect.stringContaining('is of the branch main, and not of other'),
    })
  })
})
