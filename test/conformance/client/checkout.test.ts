import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository } from '@gitsync/protocol'
import type { CheckoutOptions } from '@gitsync/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TestRepository } from '../../kit/remote/index.ts'
import { useRemote } from './fixture.ts'
import { scriptedServer } from './scripted-server.ts'

const remote = useRemote()
const { fresh } = remote
let folder: string
let scratch: string

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-checkout-'))
  folder = join(scratch, 'target')
})
afterEach(() => rm(scratch, { recursive: true, force: true }))

interface RawEntry {
  readonly mode: string
  readonly oid: string
  readonly name: string
}

/** Objects that git itself would not make. */
function hashObject(store: TestRepository, input: string | Buffer, type = 'blob'): Promise<string> {
  return store.gitWith({ input }, 'hash-object', '-w', '--literally', '-t', type, '--stdin')
}

function treeBytes(entries: readonly RawEntry[]): Buffer {
  const parts = entries.flatMap(({ mode, oid, name }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')])
  return Buffer.concat(parts)
}

async function commitTree(store: TestRepository, entries: readonly RawEntry[]): Promise<void> {
  const tree = await hashObject(store, treeBytes(entries), 'tree')
  const commit = await store.git('commit-tree', '-m', 'raw', tree)
  await store.git('update-ref', 'refs/heads/main', commit)
}

/** What lies in a folder: content, `x` before executables, `->` before the destination of symlinks. */
async function onDisk(root: string, prefix = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of (await readdir(join(root, prefix))).sort()) {
    const path = join(prefix, name)
    const stats = await lstat(join(root, path))
    if (stats.isDirectory()) Object.assign(found, await onDisk(root, path))
    else if (stats.isSymbolicLink()) found[path] = `->${await readlink(join(root, path))}`
    else found[path] = `${stats.mode & 0o100 ? 'x' : ''}${await readFile(join(root, path), 'latin1')}`
  }
  return found
}

const SITE = {
  'README.md': 'read me',
  'bin/run': { content: '#!/bin/sh\n', mode: '100755' as const },
  'docs/a.md': 'a',
  'docs/deep/er/b.md': 'b',
  'docs/deep/er/c.bin': Buffer.from([0, 255, 13, 10]),
  'docs/latest': { content: 'deep/er/b.md', mode: '120000' as const },
  'same/one': 'twice',
  'same/two': 'twice',
}

describe('checkout', () => {
  test('writes what git itself checks out: contents, executables, symlinks', async () => {
    const store = await fresh(SITE)
    const done = await openRepository(store.url).checkout('main', folder)
    const work = join(scratch, 'by-git')
    await mkdir(work)
    await store.git('--work-tree', work, 'checkout', '-f', 'main', '--', '.')
    expect(await onDisk(folder)).toEqual(await onDisk(work))
    expect(done).toEqual({ commit: await store.resolve('main'), files: 8, bytes: 45 })
  })

  test('asks for refs, all trees and all contents: three requests, whatever the number of files', async () => {
    const store = await fresh()
    await store.commitFiles(
      Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`d/${i % 7}/f${i}`, `content ${i}`])),
    )
    remote.reset()
    await openRepository(store.url).checkout('main', folder)
    expect(remote.requests).toHaveLength(3)
  })

  const CASES: readonly (readonly [string, CheckoutOptions, readonly string[]])[] = [
    ['a folder', { include: ['docs/'] }, ['docs/a.md', 'docs/deep/er/b.md', 'docs/deep/er/c.bin', 'docs/latest']],
    ['a folder from the root', { include: ['/docs/deep'] }, ['docs/deep/er/b.md', 'docs/deep/er/c.bin']],
    ['a name at any depth', { include: ['*.md'] }, ['README.md', 'docs/a.md', 'docs/deep/er/b.md']],
    ['one file', { include: ['/docs/a.md'] }, ['docs/a.md']],
    ['any depth in the middle', { include: ['docs/**/b.md'] }, ['docs/deep/er/b.md']],
    ['exclusion beats inclusion', { include: ['docs/'], exclude: ['*.md', 'latest'] }, ['docs/deep/er/c.bin']],
    ['a negated pattern', { include: ['*.md', '!a.md'] }, ['README.md', 'docs/deep/er/b.md']],
    ['nothing', { include: ['nowhere/*'] }, []],
  ]
  test.each(CASES)('patterns: %s', async (_name, options, expected) => {
    const store = await fresh(SITE)
    const done = await openRepository(store.url).checkout('main', folder, options)
    expect(Object.keys(await onDisk(folder))).toEqual(expected)
    expect(done.files).toBe(expected.length)
  })

  test('contents that no pattern wants are not sent', async () => {
    const store = await fresh()
    await store.commitFiles({
      'small/a': 'a',
      'large/b': Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 251)),
    })
    const repo = openRepository(store.url)
    await repo.checkout('main', folder, { include: ['small/'] })
    expect(repo.traffic.bytesReceived).toBeLessThan(2000)
  })

  test('a server that sends files with their commit only: each is written and counted once', async () => {
    const store = await fresh(SITE)
    const tip = (await store.resolve('main')) ?? ''
    await using server = await scriptedServer(({ lines }) => {
      const foreign = lines.some((line) => line.startsWith('want ') && line !== `want ${tip}`)
      return foreign ? { body: '' } : undefined
    }, store.url)
    const done = await openRepository(server.url).checkout('main', folder, { batchSize: 1, concurrency: 1 })
    expect(done).toMatchObject({ files: 8, bytes: 45 })
    expect(Object.keys(await onDisk(folder))).toHaveLength(8)
  })

  test('progress counts up to the end', async () => {
    const store = await fresh(SITE)
    const seen: number[] = []
    await openRepository(store.url).checkout('main', folder, {
      onProgress: ({ files, totalFiles }) => seen.push(files / totalFiles),
    })
    expect(seen).toHaveLength(8)
    expect(seen.at(-1)).toBe(1)
  })

  test('a submodule is an empty folder', async () => {
    const store = await fresh()
    await commitTree(store, [
      { mode: '160000', oid: 'a'.repeat(40), name: 'module' },
      { mode: '100644', oid: await hashObject(store, 'x'), name: 'x' },
    ])
    await openRepository(store.url).checkout('main', folder)
    expect((await readdir(folder)).sort()).toEqual(['module', 'x'])
    expect(await readdir(join(folder, 'module'))).toEqual([])
  })

  test('a SHA-256 repository', async () => {
    const store = await fresh(SITE, { objectFormat: 'sha256' })
    await openRepository(store.url).checkout('main', folder)
    expect(Object.keys(await onDisk(folder))).toHaveLength(8)
  })
})

