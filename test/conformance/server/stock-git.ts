import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startStand } from './fixture.ts'
import type { Stand } from './fixture.ts'
import type { StoreName } from './stores.ts'

/** What stock git does with a server of ours: tests, for a block of their own. */
export function stockGit(store: StoreName): void {
  let stand: Stand
  let count = 0
  beforeAll(async () => {
    stand = await startStand(store)
  })
  afterEach(() => expect(stand.errors).toEqual([]))
  afterAll(() => stand.stop())

  /** A work tree of a repository that was just pushed. */
  async function pushed(files?: Readonly<Record<string, string>>): Promise<{ url: string; tree: string }> {
    const name = `r${++count}`
    const tree = await stand.tree(`${name}-src`, files)
    const url = `${stand.url}/me/${name}.git`
    await stand.git(tree, 'push', '-q', url, 'main')
    return { url, tree }
  }
  async function cloned(url: string, ...flags: string[]): Promise<string> {
    const tree = `clone-${++count}`
    await stand.git('.', 'clone', '-q', ...flags, url, tree)
    expect(await stand.git(tree, 'fsck', '--strict')).not.toMatch(/error|missing|broken/)
    return tree
  }
  const tip = (tree: string, rev = 'HEAD'): Promise<string> => stand.git(tree, 'rev-parse', rev)

  test('a push makes the repository, and a clone gives it back; what is not there is not', async () => {
    const { url, tree } = await pushed()
    const copy = await cloned(url)
    expect(await tip(copy)).toBe(await tip(tree))
    expect(await cloned(url.replace(/\.git$/, ''))).toBeDefined()
    await expect(stand.git('.', 'clone', '-q', `${stand.url}/me/nothing.git`, 'x')).rejects.toThrow('not found')
    await expect(stand.git('.', 'clone', '-q', `${stand.url}/a/b/c.git`, 'x')).rejects.toThrow()
  })

  test.each(['0', '1', '2'])(
    'protocol version %s: clone, fetch of a diverged history, tags that come along',
    async (version) => {
      const { url, tree } = await pushed()
      const speaks = ['-c', `protocol.version=${version}`]
      const copy = `clone-${++count}`
      await stand.git('.', ...speaks, 'clone', '-q', url, copy)
      for (let i = 0; i < 24; i++) await stand.commit(copy, { mine: `${i}` })
      for (let i = 0; i < 10; i++) await stand.commit(tree, { 'a/theirs': `${i}` })
      await stand.git(tree, 'tag', '-a', '-m', 'a tag', 'v1')
      await stand.git(tree, 'push', '-q', url, 'main', 'v1')
      await stand.git(copy, ...speaks, 'fetch', '-q', 'origin')
      expect(await tip(copy, 'origin/main')).toBe(await tip(tree))
      expect(await tip(copy, 'v1')).toBe(await tip(tree, 'v1'))
      expect(await stand.git(copy, 'fsck', '--strict')).not.toMatch(/error|missing/)
      expect(await stand.git('.', ...speaks, 'ls-remote', url)).toContain(`${await tip(tree)}\trefs/tags/v1^{}`)
    },
  )

  test('shallow clones of each kind, deepened and made whole; a push from one', async () => {
    const { url, tree } = await pushed()
    for (let i = 0; i < 9; i++) await stand.commit(tree, { count: `${i}` })
    await stand.git(tree, 'tag', 'mark', 'HEAD~4')
    await stand.git(tree, 'push', '-q', url, 'main', 'mark')
    const length = async (of: string): Promise<number> => Number(await stand.git(of, 'rev-list', '--count', 'HEAD'))
    const copy = await cloned(url, '--depth', '3')
    expect(await length(copy)).toBe(3)
    await stand.git(copy, 'fetch', '-q', '--deepen', '2')
    expect(await length(copy)).toBe(5)
    await stand.git(copy, 'fetch', '-q', '--depth', '2')
    expect(await length(copy)).toBe(2)
    await stand.commit(copy, { from: 'a shallow clone' })
    await stand.git(copy, 'push', '-q')
    await stand.git(copy, 'fetch', '-q', '--unshallow')
    expect(await length(copy)).toBe(11)
    expect(await stand.git(copy, 'fsck', '--strict')).not.toMatch(/error|missing/)
    expect(await length(await cloned(url, '--shallow-exclude', 'mark'))).toBe(5)
    expect(await length(await cloned(url, '--shallow-since', '2000-01-01'))).toBe(11)
  })

  test('partial clones fetch what they lack when it is needed', async () => {
    const { url, tree } = await pushed({ 'a/b/c': '1', large: 'x'.repeat(5_000) })
    await stand.commit(tree, { 'a/b/c': '2' })
    await stand.git(tree, 'push', '-q', url, 'main')
    for (const filter of ['blob:none', 'blob:limit=100', 'tree:0', 'combine:blob:none+tree:2', 'object:type=commit']) {
      const copy = `partial-${++count}`
      await stand.git('.', 'clone', '-q', '--no-checkout', `--filter=${filter}`, url, copy)
      const missing = await stand.git(copy, 'rev-list', '--objects', '--all', '--missing=print')
      expect(missing, filter).toMatch(/^\?/m)
      await stand.git(copy, 'checkout', '-q', 'main')
      expect(await readFile(join(stand.folder, copy, 'large'), 'utf8')).toHaveLength(5_000)
    }
  })

  test('single branches, one object by its id, nothing new', async () => {
    const { url, tree } = await pushed()
    await stand.git(tree, 'checkout', '-q', '-b', 'side')
    const side = await stand.commit(tree, { side: '1' })
    await stand.git(tree, 'push', '-q', url, 'side')
    const copy = await cloned(url, '--single-branch')
    await expect(stand.git(copy, 'cat-file', '-e', side)).rejects.toThrow()
    await stand.git(copy, 'fetch', '-q', 'origin', side)
    expect(await tip(copy, 'FETCH_HEAD')).toBe(side)
    expect(await stand.git(copy, 'fetch', 'origin', 'main')).toBe('')
    await expect(stand.git(copy, 'fetch', 'origin', '1'.repeat(40))).rejects.toThrow(`not our ref ${'1'.repeat(40)}`)
  })

  test('pushes: forced, refused, deleted, atomic, with options, of 200 refs', async () => {
    const { url, tree } = await pushed()
    const first = await tip(tree)
    await stand.commit(tree, { b: '2' })
    await stand.git(tree, 'push', '-q', url, 'main')
    const other = await cloned(url)
    await stand.git(other, 'reset', '-q', '--hard', first)
    const forced = await stand.commit(other, { b: '3' })
    await expect(stand.git(other, 'push', '-q')).rejects.toThrow('rejected')
    await expect(stand.git(other, 'push', '-q', `--force-with-lease=main:${first}`)).rejects.toThrow('stale info')
    await stand.git(other, 'push', '-q', '-f', '-o', 'ci.skip')
    expect(await stand.git('.', 'ls-remote', url, 'main')).toContain(forced)
    await expect(stand.git(other, 'push', '-q', 'origin', ':main')).rejects.toThrow(
      'deletion of the current branch prohibited',
    )
    const names = Array.from({ length: 200 }, (_, i) => `refs/heads/many/${i}`)
    await stand.git(other, 'push', '-q', 'origin', ...names.map((name) => `HEAD:${name}`))
    await stand.git(other, 'push', '-q', 'origin', ...names.slice(1).map((name) => `:${name}`))
    await expect(
      stand.git(other, 'push', '--atomic', 'origin', 'HEAD:refs/heads/new', 'HEAD:refs/heads/many'),
    ).rejects.toThrow('atomic')
    const left = await stand.git('.', 'ls-remote', '--heads', url)
    expect(left.split('\n').map((line) => line.split('\t')[1])).toEqual(['refs/heads/main', 'refs/heads/many/0'])
  })

  test('HEAD stands for what was pushed, whatever its name', async () => {
    const name = `r${++count}`
    const tree = await stand.tree(`${name}-src`)
    await stand.git(tree, 'push', '-q', `${stand.url}/me/${name}.git`, 'main:refs/heads/devel')
    expect(await stand.git(await cloned(`${stand.url}/me/${name}.git`), 'branch', '--show-current')).toBe('devel')
  })

  test('a large push comes in pieces, and is there; a file of some megabytes, links and submodules too', async () => {
    const { url, tree } = await pushed()
    const noise = Buffer.from(Array.from({ length: 3 << 20 }, (_, i) => (i * i * 31 + (i >> 7)) % 251))
    await writeFile(join(stand.folder, tree, 'large.bin'), noise)
    await stand.git(tree, 'update-index', '--add', '--cacheinfo', `160000,${await tip(tree)},sub`)
    await stand.commit(tree, { x: '1' })
    await stand.git(tree, '-c', 'http.postBuffer=65536', 'push', '-q', url, 'main')
    const copy = await cloned(url)
    expect(await tip(copy)).toBe(await tip(tree))
    expect((await readFile(join(stand.folder, copy, 'large.bin'))).equals(noise)).toBe(true)
  })

  test('many who push to one branch at once: one of them is taken, and nothing is lost', async () => {
    const { url, tree } = await pushed()
    const copies = await Promise.all(Array.from({ length: 4 }, () => cloned(url)))
    for (let round = 0; round < 2; round++) {
      const commits = await Promise.all(copies.map((copy, i) => stand.commit(copy, { [`f${i}`]: `${round}` })))
      const ended = await Promise.allSettled(copies.map((copy) => stand.git(copy, 'push', '-q', 'origin', 'HEAD:main')))
      const winners = commits.filter((_, i) => ended[i]?.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      expect(await stand.git('.', 'ls-remote', url, 'main')).toContain(winners[0])
      for (const copy of copies)
        await stand.git(copy, 'fetch', '-q').then(() => stand.git(copy, 'reset', '-q', '--hard', 'origin/main'))
    }
    expect(tree).toBeDefined()
  })
}
