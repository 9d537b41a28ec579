import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { formatMode } from '@gitsync/protocol'
import type { Change, CommitInfo, History, ListedEntry } from '@gitsync/protocol'
import { expect } from 'vitest'
import type { Operation } from './operation.ts'
import type { Format, Seed } from './seed.ts'
import type { Place } from './world.ts'

const lines = (printed: string): string[] => printed.split('\n').filter((line) => line !== '')
const listing = (entries: readonly ListedEntry[]): string[] =>
  entries.map(({ path, mode, type, oid }) => `${formatMode(mode).padStart(6, '0')} ${type} ${oid}\t${path}`)

async function expectRefs({ repo, seed }: Place, prefix: string): Promise<void> {
  const refs = await repo.refs(prefix === '' ? {} : { prefix })
  const shown = refs.flatMap(({ name, oid, peeled }) => [
    `${oid} ${name}`,
    ...(peeled === undefined ? [] : [`${peeled} ${name}^{}`]),
  ])
  const expected = lines(await seed.git('show-ref', '--head', '--dereference'))
  expect(shown.sort()).toEqual(expected.filter((line) => (line.split(' ')[1] ?? '').startsWith(prefix)).sort())
}

async function expectCommit({ repo, seed }: Place, revision: string): Promise<void> {
  const { oid, tree, parents, author, committer, message } = await repo.commit(revision)
  const format = '--format=%H%n%T%n%P%n%an <%ae> %at%n%cn <%ce> %ct%n%B'
  const [name, time] = [`${author.name} <${author.email}>`, Math.floor(author.date.getTime() / 1000)]
  const other = `${committer.name} <${committer.email}> ${Math.floor(committer.date.getTime() / 1000)}`
  const shown = [oid, tree, parents.join(' '), `${name} ${time}`, other, message].join('\n')
  expect(shown.trim()).toBe((await seed.git('log', '-1', format, revision)).trim())
}

async function expectTree(
  { repo, seed }: Place,
  revision: string,
  options: Parameters<Place['repo']['tree']>[1] = {},
): Promise<ListedEntry[]> {
  const entries = await repo.tree(revision, options)
  const { path = '', recursive = false } = options
  const args = ['ls-tree', '--full-tree', ...(recursive ? ['-r'] : []), revision, ...(path === '' ? [] : [`${path}/`])]
  expect(listing(entries)).toEqual(lines(await seed.git(...args)))
  return entries
}

async function expectFiles({ repo, seed }: Place, revision: string, paths: readonly string[]): Promise<void> {
  const files = await repo.files(revision, paths)
  expect(files.map(({ path }) => path)).toEqual(paths)
  for (const { path, mode, oid, bytes } of files) {
    expect(seed.files.get(path)).toEqual({ mode: formatMode(mode), oid })
    expect(bytes.toString().trimEnd()).toBe((await seed.git('cat-file', 'blob', `${revision}:${path}`)).trimEnd())
  }
}

async function ids(history: History): Promise<string[]> {
  const commits: CommitInfo[] = []
  for await (const commit of history) commits.push(commit)
  return commits.map(({ oid }) => oid)
}

async function expectHistory(
  { repo, seed }: Place,
  options: NonNullable<Parameters<Place['repo']['history']>[1]>,
  ...args: string[]
): Promise<void> {
  const expected = await seed.git('log', '--date-order', '--format=%H', ...args)
  expect(await ids(repo.history('main', options))).toEqual(lines(expected))
}

const shownChange = ({ status, path, oldPath, oldMode, mode, oldOid, oid }: Change): string => {
  const [none, width] = ['0', (oid ?? oldOid ?? '').length]
  const modes = [oldMode, mode].map((one) => formatMode(one ?? 0).padStart(6, none))
  const oids = [oldOid, oid].map((one) => one ?? none.repeat(width))
  const letter = status === 'R' ? 'R100' : status
  return `:${[...modes, ...oids, letter].join(' ')}\t${oldPath === undefined ? '' : `${oldPath}\t`}${path}`
}

