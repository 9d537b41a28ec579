import * as fc from 'fast-check'
import type { Remote, TestRepository } from '../../kit/remote/index.ts'

export interface RandomCommit {
  /** How far back in the list its parents stand; what leads before the first commit is left out. */
  readonly parents: readonly number[]
  /** Seconds. */
  readonly time: number
  readonly changes: readonly {
    readonly path: string
    /** Null removes what is there. */
    readonly content: string | null
    readonly mode: '100644' | '100755' | '120000' | '160000'
  }[]
}

/** Names of which one begins with the other, is a folder elsewhere, or stands between a file and a folder in Git's order. */
export const PATHS = ['a', 'a.b', 'a/b', 'a/b/c', 'd/a', 'd/e/f', 'd/e/g', 'd-e', 'ü/x', 'z']

const change = fc.record({
  path: fc.constantFrom(...PATHS),
  content: fc.option(fc.constantFrom('1', '2', '3'), { freq: 3 }),
  mode: fc.constantFrom('100644' as const, '100644' as const, '100755' as const, '120000' as const, '160000' as const),
})

/** Linear stretches, merges of two and three, several roots, empty commits; times as `time` gives them. */
export const randomHistory = (time: fc.Arbitrary<number>, maxLength = 24): fc.Arbitrary<RandomCommit[]> =>
  fc.array(
    fc.record({
      parents: fc.oneof(
        { weight: 5, arbitrary: fc.constant([1]) },
        { weight: 1, arbitrary: fc.constant([]) },
        {
          weight: 5,
          arbitrary: fc.uniqueArray(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 30 })), {
            minLength: 1,
            maxLength: 3,
          }),
        },
      ),
      time,
      changes: fc.array(change, { maxLength: 3, size: 'max' }),
    }),
    { minLength: 1, maxLength, size: 'max' },
  )

/** Writes the commits into a new repository, a branch `n0`, `n1`… at each; HEAD is at the last. */
export async function write(
  remote: Remote,
  name: string,
  history: readonly RandomCommit[],
  objectFormat: 'sha1' | 'sha256' = 'sha1',
): Promise<{ readonly store: TestRepository; readonly oids: readonly string[] }> {
  const store = await remote.createRepository(name, { objectFormat, defaultBranch: `n${history.length - 1}` })
  const script: string[] = []
  for (const [index, { parents, time, changes }] of history.entries()) {
    const who = `Ann <ann@example.com> ${1_700_000_000 + time} +0100`
    script.push(`commit refs/heads/n${index}`, `mark :${index + 1}`, `author ${who}`, `committer ${who}`)
    script.push(...data(`commit ${index}\n`))
    const [first, ...others] = parents.map((back) => index - back).filter((parent) => parent >= 0)
    if (first !== undefined) script.push(`from :${first + 1}`)
    for (const other of others) script.push(`merge :${other + 1}`)
    for (const { path, content, mode } of changes) {
      if (content === null) script.push(`D ${path}`)
      else if (mode === '160000') {
        script.push(`M 160000 ${content.repeat(objectFormat === 'sha1' ? 40 : 64)} ${path}`)
      } else script.push(`M ${mode} inline ${path}`, ...data(content))
    }
  }
  await store.gitWith({ input: `${script.join('\n')}\n` }, 'fast-import', '--quiet', '--date-format=raw')
  const listed = await store.git('for-each-ref', '--format=%(refname:lstrip=2) %(objectname)', 'refs/heads/')
  const byName = new Map(listed.split('\n').map((line) => line.split(' ') as [string, string]))
  return { store, oids: history.map((_commit, index) => byName.get(`n${index}`) ?? '') }
}

const data = (text: string): string[] => [`data ${Buffer.byteLength(text)}`, text]
