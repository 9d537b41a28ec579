import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { isGitError, Mode, openRepository, SHA1, SHA256 } from '@gitsync/protocol'
import type { ObjectFormat, Repository } from '@gitsync/protocol'
import { DELIMITER, FLUSH, memoryRemote, packetLine } from '@gitsync/protocol/testing'
import type { MemoryRemote, MemoryRemoteOptions } from '@gitsync/protocol/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ByteReader } from '../../../protocol/src/format/byte-reader.ts'
import { readPack } from '../../../protocol/src/format/pack-reader.ts'
import type { ReadPackOptions } from '../../../protocol/src/format/pack-reader.ts'
import { packetText, readPacket } from '../../../protocol/src/format/packet-line.ts'
import { RemoteMessages, sideBand } from '../../../protocol/src/format/side-band.ts'
import { run } from '../../kit/process/index.ts'

const URL = 'https://git.example.com/team/site.git'
let hour = 0
const author = () => ({ name: 'Ann', email: 'ann@example.com', date: new Date(Date.UTC(2026, 0, 1, hour++)) })
let scratch: string
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-memory-'))
})
afterEach(() => rm(scratch, { recursive: true, force: true }))

const open = (remote: MemoryRemote): Repository => openRepository(URL, { transport: remote.transport, retry: false })

/** The remote's objects and refs as a repository on disk, for git to judge. */
async function onDisk(remote: MemoryRemote, format: ObjectFormat = SHA1): Promise<string> {
  const folder = join(scratch, `${hour++}.git`)
  await run('git', ['init', '-q', '--bare', `--object-format=${format.name}`, '-b', 'main', folder])
  await run('git', ['-C', folder, 'index-pack', '--stdin', '--strict'], { input: remote.pack() })
  for (const [name, oid] of remote.refs) await run('git', ['-C', folder, 'update-ref', name, oid])
  await run('git', ['-C', folder, 'fsck', '--strict', '--full'])
  return folder
}

const gitIn =
  (folder: string) =>
  async (...args: string[]): Promise<string> =>
    (await run('git', ['-C', folder, ...args])).stdout.toString().trimEnd()

/** A history with a merge, a tag, modes, a symlink, a submodule and a moved folder; each commit is one push. */
async function fill(repo: Repository, format: ObjectFormat): Promise<void> {
  const step = async (
    branch: string,
    message: string,
    change: (edit: Awaited<ReturnType<Repository['edit']>>) => void,
    mergeParents: string[] = [],
  ) => {
    const edit = await repo.edit(branch)
    change(edit)
    await edit.commit({ message, author: author(), mergeParents })
    await edit.push()
  }
  await step('main', 'first', (edit) => {
    for (let i = 0; i < 30; i++) edit.put(`data/${i % 5}/file-${i}.yaml`, `value: ${i}\n`)
    edit.put('run.sh', '#!/bin/sh\n', { mode: Mode.executable })
    edit.put('link', 'run.sh', { mode: Mode.symlink })
    edit.putSubmodule('vendor/lib', 'c'.repeat(2 * format.size))
  })
  await repo.createBranch('side', 'main')
  await step('side', 'on the side', (edit) => edit.put('side/x', 'x'))
  for (let i = 0; i < 8; i++)
    await step('main', `edit ${i}`, (edit) => edit.put(`data/${i % 5}/file-${i}.yaml`, `value: ${i} again\n`))
  await step('main', 'merge', (edit) => edit.put('side/x', 'x'), ['side'])
  await step('main', 'move', (edit) => edit.moveTree('data/1', 'moved/deep/er'))
  await step('main', 'delete', (edit) => edit.deleteTree('data/2'))
  await repo.createTag('v1', 'main', { message: 'One\n', tagger: author() })
  await step('main', 'last', (edit) => edit.delete('data/3/file-3.yaml'))
}

