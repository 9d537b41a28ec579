import type { RunOptions } from '../process/run.ts'

/** Content of a file; with a mode when it is not a plain file: 100755, 120000 (content is the target), 160000 (content is a commit id). */
export type FileContent =
  | string
  | Uint8Array
  | { readonly mode: '100644' | '100755' | '120000' | '160000'; readonly content: string | Uint8Array }

export interface CommitOptions {
  /** Short name of the branch, made when it is not there; default: the repository's default branch. */
  readonly branch?: string
  /** Default "foreign change". */
  readonly message?: string
  /** Author and committer; default "Foreign Writer <foreign@example.com>". */
  readonly author?: { readonly name: string; readonly email: string }
  /** Time of both, in seconds since 1970; default: 2023-11-14, a minute later for each commit before it. */
  readonly time?: number
  /** Revisions of the parents; default: the branch as it is, none when it is new. The branch moves only forward. */
  readonly parents?: readonly string[]
}

const FIRST_COMMIT = 1_700_000_000

/**
 * Makes a commit in a bare repository with one process.
 *
 * Source: git-fast-import(1).
 */
export async function fastImport(
  git: (args: readonly string[], options?: Omit<RunOptions, 'cwd'>) => Promise<string>,
  files: Readonly<Record<string, FileContent | null>>,
  options: CommitOptions & { readonly branch: string },
): Promise<string> {
  const {
    branch,
    message = 'foreign change',
    author = { name: 'Foreign Writer', email: 'foreign@example.com' },
  } = options
  const ref = `refs/heads/${branch}`
  const tip = await git(['rev-parse', '--verify', '--quiet', ref]).catch(() => '')
  const parents: string[] = []
  for (const parent of options.parents ?? (tip === '' ? [] : [tip])) {
    parents.push(await git(['rev-parse', '--verify', `${parent}^{commit}`]))
  }
  const [first, ...merged] = parents
  const older = first === undefined ? 0 : Number(await git(['rev-list', '--count', '--first-parent', first]))
  const who = `${author.name} <${author.email}> ${options.time ?? FIRST_COMMIT + older * 60} +0000`

  const script: (string | Uint8Array)[] = [
    `commit ${ref}\nmark :1\nauthor ${who}\ncommitter ${who}\n`,
    ...data(message),
    ...(first === undefined ? [] : [`from ${first}\n`]),
    ...merged.map((parent) => `merge ${parent}\n`),
  ]
  for (const [path, file] of Object.entries(files)) {
    if (file === null) script.push(`D ${quote(path)}\n`)
    else script.push(...change(path, file))
  }
  script.push('get-mark :1\n')
  return await git(['fast-import', '--quiet', '--date-format=raw'], {
    input: Buffer.concat(script.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))),
  })
}

function change(path: string, file: FileContent): (string | Uint8Array)[] {
  const { mode, content } =
    typeof file === 'string' || file instanceof Uint8Array ? { mode: '100644' as const, content: file } : file
  if (mode === '160000') return [`M ${mode} ${Buffer.from(content).toString()} ${quote(path)}\n`]
  return [`M ${mode} inline ${quote(path)}\n`, ...data(content)]
}

function data(content: string | Uint8Array): (string | Uint8Array)[] {
  const bytes = Buffer.from(content)
  return [`data ${bytes.length}\n`, bytes, '\n']
}

function quote(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`
}
