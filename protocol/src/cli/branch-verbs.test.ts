import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../test/kit/process/index.ts'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../test/kit/remote/index.ts'
import { gitsync } from './test-command.ts'

let remote: Remote
let scratch: string
let store: TestRepository
let tip: string
let count = 0

beforeAll(async () => {
  remote = await startRemote()
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-verbs-'))
})
afterAll(async () => {
  await remote.stop()
  await rm(scratch, { recursive: true, force: true })
})
beforeEach(async () => {
  remote.reset()
  store = await remote.createRepository(`verbs-${++count}.git`)
  tip = await store.commitFiles({
    a: '1',
    'dir/b': '2',
    'dir/sub/c': '3',
    'dir2/d': '4',
    run: { mode: '100755', content: '#!' },
  })
})

const paths = async (rev = 'main'): Promise<string[]> =>
  (await store.lsTree(rev)).map(({ mode, path }) => (mode === '100644' ? path : `${mode} ${path}`))

describe('rm', () => {
  test('removes files in one commit and tells what it did', async () => {
    const ran = await gitsync(['rm', '--json', store.url, 'main', 'a', 'dir2/d', '-m', 'Drop'])
    expect(ran).toMatchObject({ code: 0, err: '' })
    const commit = await store.resolve('main')
    expect(JSON.parse(ran.out)).toMatchObject({
      ref: 'refs/heads/main',
      old: tip,
      commit,
      requests: expect.any(Number),
    })
    expect(await paths()).toEqual(['dir/b', 'dir/sub/c', '100755 run'])
    expect(await store.resolve('main~1')).toBe(tip)
    await store.fsck()
  })

  test('a folder goes only with -r, which takes files as well', async () => {
    const refused = await gitsync(['rm', store.url, 'main', 'dir', '-m', 'm'])
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('-r removes it') })
    expect(await store.resolve('main')).toBe(tip)
    expect((await gitsync(['rm', '-r', store.url, 'main', 'dir/', 'a', '-m', 'm'])).code).toBe(0)
    expect(await paths()).toEqual(['dir2/d', '100755 run'])
  })

  test('what is not there is not found, and nothing is pushed', async () => {
    for (const flags of [[], ['-r']]) {
      const ran = await gitsync(['rm', ...flags, store.url, 'main', 'a', 'nothing', '-m', 'm'])
      expect(ran).toMatchObject({ code: 4, out: '', err: expect.stringContaining('"nothing"') })
    }
    expect(await store.resolve('main')).toBe(tip)
  })
})

describe('mv', () => {
  test('moves a file with its mode, and a folder with all in it', async () => {
    expect((await gitsync(['mv', store.url, 'main', 'run', 'bin/start', '-m', 'm'])).code).toBe(0)
    expect((await gitsync(['mv', store.url, 'main', 'dir', 'other/place', '-m', 'm'])).code).toBe(0)
    expect(await paths()).toEqual(['a', '100755 bin/start', 'dir2/d', 'other/place/b', 'other/place/sub/c'])
    await store.fsck()
  })

  test('what is in the way is a conflict, unless it is to make way', async () => {
    expect(await gitsync(['mv', store.url, 'main', 'a', 'dir/b', '-m', 'm'])).toMatchObject({ code: 5, out: '' })
    expect((await gitsync(['mv', '-f', store.url, 'main', 'a', 'dir/b', '-m', 'm'])).code).toBe(0)
    expect((await store.readFile('main', 'dir/b')).toString()).toBe('1')
  })

  test('what is not there is not found', async () => {
    expect((await gitsync(['mv', store.url, 'main', 'nothing', 'x', '-m', 'm'])).code).toBe(4)
  })
})

describe('put-file', () => {
  test('--mode makes executables and symlinks', async () => {
    await gitsync(['put-file', store.url, 'main', 'a', '-', '--mode', '100755', '-m', 'm'], { input: '1' })
    await gitsync(['put-file', store.url, 'main', 'link', '-', '--mode', '120000', '-m', 'm'], { input: 'a' })
    expect(await paths()).toEqual(['100755 a', 'dir/b', 'dir/sub/c', 'dir2/d', '120000 link', '100755 run'])
    const ran = await gitsync(['put-file', store.url, 'main', 'a', '-', '--mode', '777', '-m', 'm'])
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('100644, 100755, 120000') })
  })

  test('a large file streams in, and again after a lost race', async () => {
    const file = join(scratch, 'large')
    const content = randomBytes(9 << 20)
    await writeFile(file, content)
    remote.faults.beforeReceivePack(async () => void (await store.commitFiles({ theirs: 'x' })))
    const ran = await gitsync(['put-file', store.url, 'main', 'large', '--from', file, '-m', 'm'])
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect((await store.readFile('main', 'large')).equals(content)).toBe(true)
    expect((await store.readFile('main', 'theirs')).toString()).toBe('x')
  })
})

describe('branch', () => {
  test('creates, moves with -f, deletes', async () => {
    const next = await store.commitFiles({ a: '2' })
    const created = await gitsync(['branch', '--json', store.url, 'topic', tip])
    expect(JSON.parse(created.out)).toEqual({ ref: 'refs/heads/topic', old: null, new: tip })
    expect(await gitsync(['branch', store.url, 'topic', 'main'])).toMatchObject({ code: 5, out: '' })
    const moved = await gitsync(['branch', '-f', '--json', store.url, 'topic', 'main'])
    expect(JSON.parse(moved.out)).toEqual({ ref: 'refs/heads/topic', old: tip, new: next })
    expect(await gitsync(['branch', store.url, 'other'])).toMatchObject({ out: `${next} refs/heads/other\n` })
    expect((await gitsync(['branch', '-d', store.url, 'topic'])).out).toBe(`deleted refs/heads/topic (was ${next})\n`)
    expect(await store.resolve('topic')).toBeNull()
  })

  test('what does not exist, and words that are too many', async () => {
    expect((await gitsync(['branch', '-d', store.url, 'topic'])).code).toBe(4)
    expect((await gitsync(['branch', store.url, 'topic', 'nowhere'])).code).toBe(4)
    expect((await gitsync(['branch', '-d', store.url, 'topic', 'main'])).code).toBe(2)
  })
})

