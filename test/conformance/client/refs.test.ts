import { writeFile } from 'node:fs/promises'
import { openRepository } from '@gitsync/protocol'
import type { Repository } from '@gitsync/protocol'
import { describe, expect, test } from 'vitest'
import type { RepositoryOptions, TestRepository } from '../../kit/remote/index.ts'
import { author, useRemote } from './fixture.ts'
import { band, FLUSH, packet, scriptedServer } from './scripted-server.ts'

const remote = useRemote()
const { sent } = remote

interface Place {
  readonly store: TestRepository
  readonly repo: Repository
  /** main, and its parent. */
  readonly tip: string
  readonly parent: string
}

/** Two commits on main. */
async function place(options?: RepositoryOptions): Promise<Place> {
  const store = await remote.fresh({}, options)
  const parent = await store.commitFiles({ a: '1' })
  const tip = await store.commitFiles({ a: '2' })
  return { store, repo: openRepository(store.url), tip, parent }
}

const LOOK = 'POST git-upload-pack'
const PUSH = 'POST git-receive-pack'

test('refs are created, updated and deleted in one request', async () => {
  const { store, repo, tip, parent } = await place()
  await store.git('branch', 'behind', parent)
  await store.git('branch', 'gone', parent)
  const results = await repo.push(
    [
      { ref: 'refs/heads/new', old: null, new: tip },
      { ref: 'refs/heads/behind', old: parent, new: tip },
      { ref: 'refs/heads/gone', old: parent, new: null },
      { ref: 'refs/custom/mark', old: null, new: parent },
    ],
    { force: true },
  )
  expect(results.map(({ ref, status }) => `${ref} ${status}`)).toEqual([
    'refs/heads/new ok',
    'refs/heads/behind ok',
    'refs/heads/gone ok',
    'refs/custom/mark ok',
  ])
  expect(sent()).toEqual([PUSH])
  expect(await store.resolve('refs/heads/new')).toBe(tip)
  expect(await store.resolve('refs/heads/behind')).toBe(tip)
  expect(await store.resolve('refs/heads/gone')).toBeNull()
  expect(await store.resolve('refs/custom/mark')).toBe(parent)
  await store.fsck()
})

test('in a SHA-256 repository as well', async () => {
  const { store, repo, tip } = await place({ objectFormat: 'sha256' })
  await repo.createBranch('new', 'main')
  expect(await store.resolve('refs/heads/new')).toBe(tip)
  await repo.createTag('v1', tip, { message: 'm', tagger: author })
  expect(await store.resolve('v1^{commit}')).toBe(tip)
  await repo.deleteRef('refs/heads/new')
  expect(await store.resolve('refs/heads/new')).toBeNull()
})

describe('without an old value', () => {
  test('one look for all refs gives it, and what is in place already is not sent', async () => {
    const { store, repo, tip, parent } = await place()
    await store.git('branch', 'behind', parent)
    const changes = [
      { ref: 'refs/heads/behind', new: tip },
      { ref: 'refs/heads/main', new: tip },
      { ref: 'refs/heads/new', new: tip },
    ]
    const results = await repo.push(changes, { force: true })
    expect(results).toMatchObject([
      { ref: 'refs/heads/behind', old: parent, new: tip, status: 'ok' },
      { ref: 'refs/heads/main', old: tip, new: tip, status: 'ok' },
      { ref: 'refs/heads/new', old: null, new: tip, status: 'ok' },
    ])
    expect(sent()).toEqual([LOOK, PUSH])
    remote.reset()
    await repo.push(changes, { force: true })
    expect(sent()).toEqual([LOOK])
  })

  test('what is to be deleted must be there', async () => {
    const { repo } = await place()
    await expect(repo.deleteRef('refs/heads/none')).rejects.toMatchObject({ code: 'RefNotFound' })
    expect(sent()).toEqual([LOOK])
  })
})