async function expectChanges(
  { repo, seed }: Place,
  base: string,
  head: string,
  options: NonNullable<Parameters<Place['repo']['compare']>[2]> = {},
): Promise<void> {
  const [before, after] = [await revision(seed, base), await revision(seed, head)]
  const how = options.renames === true ? '--find-renames=100%' : '--no-renames'
  const args = ['diff-tree', '-r', '--raw', '--no-abbrev', how, base, head]
  const expected = await seed.git(...args, ...(options.path === undefined ? [] : ['--', options.path]))
  expect(lines(expected)).not.toEqual([])
  expect((await repo.compare(before, after, options)).map(shownChange)).toEqual(lines(expected))
}

/** The commit's id, where the name is one that only git understands. */
const revision = async (seed: Seed, name: string): Promise<string> =>
  name.includes('~') ? seed.git('rev-parse', name) : name

/** Files below a folder as `git ls-tree` would list them; a submodule is an empty folder. */
async function onDisk(folder: string, format: Format, prefix = ''): Promise<string[]> {
  const found: string[] = []
  for (const name of await readdir(join(folder, prefix))) {
    const path = prefix + name
    const file = join(folder, path)
    const stat = await lstat(file)
    if (stat.isDirectory()) {
      const inside = await onDisk(folder, format, `${path}/`)
      found.push(...(inside.length === 0 ? [`160000\t${path}`] : inside))
      continue
    }
    const content = stat.isSymbolicLink() ? Buffer.from(await readlink(file)) : await readFile(file)
    const oid = createHash(format).update(`blob ${content.length}\0`).update(content).digest('hex')
    const mode = stat.isSymbolicLink() ? '120000' : (stat.mode & 0o100) === 0 ? '100644' : '100755'
    found.push(`${mode} ${oid}\t${path}`)
  }
  return found.sort()
}

async function expectCheckout({ repo, seed, folder }: Place, revision: string, below = ''): Promise<void> {
  const { commit } = await repo.checkout(revision, folder, below === '' ? {} : { include: [`/${below}/**`] })
  expect(commit).toBe(await seed.git('rev-parse', `${revision}^{commit}`))
  const listed = [...lines(await seed.git('ls-tree', '-r', '--full-tree', revision, ...(below === '' ? [] : [below])))]
  const expected = listed.map((line) => line.replace(/^160000 \w+ \w+/, '160000').replace(/ blob /, ' '))
  expect(await onDisk(folder, seed.format)).toEqual(expected.sort())
}