describe('a folder that holds something', () => {
  test('is refused, and nothing is asked of the server for contents', async () => {
    const store = await fresh(SITE)
    await mkdir(folder)
    await writeFile(join(folder, 'mine'), 'mine')
    const error = await openRepository(store.url)
      .checkout('main', folder)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'TargetExists', details: { field: 'dir', path: folder } })
    expect(await onDisk(folder)).toEqual({ mine: 'mine' })
  })

  test('resumes when asked: equal files are kept, others replaced, strangers stay', async () => {
    const store = await fresh(SITE)
    await openRepository(store.url).checkout('main', folder)
    const whole = await onDisk(folder)
    await rm(join(folder, 'docs/deep'), { recursive: true })
    await writeFile(join(folder, 'README.md'), 'changed')
    await writeFile(join(folder, 'mine'), 'mine')
    const before = await lstat(join(folder, 'bin/run'))
    const done = await openRepository(store.url).checkout('main', folder, { resume: true })
    expect(await onDisk(folder)).toEqual({ ...whole, mine: 'mine' })
    expect((await lstat(join(folder, 'bin/run'))).ino).toBe(before.ino)
    expect(done).toMatchObject({ files: 8, bytes: 'read me'.length + 1 + 4 })
  })

  test('nothing is written through a symlink that lies there', async () => {
    const store = await fresh({ 'docs/a': 'a' })
    const elsewhere = join(scratch, 'elsewhere')
    await mkdir(elsewhere)
    await mkdir(folder)
    await symlink(elsewhere, join(folder, 'docs'))
    const error = await openRepository(store.url)
      .checkout('main', folder, { resume: true })
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'TargetExists', details: { path: 'docs' } })
    expect(await readdir(elsewhere)).toEqual([])
  })

  test('an equal file behind a symlink does not count as being in the folder', async () => {
    const store = await fresh({ 'd/a': 'same' })
    const elsewhere = join(scratch, 'elsewhere')
    await mkdir(elsewhere)
    await writeFile(join(elsewhere, 'a'), 'same')
    await mkdir(folder)
    await symlink(elsewhere, join(folder, 'd'))
    const done = openRepository(store.url).checkout('main', folder, { resume: true })
    await expect(done).rejects.toMatchObject({ code: 'TargetExists', details: { path: 'd' } })
  })

  test('a symlink where a file belongs is replaced, not followed', async () => {
    const store = await fresh({ a: 'new' })
    await mkdir(folder)
    await writeFile(join(scratch, 'outside'), 'old')
    await symlink(join(scratch, 'outside'), join(folder, 'a'))
    await openRepository(store.url).checkout('main', folder, { resume: true })
    expect(await onDisk(folder)).toEqual({ a: 'new' })
    expect(await readFile(join(scratch, 'outside'), 'utf8')).toBe('old')
  })
})