describe('a lease', () => {
  test('that does not hold is a stale ref with its place, of one ref as of several; the others have changed', async () => {
    const { store, repo, tip, parent } = await place()
    const stale = { ref: 'refs/heads/main', old: parent, new: null }
    await expect(repo.push([stale])).rejects.toMatchObject({ code: 'StaleRef', details: { actual: tip } })
    await expect(repo.deleteRef('refs/heads/main', { expect: parent })).rejects.toMatchObject({ code: 'StaleRef' })
    await expect(repo.push([{ ref: 'refs/heads/new', old: null, new: tip }, stale])).rejects.toMatchObject({
      code: 'StaleRef',
      details: {
        ref: 'refs/heads/main',
        refs: [
          { ref: 'refs/heads/new', status: 'ok' },
          { ref: 'refs/heads/main', status: 'stale', actual: tip },
        ],
      },
    })
    expect(await store.resolve('main')).toBe(tip)
    expect(await store.resolve('new')).toBe(tip)
  })

  test('that holds lets a ref go', async () => {
    const { store, repo, tip } = await place()
    await store.git('branch', 'other')
    expect(await repo.deleteRef('refs/heads/other', { expect: tip })).toMatchObject({
      status: 'ok',
      old: tip,
      new: null,
    })
    expect(sent()).toEqual([PUSH])
    expect(await store.resolve('other')).toBeNull()
  })
})

describe('a branch moves without force', () => {
  test.each([
    ['git', true],
    ['a server without filters', false],
  ])('to a descendant only, however many commits and merges lie between: %s', async (_server, filters) => {
    const { store, repo, tip, parent } = await place({ config: { 'uploadpack.allowFilter': String(filters) } })
    const side = await store.commitFiles({ b: '1' }, { branch: 'side', parents: [parent] })
    for (let i = 0; i < 20; i++) await store.commitFiles({ [`c${i}`]: 'x' })
    const merge = await store.commitFiles({ b: '1' }, { parents: ['main', 'side'] })
    await store.git('branch', 'follower', tip)
    const move = (from: string, to: string): Promise<unknown> =>
      repo.push([{ ref: 'refs/heads/follower', old: from, new: to }])
    await expect(move(tip, side)).rejects.toMatchObject({ code: 'NotFastForward' })
    await expect(move(tip, parent)).rejects.toMatchObject({ code: 'NotFastForward' })
    expect(await store.resolve('follower')).toBe(tip)
    remote.reset()
    await move(tip, merge)
    if (filters) expect(sent()).toEqual([LOOK, PUSH])
    expect(await store.resolve('follower')).toBe(merge)
    await repo.push([{ ref: 'refs/heads/follower', old: merge, new: side }], { force: true })
    expect(await store.resolve('follower')).toBe(side)
  })

  test('from a history that has nothing in common never', async () => {
    const { store, repo, tip } = await place()
    const other = await store.commitFiles({ x: '1' }, { branch: 'other', parents: [] })
    await expect(repo.push([{ ref: 'refs/heads/main', old: tip, new: other }])).rejects.toMatchObject({
      code: 'NotFastForward',
    })
  })
})

describe('several refs', () => {
  test('all or none, when asked for: one look at what the server can, once', async () => {
    const { store, repo, tip, parent } = await place()
    const changes = [
      { ref: 'refs/heads/one', old: null, new: tip },
      { ref: 'refs/heads/main', old: parent, new: null },
    ]
    await expect(repo.push(changes, { atomic: true })).rejects.toMatchObject({
      code: 'StaleRef',
      details: { ref: 'refs/heads/main', actual: tip },
    })
    expect(await store.resolve('one')).toBeNull()
    expect(sent()).toEqual(['GET refs', PUSH, LOOK])
    remote.reset()
    const more = [
      { ref: 'refs/heads/one', old: null, new: tip },
      { ref: 'refs/heads/two', old: null, new: tip },
    ]
    await repo.push(more, { atomic: true })
    expect(sent()).toEqual([PUSH])
    expect(await store.resolve('two')).toBe(tip)
  })

  test('a server that cannot do all or none is asked for nothing', async () => {
    const { store, repo, tip } = await place({ config: { 'receive.advertiseAtomic': 'false' } })
    const changes = ['one', 'two'].map((name) => ({ ref: `refs/heads/${name}`, old: null, new: tip }))
    await expect(repo.push(changes, { atomic: true })).rejects.toMatchObject({ code: 'Unsupported' })
    expect(sent()).toEqual(['GET refs'])
    expect(await store.resolve('one')).toBeNull()
    await repo.push(changes)
    expect(await store.resolve('two')).toBe(tip)
  })

  test('a rule of the server is told apart from the others that were updated', async () => {
    const { store, repo, tip } = await place({ config: { 'transfer.hideRefs': 'refs/heads/locked' } })
    const pushed = repo.push([
      { ref: 'refs/heads/locked', old: null, new: tip },
      { ref: 'refs/heads/open', old: null, new: tip },
    ])
    await expect(pushed).rejects.toMatchObject({
      code: 'Rejected',
      details: { refs: [{ status: 'rejected', reason: expect.stringContaining('hidden') }, { status: 'ok' }] },
    })
    expect(await store.resolve('open')).toBe(tip)
  })

  test('an answer that is lost is found out by one look at all of them', async () => {
    const { repo, tip } = await place()
    remote.faults.loseAnswer()
    const results = await repo.push(['one', 'two'].map((name) => ({ ref: `refs/heads/${name}`, old: null, new: tip })))
    expect(results.map(({ status }) => status)).toEqual(['ok', 'ok'])
    expect(sent()).toEqual([PUSH, LOOK])
  })
})