describe.each([SHA1, SHA256])('in a $name repository', (format) => {
  const create = (options: MemoryRemoteOptions = {}) => memoryRemote({ ...options, format })
  const filled = async () => {
    const remote = create()
    const repo = open(remote)
    const edit = await repo.edit('main')
    expect(edit.tip).toBeNull()
    await fill(repo, format)
    return { remote, repo, git: gitIn(await onDisk(remote, format)) }
  }

  test('what is pushed is a repository that git finds without fault', async () => {
    const { git } = await filled()
    expect((await git('log', '--format=%s', '--first-parent', 'main')).split('\n')).toEqual([
      'last',
      'delete',
      'move',
      'merge',
      ...Array.from({ length: 8 }, (_, i) => `edit ${7 - i}`),
      'first',
    ])
    expect(await git('cat-file', '-t', 'v1')).toBe('tag')
  })

  test('what is read is what git reads', async () => {
    const { remote, git } = await filled()
    const repo = open(remote)
    const names = (await repo.refs()).map(({ name }) => name)
    expect(names).toEqual(['HEAD', 'refs/heads/main', 'refs/heads/side', 'refs/tags/v1'])
    expect((await repo.refs({ prefix: 'refs/tags/' }))[0]?.peeled).toBe(await git('rev-parse', 'v1^{}'))
    for (const revision of ['main', 'side', 'v1']) {
      const listed = await open(remote).tree(revision, { recursive: true })
      expect(listed.map(({ oid, path }) => `${oid}\t${path}`).join('\n')).toBe(
        await git('ls-tree', '-r', '--format=%(objectname)%x09%(path)', revision),
      )
    }
    const [file] = await repo.files('main', ['moved/deep/er/file-1.yaml', 'run.sh'])
    expect(file?.bytes.toString()).toBe('value: 1 again\n')
    const sizes = await repo.tree('main', { path: 'data/0', sizes: true })
    expect(sizes.map(({ size }) => size)).toEqual(
      await Promise.all(sizes.map(async ({ oid }) => Number(await git('cat-file', '-s', oid)))),
    )
  })

  test.each([
    { options: {}, args: [] },
    { options: { firstParent: true }, args: ['--first-parent'] },
    { options: { path: 'data/0' }, args: ['--', 'data/0'] },
    { options: { path: 'side/x' }, args: ['--', 'side/x'] },
  ])('history is that of git log $args', async ({ options, args }) => {
    const { remote, git } = await filled()
    const expected = (await git('log', '--date-order', '--format=%H', 'main', ...args)).split('\n')
    for (const batch of [1, 2, 64]) {
      const found: string[] = []
      for await (const { oid } of open(remote).history('main', { ...options, batch })) found.push(oid)
      expect(found).toEqual(expected)
    }
  })

  test('comparisons are those of git diff-tree', async () => {
    const { remote, git } = await filled()
    const commits = (await git('rev-list', 'main')).split('\n')
    for (const [base, head] of [
      [1, 0],
      [5, 0],
      [0, 5],
      [commits.length - 1, 0],
    ] as const) {
      const ids = [commits[base] as string, commits[head] as string] as const
      const changes = await open(remote).compare(...ids)
      const lines = changes.map(({ status, path }) => `${status}\t${path}`).join('\n')
      expect(lines).toBe(await git('diff-tree', '-r', '--name-status', '--no-renames', ...ids))
    }
  })

  test('a foreign push is noticed, and only what differs is read', async () => {
    const { remote, repo } = await filled()
    const mine = await repo.snapshot('main')
    const other = await open(remote).edit('main')
    other.put('theirs', '1')
    await other.commit({ message: 'theirs', author: author() })
    await other.push()
    const edit = await repo.edit('main', { base: mine })
    edit.put('data/0/file-0.yaml', 'mine')
    await edit.commit({ message: 'mine', author: author() })
    const error = await edit.push().catch((e: unknown) => e)
    expect(isGitError(error, 'StaleRef')).toBe(true)
    const again = await repo.edit('main', { base: await repo.advance(mine, (await repo.tip('main')) as string) })
    again.put('data/0/file-0.yaml', 'mine')
    await again.commit({ message: 'mine', author: author() })
    expect(await again.push()).toMatchObject({ status: 'pushed' })
    expect((await repo.file('main', 'theirs')).bytes.toString()).toBe('1')
    await onDisk(remote, format)
  })

  test('mirror and checkout give the same', async () => {
    const { remote, repo } = await filled()
    const copy = create()
    await repo.mirrorTo(open(copy))
    expect(Object.fromEntries(copy.refs)).toEqual(Object.fromEntries(remote.refs))
    await onDisk(copy, format)
    const { files } = await open(copy).checkout('main', join(scratch, 'out'))
    expect(files).toBeGreaterThan(20)
    expect(await readFile(join(scratch, 'out/side/x'), 'utf8')).toBe('x')
  })
})