describe('tag', () => {
  test('light, annotated, moved with -f, deleted', async () => {
    const next = await store.commitFiles({ a: '2' })
    expect((await gitsync(['tag', store.url, 'light', tip])).out).toBe(`${tip} refs/tags/light\n`)
    const args = ['tag', '--json', store.url, 'v1', 'main', '-m', 'First']
    const annotated = JSON.parse((await gitsync(args, { env: { TZ: 'UTC' } })).out)
    expect(annotated).toEqual({ ref: 'refs/tags/v1', old: null, new: await store.resolve('refs/tags/v1') })
    expect(
      await store.git(
        'for-each-ref',
        '--format=%(objecttype)|%(taggername)|%(taggeremail)|%(contents)|%(*objectname)',
        'refs/tags/v1',
      ),
    ).toBe(`tag|Ann Example|<ann@example.com>|First\n|${next}`)
    const again = [...args.slice(0, -1), 'Another first']
    expect(await gitsync(again)).toMatchObject({ code: 5 })
    expect(JSON.parse((await gitsync(['tag', '-f', '--json', store.url, 'light', 'main'])).out)).toEqual({
      ref: 'refs/tags/light',
      old: tip,
      new: next,
    })
    expect((await gitsync(['tag', '-d', store.url, 'v1'])).out).toBe(`deleted refs/tags/v1 (was ${annotated.new})\n`)
    expect(await store.git('tag')).toBe('light')
  })

  test('the tagger is who is named, else the committer of the environment', async () => {
    const env = { GIT_COMMITTER_NAME: 'Cal', GIT_COMMITTER_EMAIL: 'cal@example.com' }
    await gitsync(['tag', store.url, 'one', '-m', 'm'], { env })
    await gitsync(['tag', store.url, 'two', '-m', 'm', '--tagger', 'Tia <tia@example.com>'], { env })
    expect(await store.git('for-each-ref', '--format=%(taggername)', 'refs/tags')).toBe('Cal\nTia')
  })
})

describe('--sign', () => {
  const keygen = (name: string, phrase: string): Promise<unknown> =>
    run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', phrase, '-C', name, '-f', join(scratch, name)])
  const trusted = async (name: string): Promise<string[]> => {
    const [type, key] = (await readFile(join(scratch, `${name}.pub`), 'utf8')).split(' ')
    await writeFile(join(scratch, 'allowed'), `ann@example.com ${type} ${key}\n`)
    return ['-c', `gpg.ssh.allowedSignersFile=${join(scratch, 'allowed')}`]
  }

  test('with an OpenSSH key, open or with its passphrase: git verifies commits and tags', async () => {
    await keygen('open', '')
    await keygen('locked', 'pass phrase')
    const env = { GITSYNC_SIGN: join(scratch, 'open') }
    expect(await gitsync(['rm', store.url, 'main', 'a', '-m', 'm'], { env })).toMatchObject({ code: 0, err: '' })
    await store.git(...(await trusted('open')), 'verify-commit', 'main')

    const locked = ['--sign', join(scratch, 'locked')]
    const tagged = await gitsync(['tag', store.url, 'v1', '-m', 'm', ...locked], {
      env: { GITSYNC_SIGN_PASSPHRASE: 'pass phrase' },
    })
    expect(tagged).toMatchObject({ code: 0, err: '' })
    await store.git(...(await trusted('locked')), 'verify-tag', 'v1')
    const refused = await gitsync(['tag', store.url, 'v2', '-m', 'm', ...locked])
    expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(/--sign.*GITSYNC_SIGN_PASSPHRASE/) })
  })

  test('with an OpenPGP key', async () => {
    const { generateKey } = await import('openpgp')
    const { privateKey } = await generateKey({
      userIDs: [{ name: 'Ann', email: 'ann@example.com' }],
      format: 'armored',
    })
    await writeFile(join(scratch, 'pgp.asc'), privateKey)
    const ran = await gitsync(['mv', store.url, 'main', 'a', 'z', '-m', 'm', '--sign', join(scratch, 'pgp.asc')])
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(await store.git('cat-file', 'commit', 'main')).toContain('gpgsig -----BEGIN PGP SIGNATURE-----')
  })

  test.each([
    [['--sign', '/nonexistent/key'], /--sign ".*" cannot be read/],
    [['--sign', import.meta.filename], /holds no private key of OpenSSH or OpenPGP/],
    [['--sign-passphrase', 'x'], /--sign-passphrase needs --sign/],
  ])('%j is refused before anything is sent', async (flags, message) => {
    const ran = await gitsync(['rm', store.url, 'main', 'a', '-m', 'm', ...flags])
    expect(ran).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) })
    expect(remote.requests).toEqual([])
  })

  test('a light tag cannot be signed', async () => {
    const file = join(scratch, 'open-2')
    await keygen('open-2', '')
    expect(await gitsync(['tag', store.url, 'v1', '--sign', file])).toMatchObject({ code: 2 })
  })
})