test('a way back that failed has not happened because the branch holds the commit anyway', async () => {
  const { store, repo, tip, parent } = await place()
  const theirs = await store.commitFiles({ a: '3' })
  remote.faults.status(500, { when: ({ path }) => path.endsWith('receive-pack'), times: Infinity })
  const back = repo.push([{ ref: 'refs/heads/main', old: tip, new: parent }], { force: true })
  await expect(back).rejects.toMatchObject({ code: 'ServerError' })
  expect(await store.resolve('main')).toBe(theirs)
})

describe('ids of the other hash function', () => {
  test('are taken as the first that is heard of a repository', async () => {
    const { store, tip, parent } = await place({ objectFormat: 'sha256' })
    await store.git('branch', 'behind', parent)
    await openRepository(store.url).push([{ ref: 'refs/heads/behind', old: parent, new: tip }])
    expect(await store.resolve('behind')).toBe(tip)
  })

  test('are refused where the repository is known, and beside others, before anything is sent', async () => {
    const { repo, tip } = await place()
    const other = { ref: 'refs/heads/new', old: null, new: 'a'.repeat(64) }
    const both = [other, { ref: 'refs/heads/newer', old: null, new: tip }]
    await expect(openRepository(`${remote.url}/none.git`).push(both)).rejects.toMatchObject({ code: 'InvalidInput' })
    await repo.refs()
    remote.reset()
    await expect(repo.push([other])).rejects.toMatchObject({ code: 'InvalidInput', details: { field: 'new' } })
    expect(sent()).toEqual([])
    await repo.createBranch('new', tip)
  })
})

test.each([
  ['a short name', { ref: 'main', new: null }],
  ['a name that Git forbids', { ref: 'refs/heads/a..b', new: null }],
  ['a line break', { ref: 'refs/heads/a\nb', new: null }],
  ['an abbreviated id', { ref: 'refs/heads/main', new: 'abcd' }],
  ['an id of zeros', { ref: 'refs/heads/main', new: '0'.repeat(40) }],
  ['a deletion of nothing', { ref: 'refs/heads/main', old: null, new: null }],
])('%s is refused before anything is sent', async (_what, change) => {
  await expect(openRepository(`${remote.url}/none.git`).push([change])).rejects.toMatchObject({ code: 'InvalidInput' })
  expect(sent()).toEqual([])
})

test('one ref twice is refused before anything is sent', async () => {
  const twice = [
    { ref: 'refs/heads/a', old: null, new: '1'.repeat(40) },
    { ref: 'refs/heads/a', old: '1'.repeat(40), new: null },
  ]
  await expect(openRepository(`${remote.url}/none.git`).push(twice)).rejects.toMatchObject({ code: 'InvalidInput' })
  expect(sent()).toEqual([])
})

describe('branches', () => {
  test('one is created from a branch, a tag or a commit in two requests, and never over another', async () => {
    const { store, repo, tip, parent } = await place()
    await store.git('tag', '-m', 'm', 'v1', parent)
    expect(await repo.createBranch('from-branch', 'main')).toMatchObject({ old: null, new: tip, status: 'ok' })
    expect(sent()).toEqual([LOOK, PUSH])
    expect(await repo.createBranch('from-tag', 'v1')).toMatchObject({ new: parent })
    expect(await repo.createBranch('from-commit', parent)).toMatchObject({ new: parent })
    expect(await store.resolve('from-tag')).toBe(parent)
    const taken = repo.createBranch('main', 'v1')
    await expect(taken).rejects.toMatchObject({ code: 'RefExists', details: { ref: 'refs/heads/main', actual: tip } })
    expect(await store.resolve('main')).toBe(tip)
    await expect(repo.createBranch('x', 'none')).rejects.toMatchObject({ code: 'RefNotFound' })
    const tree = await store.git('rev-parse', 'main^{tree}')
    await expect(repo.createBranch('x', tree)).rejects.toMatchObject({ code: 'UnexpectedType' })
  })

  test('one gets another name in one step', async () => {
    const { store, repo, tip, parent } = await place()
    await store.git('branch', 'old', parent)
    await expect(repo.renameBranch('old', 'main')).rejects.toMatchObject({ code: 'RefExists' })
    expect(await store.resolve('old')).toBe(parent)
    expect(await repo.renameBranch('old', 'new')).toMatchObject({ ref: 'refs/heads/new', new: parent, status: 'ok' })
    expect(await store.resolve('old')).toBeNull()
    expect(await store.resolve('new')).toBe(parent)
    expect(await store.resolve('main')).toBe(tip)
    await expect(repo.renameBranch('old', 'newer')).rejects.toMatchObject({ code: 'RefNotFound' })
  })
})