describe('symlinks', () => {
  test('can be refused, before anything is written', async () => {
    const store = await fresh(SITE)
    const error = await openRepository(store.url)
      .checkout('main', folder, { symlinks: 'refuse' })
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'UnexpectedType', details: { path: 'docs/latest' } })
    await expect(lstat(folder)).rejects.toThrow('ENOENT')
  })

  test('can be written as files that hold their destination', async () => {
    const store = await fresh(SITE)
    await openRepository(store.url).checkout('main', folder, { symlinks: 'file' })
    expect((await onDisk(folder))['docs/latest']).toBe('deep/er/b.md')
  })
})

describe('paths that lead out of the folder', () => {
  const NAMES = [
    '..',
    '.',
    '.git',
    '.GIT',
    'git~1',
    '.git ',
    '.git::$INDEX_ALLOCATION',
    '.g\u200cit',
    '..\\x',
    'a/../../x',
  ]
  test.each(NAMES)('a folder or file named %j: a typed error, and nothing is written', async (name) => {
    for (const type of ['tree', 'blob'] as const) {
      const store = await fresh()
      const blob = await hashObject(store, 'planted')
      const inner = await hashObject(store, treeBytes([{ mode: '100644', oid: blob, name: 'config' }]), 'tree')
      const entry = { mode: type === 'tree' ? '40000' : '100644', oid: type === 'tree' ? inner : blob, name }
      await commitTree(store, [entry])
      const error = await openRepository(store.url)
        .checkout('main', folder)
        .catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'UnsafePath' })
      await expect(lstat(folder)).rejects.toThrow('ENOENT')
      expect(await readdir(scratch)).toEqual([])
    }
  })

  test('a symlink and a folder of the same name', async () => {
    const store = await fresh()
    const blob = await hashObject(store, 'planted')
    const link = await hashObject(store, scratch)
    const inner = await hashObject(store, treeBytes([{ mode: '100644', oid: blob, name: 'owned' }]), 'tree')
    await commitTree(store, [
      { mode: '120000', oid: link, name: 'a' },
      { mode: '40000', oid: inner, name: 'a' },
    ])
    const error = await openRepository(store.url)
      .checkout('main', folder)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'UnsafePath' })
    expect(await readdir(scratch)).toEqual([])
  })
})