describe('the same question as to git upload-pack has the same answer', () => {
  const remote = memoryRemote()
  let folder: string
  let commits: string[]
  beforeEach(async () => {
    if (remote.objects.size === 0) await fill(open(remote), SHA1)
    folder = await onDisk(remote)
    commits = (await gitIn(folder)('rev-list', '--topo-order', 'main')).split('\n')
  })

  const ask = async (lines: readonly string[]) => {
    const body = Buffer.concat([
      ...['command=fetch', 'object-format=sha1'].map((line) => packetLine(`${line}\n`)),
      DELIMITER,
      ...['no-progress', ...lines, 'done'].map((line) => packetLine(`${line}\n`)),
      FLUSH,
    ])
    const [config, env] = [['-c', 'uploadpack.allowFilter=true'], { ...process.env, GIT_PROTOCOL: 'version=2' }]
    const { stdout } = await run('git', [...config, 'upload-pack', '--stateless-rpc', folder], { input: body, env })
    const response = await remote.transport({
      method: 'POST',
      url: `${URL}/git-upload-pack`,
      headers: {},
      body: [body],
    })
    const base = (oid: string) => remote.objects.get(oid)
    return { git: await idsOf([stdout], base), memory: await idsOf(response.body, base) }
  }

  const treeDelta = (from = '', to = ''): string[] => {
    const cut = [`shallow ${from}`, `have ${from}`, 'deepen 1']
    return ['thin-pack', `want ${to}`, ...cut, 'filter blob:none']
  }

  test.each([
    ['everything', (at: string[]) => [`want ${at[0]}`]],
    ['one commit', (at: string[]) => [`want ${at[0]}`, 'deepen 1']],
    ['three generations', (at: string[]) => [`want ${at[0]}`, 'deepen 3']],
    ['a tag', () => [`want ${remote.refs.get('refs/tags/v1')}`, 'deepen 1']],
    ['commits alone', (at: string[]) => [`want ${at[0]}`, 'filter tree:0']],
    ['root trees', (at: string[]) => [`want ${at[0]}`, 'deepen 4', 'filter tree:1']],
    ['two levels', (at: string[]) => [`want ${at[0]}`, 'deepen 1', 'filter tree:2']],
    ['two levels of folders', (at: string[]) => [`want ${at[0]}`, 'deepen 1', 'filter combine:blob:none+tree:3']],
    ['no files', (at: string[]) => [`want ${at[0]}`, 'deepen 2', 'filter blob:none']],
    ['a tree by id', () => [`want ${treeOf('data')}`, 'filter tree:0']],
    ['a tree and all below', () => [`want ${treeOf('data')}`, 'filter blob:none']],
    ['a file by id', () => [`want ${treeOf('data/0/file-0.yaml')}`, 'filter tree:0']],
    ['what a clone lacks', (at: string[]) => [`want ${at[0]}`, `have ${at[4]}`]],
    ['the tree delta', (at: string[]) => treeDelta(at[3], at[0])],
    ['the tree delta back', (at: string[]) => treeDelta(at[0], at[3])],
    [
      'history behind a cut',
      (at: string[]) => [`want ${at[3]}`, `have ${at[2]}`, `shallow ${at[2]}`, 'deepen 2', 'filter tree:0'],
    ],
  ])('%s', async (_name, lines) => {
    folders = await gitIn(folder)('ls-tree', '-r', '-t', 'main')
    const answers = await ask(lines(commits))
    expect(answers.memory.length).toBeGreaterThan(0)
    expect(answers.memory).toEqual(answers.git)
  })

  let folders = ''
  const treeOf = (path: string): string => new RegExp(`(\\w{40})\t${path}$`, 'm').exec(folders)?.[1] ?? ''
})