describe('tags', () => {
  test('light and annotated ones, of branches, tags and commits', async () => {
    const { store, repo, tip, parent } = await place()
    expect(await repo.createTag('light', 'main')).toMatchObject({ ref: 'refs/tags/light', new: tip, status: 'ok' })
    expect(await store.git('cat-file', '-t', 'light')).toBe('commit')
    const made = await repo.createTag('v1.0', parent, { message: 'First\n\nwith a body\n\n', tagger: author })
    expect(await store.git('cat-file', 'tag', made.new ?? '')).toBe(
      `object ${parent}\ntype commit\ntag v1.0\ntagger Ann Example <ann@example.com> 1767323045 +0000\n\nFirst\n\nwith a body`,
    )
    await repo.createTag('again', 'v1.0', { message: 'of what v1.0 is of', tagger: author })
    expect(await store.resolve('again^{}')).toBe(parent)
    await repo.createTag('nested', made.new ?? '', { message: 'of the tag itself', tagger: author })
    expect(await store.git('cat-file', 'tag', 'nested')).toContain(`object ${made.new}\ntype tag\n`)
    await repo.createTag('tree', await store.git('rev-parse', 'main^{tree}'), { message: 'm', tagger: author })
    expect(await store.git('cat-file', 'tag', 'tree')).toContain('type tree\n')
    await store.fsck()
  })

  test('one moves only with force, and is deleted', async () => {
    const { store, repo, tip, parent } = await place()
    await repo.createTag('v1', parent)
    await expect(repo.createTag('v1', 'main')).rejects.toMatchObject({ code: 'RefExists' })
    await expect(repo.push([{ ref: 'refs/tags/v1', old: parent, new: tip }])).rejects.toMatchObject({
      code: 'RefExists',
    })
    expect(await store.resolve('v1')).toBe(parent)
    await repo.createTag('v1', 'main', { force: true })
    expect(await store.resolve('v1')).toBe(tip)
    await repo.deleteRef('refs/tags/v1')
    expect(await store.resolve('v1')).toBeNull()
  })

  test.each([
    ['a tagger without a message', { tagger: author }],
    ['a message without a tagger', { message: 'm' }],
    ['an empty message', { message: ' \n', tagger: author }],
    ['a tagger who would write headers', { message: 'm', tagger: { ...author, name: 'Ann\nparent x' } }],
  ])('%s is refused before anything is sent', async (_what, options) => {
    const { repo } = await place()
    remote.reset()
    await expect(repo.createTag('v1', 'main', options)).rejects.toMatchObject({ code: 'InvalidInput' })
    expect(sent()).toEqual([])
  })

  test('an id of nothing that the server has makes no tag', async () => {
    const { repo } = await place()
    await expect(repo.createTag('v1', '1'.repeat(40), { message: 'm', tagger: author })).rejects.toMatchObject({
      code: 'ObjectMissing',
    })
    expect(sent()).not.toContain(PUSH)
  })
})

