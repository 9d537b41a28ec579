import { createHash } from 'node:crypto'
import type { FileContent, Remote, TestRepository } from '../../../kit/remote/index.ts'

export type Format = 'sha1' | 'sha256'

/** A file as `git ls-tree` shows it: mode and id. */
export interface File {
  readonly mode: string
  readonly oid: string
}

/** Path → file, submodules and symlinks included. */
export type Files = Map<string, File>
/** Full name → id. */
export type Refs = Map<string, string>

/** The repository that every server holds, and what git says about it. The servers' own copies are where things change. */
export interface Seed {
  readonly format: Format
  readonly store: TestRepository
  /** A repository without commits. */
  readonly empty: TestRepository
  readonly files: ReadonlyMap<string, File>
  readonly refs: ReadonlyMap<string, string>
  /** Git's own answer; asked once, however many servers are compared with it. */
  readonly git: (...args: string[]) => Promise<string>
  /** An id that no object has. */
  readonly nothing: string
  /** A file of this content. */
  file(content: string, mode?: string): File
  /** The id of the tree that `git write-tree` makes of these files. */
  writeTree(files: ReadonlyMap<string, File>): Promise<string>
}

const BIG = 'a line that repeats itself\n'.repeat(400)

/** Commits that leave nothing to be desired: a merge, tags of both kinds and of a tag, modes, a symlink, a submodule. */
export async function plantSeed(remote: Remote, format: Format): Promise<Seed> {
  const store = await remote.createRepository(`seed-${format}.git`, { objectFormat: format })
  const empty = await remote.createRepository(`empty-${format}.git`, { objectFormat: format })
  // Its trees must not make up for trees that a push leaves out.
  const index = await remote.createRepository(`index-${format}.git`, { objectFormat: format })
  const digits = format === 'sha1' ? 40 : 64
  let clock = 1_750_000_000
  const commit = (
    files: Readonly<Record<string, FileContent | null>>,
    more: { readonly branch?: string; readonly parents?: readonly string[] } = {},
  ): Promise<string> => store.commitFiles(files, { message: `commit at ${(clock += 3600)}\n`, time: clock, ...more })

  await commit({
    README: 'read me\n',
    'bin/run': { mode: '100755', content: '#!/bin/sh\n' },
    'bin/link': { mode: '120000', content: '../README' },
    'docs/a.md': 'a\n',
    'docs/deep/er/still/page.md': 'page\n',
    'docs/deep/x.md': 'x\n',
    'lib/code.ts': BIG,
    'lib/sub': { mode: '160000', content: '1'.repeat(digits) },
    'one/only': 'alone\n',
    ...Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`many/file-${index}`, `${index}\n`])),
  })
  const second = await commit({ 'docs/a.md': 'aa\n', 'docs/deep/er/still/page.md': 'page 2\n' })
  await store.git('tag', '-a', '-m', 'First', 'v1', second)
  await store.git('tag', '-a', '-m', 'The same again', 'v1-again', 'v1')
  const side = await commit({ 'side/file': 'side\n', 'many/file-3': 'three\n' }, { branch: 'side', parents: [second] })
  await commit({ 'topic/file': 'topic\n' }, { branch: 'topic', parents: [second] })
  const third = await commit({ 'many/file-7': 'seven\n', 'many/file-8': null, 'lib/code.ts': `${BIG}end\n` })
  await store.git('tag', 'light', third)
  await commit({ 'side/file': 'side\n', 'many/file-3': 'three\n' }, { parents: [third, side] })
  await commit({ 'docs/deep/x.md': null, 'docs/moved.md': 'x\n', 'bin/run': '#!/bin/sh\n' })
  await commit({
    'bin/run': { mode: '100755', content: '#!/bin/sh\n' },
    'docs/deep/er/still/page.md': 'page 3\n',
    'lib/sub': { mode: '160000', content: '2'.repeat(digits) },
  })

  // It is copied a thousand times.
  for (const one of [store, empty]) await one.git('pack-refs', '--all')
  await store.git('repack', '-a', '-d', '-q')

  const answers = new Map<string, Promise<string>>()
  const once = (key: string, ask: () => Promise<string>): Promise<string> => {
    const known = answers.get(key) ?? ask()
    answers.set(key, known)
    return known
  }
  const listed = await store.lsTree('main')
  return {
    format,
    store,
    empty,
    files: new Map(listed.map(({ path, mode, oid }) => [path, { mode, oid }])),
    refs: parseRefs(await store.git('for-each-ref', '--format=%(objectname) %(refname)')),
    git: (...args) => once(args.join('\0'), () => store.git(...args)),
    nothing: 'd'.repeat(digits),
    file(content, mode = '100644') {
      const bytes = Buffer.from(content)
      return { mode, oid: createHash(format).update(`blob ${bytes.length}\0`).update(bytes).digest('hex') }
    },
    writeTree(files) {
      const lines = [...files].map(([path, { mode, oid }]) => `${mode} ${oid}\t${path}\n`).join('')
      return once(lines, async () => {
        const env = { GIT_INDEX_FILE: `index-${answers.size}` }
        await index.gitWith({ env, input: lines }, 'update-index', '--index-info')
        // Contents that only the servers have got are no business of the index.
        return index.gitWith({ env }, 'write-tree', '--missing-ok')
      })
    },
  }
}

/** Lines of id and name. */
export function parseRefs(printed: string): Refs {
  const lines = printed.split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]))
}