const READING: Readonly<Record<string, (place: Place) => Promise<unknown>>> = {
  'refs: all': (place) => expectRefs(place, ''),
  'refs: by prefix': (place) => expectRefs(place, 'refs/tags/'),
  'refs: default branch': async ({ repo, seed }) => {
    const oid = await seed.git('rev-parse', 'main')
    expect(await repo.head()).toEqual({ branch: 'refs/heads/main', oid })
  },
  'refs: whether a push is allowed': async ({ repo }) => {
    expect(await repo.writable()).toBe(true)
  },
  'commit: by branch': (place) => expectCommit(place, 'main'),
  'commit: by id': async (place) => expectCommit(place, await place.seed.git('rev-parse', 'main')),
  'commit: by id, of the past': async (place) => expectCommit(place, await place.seed.git('rev-parse', 'main~2')),
  'commit: by branch that is not the default': (place) => expectCommit(place, 'side'),
  'commit: by annotated tag': (place) => expectCommit(place, 'v1'),
  'tag: annotated': async ({ repo, seed }) => {
    const [oid, object] = [await seed.git('rev-parse', 'v1'), await seed.git('rev-parse', 'v1^{commit}')]
    expect(await repo.tag('v1')).toMatchObject({ oid, object, annotated: true, name: 'v1', message: 'First\n' })
  },
  'tag: of a tag': async ({ repo, seed }) => {
    const [object, peeled] = [await seed.git('rev-parse', 'v1'), await seed.git('rev-parse', 'v1^{commit}')]
    expect(await repo.tag('v1-again')).toMatchObject({ object, type: 'tag', peeled: { oid: peeled, type: 'commit' } })
  },
  'tag: light': async ({ repo, seed }) => {
    const oid = await seed.git('rev-parse', 'light')
    expect(await repo.tag('light')).toMatchObject({ oid, object: oid, annotated: false, type: 'commit' })
  },
  'tree: one level': (place) => expectTree(place, 'main'),
  'tree: a folder': (place) => expectTree(place, 'main', { path: 'docs/deep' }),
  'tree: recursive': (place) => expectTree(place, 'main', { recursive: true }),
  'tree: a folder, recursive': (place) => expectTree(place, 'main', { path: 'docs', recursive: true }),
  'tree: with sizes where the server tells': async (place) => {
    for (const { type, oid, size } of await expectTree(place, 'main', { recursive: true, sizes: true })) {
      if (size === undefined) continue
      expect([type, String(size)]).toEqual(['blob', await place.seed.git('cat-file', '-s', oid)])
    }
  },
  'tree: by tree id': async (place) => expectTree(place, await place.seed.git('rev-parse', 'main^{tree}')),
  "tree: by a folder's id": async (place) => expectTree(place, await place.seed.git('rev-parse', 'main:docs')),
  'tree: by annotated tag': (place) => expectTree(place, 'v1', { recursive: true }),
  'file: at the root': (place) => expectFiles(place, 'main', ['README']),
  'file: five folders deep': (place) => expectFiles(place, 'main', ['docs/deep/er/still/page.md']),
  'files: six at once': (place) =>
    expectFiles(place, 'main', ['lib/code.ts', 'bin/run', 'bin/link', 'many/file-9', 'README', 'docs/moved.md']),
  'file: as a stream': async ({ repo, seed }) => {
    const { mode, oid, size, chunks } = await repo.readBlob('main', 'lib/code.ts')
    expect({ mode: formatMode(mode), oid }).toEqual(seed.files.get('lib/code.ts'))
    const content = await buffer(chunks)
    expect(seed.file(content.toString()).oid).toBe(oid)
    expect(size).toBe(content.length)
  },
  'history: all': (place) => expectHistory(place, {}, 'main'),
  'history: first parents': (place) => expectHistory(place, { firstParent: true }, '--first-parent', 'main'),
  'history: of a file': (place) =>
    expectHistory(place, { path: 'docs/deep/er/still/page.md' }, 'main', '--', 'docs/deep/er/still/page.md'),
  'history: of a folder': (place) => expectHistory(place, { path: 'many' }, 'main', '--', 'many'),
  'history: three pages': async ({ repo, seed }) => {
    const shown: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = repo.history('main', { limit: 3, ...(cursor === undefined ? {} : { cursor }) })
      shown.push(...(await ids(page)))
      cursor = page.cursor
    }
    expect(shown).toEqual(lines(await seed.git('log', '--date-order', '--format=%H', 'main')))
  },
  'compare: near': (place) => expectChanges(place, 'main~1', 'main'),
  'compare: two branches': (place) => expectChanges(place, 'side', 'main'),
  'compare: backwards': (place) => expectChanges(place, 'main', 'main~2'),
  'compare: far': (place) => expectChanges(place, 'v1', 'main', { far: true }),
  'compare: of a path': (place) => expectChanges(place, 'v1', 'main', { path: 'docs/deep' }),
  'compare: with renames': (place) => expectChanges(place, 'v1', 'main', { renames: true }),
  'compare: one side at hand': async ({ repo, seed }) => {
    const base = await repo.read(await repo.snapshot('main'), { folders: [''], recursive: true })
    const expected = await seed.git('diff-tree', '-r', '--raw', '--no-abbrev', '--no-renames', 'main', 'side')
    expect((await repo.compare(base, 'side')).map(shownChange)).toEqual(lines(expected))
  },
  'checkout: all': (place) => expectCheckout(place, 'main'),
  'checkout: a folder': (place) => expectCheckout(place, 'main', 'many'),
  'checkout: of an annotated tag': (place) => expectCheckout(place, 'v1'),
  'a branch that does not exist': async ({ repo }) => {
    await expect(repo.edit('nowhere')).rejects.toMatchObject({ code: 'RefNotFound' })
  },
  'an object that does not exist': async ({ repo, seed }) => {
    await expect(repo.commit(seed.nothing)).rejects.toMatchObject({ code: 'ObjectMissing' })
  },
}

/** What leaves the server as it is. */
export const READ_OPERATIONS: readonly Operation[] = Object.entries(READING).map(([name, read]) => ({
  name,
  on: 'seed',
  run: async (place) => {
    await read(place)
  },
}))