async function idsOf(
  answer: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  base: NonNullable<ReadPackOptions['base']>,
): Promise<string[]> {
  const input = new ByteReader(Readable.from(answer))
  for (;;) {
    const packet = await readPacket(input)
    if (packet === undefined) throw new Error('no pack')
    if (packet.type === 'data' && packetText(packet.payload) === 'packfile') break
    if (packet.type === 'data' && packet.payload.toString().startsWith('ERR'))
      throw new Error(packetText(packet.payload))
  }
  const ids: string[] = []
  const options = { format: SHA1, limits: { maxObjects: 1e6, maxObjectBytes: 1e6, maxHeldBytes: 1e9 }, base }
  for await (const { oid } of readPack(sideBand(input, new RemoteMessages(String)), options)) ids.push(oid)
  return ids.sort((a, b) => (a < b ? -1 : 1))
}

describe('pushes', () => {
  const commit = async (repo: Repository, branch = 'main') => {
    const edit = await repo.edit(branch)
    edit.put('x', String(hour))
    await edit.commit({ message: 'm', author: author() })
    return edit
  }

  test('a hook refuses with its own words', async () => {
    const remote = memoryRemote({
      onPush: ({ ref, pushOptions }) => (pushOptions.includes('please') ? undefined : `ask first for ${ref}`),
    })
    const repo = open(remote)
    const edit = await commit(repo)
    await expect(edit.push()).rejects.toMatchObject({
      code: 'Rejected',
      details: { remote: ['ask first for refs/heads/main'] },
    })
    expect(remote.refs.size).toBe(0)
    expect(await edit.push({ pushOptions: ['please'] })).toMatchObject({ status: 'pushed' })
  })

  test('all refs or none when that is asked for, each for itself otherwise', async () => {
    const remote = memoryRemote({ onPush: ({ ref }) => (ref.endsWith('/b') ? 'not b' : undefined) })
    const repo = open(remote)
    await (await commit(repo)).push()
    const { oid } = await repo.commit('main')
    const changes = ['a', 'b'].map((name) => ({ ref: `refs/heads/${name}`, old: null, new: oid }))
    await expect(repo.push(changes, { atomic: true })).rejects.toMatchObject({ code: 'Rejected' })
    expect([...remote.refs.keys()]).toEqual(['refs/heads/main'])
    await expect(repo.push(changes)).rejects.toMatchObject({
      code: 'Rejected',
      details: { refs: [{ status: 'ok' }, { status: 'rejected', reason: 'not b' }] },
    })
    expect([...remote.refs.keys()]).toEqual(['refs/heads/main', 'refs/heads/a'])
  })

  test('the current branch stays, others go', async () => {
    const remote = memoryRemote()
    const repo = open(remote)
    await (await commit(repo)).push()
    await repo.createBranch('old', 'main')
    await repo.deleteRef('refs/heads/old')
    expect([...remote.refs.keys()]).toEqual(['refs/heads/main'])
    await expect(repo.deleteRef('refs/heads/main')).rejects.toMatchObject({ code: 'Rejected' })
  })

  test('a ref to what nobody has is refused', async () => {
    const remote = memoryRemote()
    const repo = open(remote)
    await (await commit(repo)).push()
    const change = { ref: 'refs/heads/x', old: null, new: 'd'.repeat(40) }
    await expect(repo.push([change])).rejects.toMatchObject({
      code: 'Rejected',
      details: { remote: ['missing necessary objects'] },
    })
  })
})