describe('push options', () => {
  const hook = '#!/bin/sh\nfor i in 0 1; do eval "echo got \\$GIT_PUSH_OPTION_$i"; done\n'

  test('reach the hooks, whose words come back', async () => {
    const { store, repo, tip } = await place({ config: { 'receive.advertisePushOptions': 'true' } })
    await writeFile(`${store.dir}/hooks/pre-receive`, hook, { mode: 0o755 })
    const made = await repo.createBranch('new', tip, { pushOptions: ['ci.skip', 'topic=ünï code'] })
    expect(made.messages).toEqual(['got ci.skip', 'got topic=ünï code'])
    const edit = await repo.edit('main')
    edit.put('a', '3')
    await edit.commit({ message: 'm', author })
    expect(await edit.push({ pushOptions: ['x'] })).toMatchObject({ status: 'pushed', messages: ['got x', 'got'] })
    await repo.deleteRef('refs/heads/new', { pushOptions: ['bye'] })
    expect(await store.resolve('new')).toBeNull()
    await store.fsck()
  })

  test('a server that takes none is asked for nothing', async () => {
    const { store, repo, tip } = await place()
    await expect(repo.createBranch('new', tip, { pushOptions: ['x'] })).rejects.toMatchObject({ code: 'Unsupported' })
    expect(await store.resolve('new')).toBeNull()
    expect(sent()).not.toContain(PUSH)
  })

  test.each(['a\nb', 'a\0b', '', 'x'.repeat(2000)])('%j is none', async (option) => {
    const { repo, tip } = await place({ config: { 'receive.advertisePushOptions': 'true' } })
    await expect(repo.createBranch('new', tip, { pushOptions: [option] })).rejects.toMatchObject({
      code: 'InvalidInput',
    })
    expect(sent()).not.toContain(PUSH)
  })
})

describe('what the server says', () => {
  const report = (...lines: string[]): Buffer =>
    Buffer.concat([band(1, Buffer.concat([...lines.map(packet), FLUSH])), FLUSH])

  test('that it did something else than it was asked for comes back', async () => {
    const { store } = await place()
    const asked: string[] = []
    await using server = await scriptedServer(({ service, lines }) => {
      if (service !== 'receive-pack') return undefined
      asked.push(lines[0] ?? '')
      return {
        body: report(
          'unpack ok\n',
          'ok refs/for/main\n',
          'option refname refs/pull/7/head\n',
          `option new-oid ${'1'.repeat(40)}\n`,
          'option forced-update\n',
        ),
      }
    }, store.url)
    const edit = await openRepository(server.url).edit('refs/for/main', { create: true, from: 'main' })
    edit.put('a', 'reviewed')
    await edit.commit({ message: 'm', author })
    expect(await edit.push()).toMatchObject({
      status: 'pushed',
      options: { refName: 'refs/pull/7/head', newOid: '1'.repeat(40), forcedUpdate: true },
    })
    expect(asked[0]).toContain(' report-status-v2')
    expect(asked[0]).toMatch(/\0report-status /)
  })

  describe('that it is ok, and is not', () => {
    const v0 = (ref: string, agent: string): Buffer =>
      Buffer.concat([packet(`${ref}\0report-status side-band-64k${agent}\n`), FLUSH])
    const lying = async (agent: string, says: string): Promise<Awaited<ReturnType<typeof scriptedServer>>> => {
      const { store, tip } = await place()
      return scriptedServer((asked) => {
        if (asked.method === 'GET') return { body: v0(`${tip} refs/heads/main`, agent) }
        if (asked.service === 'receive-pack') return { body: report('unpack ok\n', says) }
        return asked.lines[0]?.startsWith('command=') === true ? { body: '' } : undefined
      }, store.url)
    }

    test('is found out by a look, where the server speaks an old protocol and is not git', async () => {
      await using server = await lying('', 'ok refs/heads/new\n')
      const repo = openRepository(server.url)
      await repo.refs()
      const tip = (await repo.refs())[0]?.oid ?? ''
      await expect(repo.createBranch('new', 'main')).rejects.toMatchObject({
        code: 'Rejected',
        message: expect.stringContaining('says ok and does nothing'),
      })
      await expect(
        repo.push([{ ref: 'refs/heads/main', old: '1'.repeat(40), new: '2'.repeat(40) }], { force: true }),
      ).rejects.toMatchObject({ code: 'StaleRef', details: { actual: tip } })
    })

    test('is believed of git, unless a look is asked for', async () => {
      await using server = await lying(' agent=git/2.39.5', 'ok refs/heads/new\n')
      const repo = openRepository(server.url)
      await repo.refs()
      expect(await repo.createBranch('new', 'main')).toMatchObject({ status: 'ok' })
      await expect(repo.createBranch('new', 'main', { verify: true })).rejects.toMatchObject({ code: 'Rejected' })
    })

    test('costs a server of today no request', async () => {
      const { repo } = await place()
      const edit = await repo.edit('main')
      edit.put('a', '3')
      await edit.commit({ message: 'm', author })
      remote.reset()
      await edit.push()
      expect(sent()).toEqual([PUSH])
    })
  })
})
