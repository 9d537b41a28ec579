import { Mode, openRepository } from '@gitsync/protocol'
import type { Edit, Repository } from '@gitsync/protocol'
import { expect } from 'vitest'
import type { Left, Operation } from './operation.ts'
import type { Files, Seed } from './seed.ts'
import type { Place } from './world.ts'

const author = { name: 'Ann Example', email: 'ann@example.com', date: new Date('2026-01-02T03:04:05Z') }

async function commit(edit: Edit, more: { readonly mergeParents?: readonly string[] } = {}): Promise<string> {
  const oid = await edit.commit({ message: 'change', author, ...more })
  if (oid === null) throw new Error('there was nothing to commit')
  return oid
}

/** The refs of the seed, main moved. */
const withMain = (seed: Seed, main: string): Map<string, string> => new Map([...seed.refs, ['refs/heads/main', main]])

/** One commit on main, made by what `stage` does to the branch and `model` to the list of its files. */
function change(
  stage: (edit: Edit, place: Place) => unknown,
  model: (files: Files, seed: Seed) => void,
): (place: Place) => Promise<Left> {
  return async (place) => {
    const { repo, seed } = place
    const edit = await repo.edit('main')
    await stage(edit, place)
    const oid = await commit(edit)
    await edit.push()
    const files = new Map(seed.files)
    model(files, seed)
    return { refs: withMain(seed, oid), files, check: () => expectParents(place, oid, 'main') }
  }
}

async function expectParents({ git, seed }: Place, oid: string, ...parents: string[]): Promise<void> {
  const expected = await Promise.all(parents.map((name) => seed.git('rev-parse', `${name}^{commit}`)))
  expect(await git('log', '-1', '--format=%P', oid)).toBe(expected.join(' '))
}

const nothingChanged = ({ seed }: Place): Left => ({ refs: new Map(seed.refs) })

/** Moves a folder in a list of files. */
function moveAll(files: Files, from: string, to: string): void {
  for (const [path, file] of new Map(files)) {
    if (!path.startsWith(`${from}/`)) continue
    files.delete(path)
    files.set(to + path.slice(from.length), file)
  }
}

async function* pieces(content: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 10_000) yield Buffer.from(content.slice(at, at + 10_000))
}

const LONG = Array.from({ length: 5000 }, (_, index) => `line ${index}\n`).join('')

async function put(repo: Repository, path: string, content: string): Promise<{ edit: Edit; oid: string }> {
  const edit = await repo.edit('main')
  edit.put(path, content)
  return { edit, oid: await commit(edit) }
}

