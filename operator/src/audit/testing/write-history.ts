import type { TestRepository } from '../../../../test/kit/remote/index.ts'

/** A commit by the operator for somebody, unless it says otherwise. */
export interface WrittenCommit {
  readonly message: string
  /** `null` removes a file. */
  readonly files?: Readonly<Record<string, string | null>>
  /** `Name <address>`. Default: Ann. */
  readonly author?: string
  /** `Name <address>`. Default: the operator. */
  readonly committer?: string
  /** Seconds since 1970; of the author, and of the committer unless `committed` says otherwise. Default: an hour after the last. */
  readonly time?: number
  /** Seconds since 1970. */
  readonly committed?: number
}

const ANN = 'Ann <ann@example.com>'
export const BOB = 'Bob <bob@example.com>'
const OPERATOR_LINE = 'gitsync-operator <gitsync-operator@noreply.invalid>'
export const START = 1_780_000_000
const HOUR = 3_600

/** Adds a line of commits to a branch. @returns their ids, oldest first */
export async function writeHistory(
  store: TestRepository,
  commits: readonly WrittenCommit[],
  branch = 'main',
): Promise<string[]> {
  const tip = await store.resolve(branch)
  const older = tip === null ? 0 : Number(await store.git('rev-list', '--count', branch))
  const script: string[] = []
  for (const [index, commit] of commits.entries()) {
    const { message, files = {}, author = ANN, committer = OPERATOR_LINE } = commit
    const { time = START + (older + index) * HOUR, committed = time } = commit
    script.push(
      `commit refs/heads/${branch}`,
      `author ${author} ${time} +0000`,
      `committer ${committer} ${committed} +0000`,
    )
    script.push(`data ${Buffer.byteLength(message)}`, message)
    if (index === 0 && tip !== null) script.push(`from ${tip}`)
    for (const [path, content] of Object.entries(files)) {
      if (content === null) script.push(`D ${path}`)
      else script.push(`M 100644 inline ${path}`, `data ${Buffer.byteLength(content)}`, content)
    }
  }
  await store.gitWith({ input: `${script.join('\n')}\n` }, 'fast-import', '--quiet', '--date-format=raw')
  const range = tip === null ? branch : `${tip}..${branch}`
  return (await store.git('rev-list', '--reverse', '--first-parent', range)).split('\n').filter(Boolean)
}