const EDITING: Readonly<Record<string, (place: Place) => Promise<Left>>> = {
  'create a file': change(
    (edit) => edit.put('new/folder/file', 'new\n'),
    (files, seed) => files.set('new/folder/file', seed.file('new\n')),
  ),
  'create a file from a stream': change(
    (edit) => edit.putStream('long', pieces(LONG)),
    (files, seed) => files.set('long', seed.file(LONG)),
  ),
  'update a file, five folders deep': change(
    (edit) => edit.put('docs/deep/er/still/page.md', 'edited\n'),
    (files, seed) => files.set('docs/deep/er/still/page.md', seed.file('edited\n')),
  ),
  'update a file, five folders deep, as announced': async ({ repo, seed }) => {
    const edit = await repo.edit('main', { depth: 4 })
    edit.put('docs/deep/er/still/page.md', 'edited\n')
    const oid = await commit(edit)
    await edit.push()
    const files = new Map([...seed.files, ['docs/deep/er/still/page.md', seed.file('edited\n')]])
    return { refs: withMain(seed, oid), files }
  },
  'update a file among many': change(
    (edit) => edit.put('many/file-20', 'edited\n'),
    (files, seed) => files.set('many/file-20', seed.file('edited\n')),
  ),
  'update an executable': change(
    (edit) => edit.put('bin/run', 'edited\n'),
    (files, seed) => files.set('bin/run', seed.file('edited\n', '100755')),
  ),
  'delete a file': change(
    (edit) => edit.delete('docs/a.md'),
    (files) => files.delete('docs/a.md'),
  ),
  'delete the last file of a folder': change(
    (edit) => edit.delete('one/only'),
    (files) => files.delete('one/only'),
  ),
  'delete a folder': change(
    (edit) => edit.deleteTree('docs'),
    (files) => {
      for (const path of files.keys()) if (path.startsWith('docs/')) files.delete(path)
    },
  ),
  'move a file': change(
    (edit) => edit.move('docs/a.md', 'lib/b.md'),
    (files, seed) => {
      files.delete('docs/a.md')
      files.set('lib/b.md', seed.file('aa\n'))
    },
  ),
  'move a folder': change(
    (edit) => edit.moveTree('docs', 'lib/docs'),
    (files) => moveAll(files, 'docs', 'lib/docs'),
  ),
  'move a folder after an edit in it': change(
    (edit) => {
      edit.put('lib/code.ts', 'edited\n')
      edit.moveTree('lib', 'code')
    },
    (files, seed) => {
      files.set('lib/code.ts', seed.file('edited\n'))
      moveAll(files, 'lib', 'code')
    },
  ),
  'change a mode': change(
    (edit) => edit.setMode('README', Mode.executable),
    (files, seed) => files.set('README', seed.file('read me\n', '100755')),
  ),
  'create a symlink': change(
    (edit) => edit.put('docs/link', 'a.md', { mode: Mode.symlink }),
    (files, seed) => files.set('docs/link', seed.file('a.md', '120000')),
  ),
  'move a submodule on': change(
    (edit, { seed }) => edit.putSubmodule('lib/sub', seed.nothing),
    (files, seed) => files.set('lib/sub', { mode: '160000', oid: seed.nothing }),
  ),
  'twelve changes at once': change(
    (edit) => {
      for (let i = 0; i < 10; i++) edit.put(`many/file-${i}`, `edited ${i}\n`)
      edit.delete('README')
      edit.move('lib/sub', 'sub')
    },
    (files, seed) => {
      for (let i = 0; i < 10; i++) files.set(`many/file-${i}`, seed.file(`edited ${i}\n`))
      files.delete('README')
      moveAll(files, 'lib/sub', 'sub')
      const sub = seed.files.get('lib/sub')
      files.delete('lib/sub')
      if (sub !== undefined) files.set('sub', sub)
    },
  ),
  'update what was read in the same edit': change(
    async (edit, { seed }) => {
      const { bytes, oid } = await edit.file('lib/code.ts')
      expect(oid).toBe(seed.files.get('lib/code.ts')?.oid)
      edit.put('lib/code.ts', `${bytes.toString()}more\n`)
      expect((await edit.list('lib')).map(({ path }) => path)).toEqual(['lib/code.ts', 'lib/sub'])
    },
    (files, seed) => files.set('lib/code.ts', seed.file(`${'a line that repeats itself\n'.repeat(400)}end\nmore\n`)),
  ),
  'two pushes, the second at once': async ({ repo, seed }) => {
    const { edit } = await put(repo, 'docs/a.md', 'first\n')
    await edit.push()
    edit.put('docs/a.md', 'second\n')
    const oid = await commit(edit)
    await edit.push()
    return { refs: withMain(seed, oid), files: new Map([...seed.files, ['docs/a.md', seed.file('second\n')]]) }
  },
  'three commits in one push': async (place) => {
    const { repo, seed, git } = place
    const edit = await repo.edit('main')
    for (const content of ['1\n', '2\n', '3\n']) {
      edit.put('docs/deep/x', content)
      await commit(edit)
    }
    await edit.push()
    const check = async (): Promise<void> => {
      expect(await git('rev-list', '--count', `${await seed.git('rev-parse', 'main')}..main`)).toBe('3')
    }
    return {
      refs: withMain(seed, edit.tip ?? ''),
      files: new Map([...seed.files, ['docs/deep/x', seed.file('3\n')]]),
      check,
    }
  },
  'merge a branch': async (place) => {
    const { repo, seed } = place
    const edit = await repo.edit('main')
    edit.put('topic/file', 'topic\n')
    const oid = await commit(edit, { mergeParents: ['topic'] })
    await edit.push()
    return {
      refs: withMain(seed, oid),
      files: new Map([...seed.files, ['topic/file', seed.file('topic\n')]]),
      check: () => expectParents(place, oid, 'main', 'topic'),
    }
  },
  'new branch with a commit': async (place) => {
    const { repo, seed } = place
    const edit = await repo.edit('feature', { create: true, from: 'v1' })
    edit.put('docs/a.md', 'feature\n')
    const oid = await commit(edit)
    await edit.push()
    const refs = new Map([...seed.refs, ['refs/heads/feature', oid]])
    return { refs, check: () => expectParents(place, oid, 'v1') }
  },
  'dry run': async (place) => {
    const { edit, oid } = await put(place.repo, 'docs/a.md', 'edited\n')
    expect(await edit.push({ dryRun: true })).toMatchObject({ status: 'dry-run', commit: oid })
    return nothingChanged(place)
  },
  'push over what somebody else has pushed': async (place) => {
    const { repo, seed } = place
    const { edit } = await put(repo, 'docs/a.md', 'mine\n')
    const theirs = await place.foreign({ 'docs/theirs': 'theirs\n' })
    await expect(edit.push()).rejects.toMatchObject({ code: 'StaleRef', details: { actual: theirs } })
    return {
      refs: withMain(seed, theirs),
      files: new Map([...seed.files, ['docs/theirs', seed.file('theirs\n')]]),
    }
  },
  'go on from what somebody else has pushed': async (place) => {
    const { repo, seed } = place
    const snapshot = await repo.snapshot('main')
    const theirs = await place.foreign({ 'docs/theirs': 'theirs\n' })
    const edit = await repo.edit('main', { base: await repo.advance(snapshot, theirs) })
    edit.put('docs/a.md', 'mine\n')
    const oid = await commit(edit)
    await edit.push()
    const files = [...seed.files, ['docs/theirs', seed.file('theirs\n')], ['docs/a.md', seed.file('mine\n')]] as const
    return { refs: withMain(seed, oid), files: new Map(files) }
  },
  'push where the branch is expected': async (place) => {
    const { repo, seed } = place
    const { edit, oid } = await put(repo, 'docs/a.md', 'mine\n')
    const main = await seed.git('rev-parse', 'main')
    await expect(edit.push({ expect: seed.nothing })).rejects.toMatchObject({ code: 'StaleRef' })
    await edit.push({ expect: main })
    return { refs: withMain(seed, oid) }
  },
  'push with force': async (place) => {
    const { repo, seed } = place
    const { edit, oid } = await put(repo, 'docs/a.md', 'mine\n')
    await place.foreign({ 'docs/theirs': 'theirs\n' })
    await edit.push({ force: true })
    return { refs: withMain(seed, oid), files: new Map([...seed.files, ['docs/a.md', seed.file('mine\n')]]) }
  },
  'push with options': async (place) => {
    const { repo, seed, takesHooks } = place
    const kept = takesHooks ? await place.keepPushOptions() : undefined
    const { edit, oid } = await put(repo, 'docs/a.md', 'mine\n')
    await edit.push({ pushOptions: ['one=1', 'two'] })
    const check = async (): Promise<void> => {
      if (kept !== undefined) expect(await kept()).toBe('one=1, two\n')
    }
    return { refs: withMain(seed, oid), check }
  },
}

/** Writes to a branch, each in a repository of its own. */
export const EDIT_OPERATIONS: readonly Operation[] = [
  ...Object.entries(EDITING).map(([name, run]): Operation => ({ name: `edit: ${name}`, on: 'copy', run })),
  {
    name: 'edit: first commit of an empty repository',
    on: 'empty',
    async run({ repo, seed }) {
      const edit = await repo.edit('main')
      edit.put('docs/first', 'first\n')
      edit.put('run', 'second\n', { mode: Mode.executable })
      const oid = await commit(edit)
      await edit.push()
      const files = new Map([
        ['docs/first', seed.file('first\n')],
        ['run', seed.file('second\n', '100755')],
      ])
      return { refs: new Map([['refs/heads/main', oid]]), files }
    },
  },
  {
    name: 'mirror into an empty repository',
    on: 'empty',
    async run({ repo, seed }) {
      await using from = openRepository(seed.store.url)
      await from.mirrorTo(repo)
      return { refs: new Map(seed.refs), files: new Map(seed.files) }
    },
  },
]
