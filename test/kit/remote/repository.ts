import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { git, gitBytes } from './git.ts'
import type { RunOptions } from '../process/run.ts'
import { fastImport } from './fast-import.ts'
import type { CommitOptions, FileContent } from './fast-import.ts'

export interface RepositoryOptions {
  /** Default sha1. */
  readonly objectFormat?: 'sha1' | 'sha256'
  /** Branch that HEAD names; default main. It is unborn until the first commit. */
  readonly defaultBranch?: string
  /** Git configuration of the repository, by full name: `{'receive.denyNonFastForwards': 'true'}`. */
  readonly config?: Readonly<Record<string, string>>
}

export interface TreeEntry {
  readonly mode: string
  readonly type: 'blob' | 'tree' | 'commit'
  readonly oid: string
  readonly path: string
}

/** A bare repository on the remote's disk, reached past HTTP: what is done here shows in no request. */
export interface TestRepository {
  readonly name: string
  readonly url: string
  readonly dir: string
  readonly defaultBranch: string
  /** Runs git in the repository; gives what it printed, without the final newline. */
  git(...args: string[]): Promise<string>
  /** As `git`, with input, environment or time limit. */
  gitWith(options: Omit<RunOptions, 'cwd'>, ...args: string[]): Promise<string>
  /**
   * Commits files as another writer would. Paths that are not named stay; `null` removes a file or a folder.
   *
   * @returns id of the new commit
   */
  commitFiles(files: Readonly<Record<string, FileContent | null>>, options?: CommitOptions): Promise<string>
  /** Id that a revision names; null when there is none. */
  resolve(revision: string): Promise<string | null>
  /** All entries below `path` (default: the root), folders included only when `recursive` is false. Default true. */
  lsTree(revision: string, path?: string, options?: { readonly recursive?: boolean }): Promise<TreeEntry[]>
  /** Bytes of a file. Throws CommandError when it is not there. */
  readFile(revision: string, path: string): Promise<Buffer>
  /** Ids of the commits reachable from a revision, newest first. */
  log(revision: string): Promise<string[]>
  /** Checks every object and link. Throws CommandError with git's findings. */
  fsck(): Promise<void>
}

export async function createRepository(
  place: { readonly root: string; readonly home: string; readonly url: string },
  name: string,
  config: Readonly<Record<string, string>>,
  options: RepositoryOptions,
): Promise<TestRepository> {
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(name) || name.split('/').some((part) => /^\.+$/.test(part))) {
    throw new Error(`repository name ${JSON.stringify(name)}: use letters, digits, "_", "-", ".", parted by "/"`)
  }
  const { objectFormat = 'sha1', defaultBranch = 'main' } = options
  const dir = join(place.root, name)
  await mkdir(dir, { recursive: true })
  const call = (args: readonly string[], more?: Omit<RunOptions, 'cwd'>): Promise<string> =>
    git(dir, place.home, args, more)
  await call(['init', '--quiet', '--bare', `--object-format=${objectFormat}`, `--initial-branch=${defaultBranch}`])
  // A collection in the background would outlive the test and race with its clean-up.
  const all = { 'gc.auto': '0', 'receive.autogc': 'false', 'maintenance.auto': 'false', ...config, ...options.config }
  for (const [key, value] of Object.entries(all)) await call(['config', key, value])

  return {
    name,
    url: `${place.url}/${name}`,
    dir,
    defaultBranch,
    git: (...args) => call(args),
    gitWith: (more, ...args) => call(args, more),
    commitFiles: (files, commit = {}) => fastImport(call, files, { branch: defaultBranch, ...commit }),
    async resolve(revision) {
      const oid = await call(['rev-parse', '--verify', '--quiet', revision]).catch(() => '')
      return oid === '' ? null : oid
    },
    async lsTree(revision, path = '', { recursive = true } = {}) {
      const listed = await call([
        'ls-tree',
        '-z',
        '--full-tree',
        ...(recursive ? ['-r'] : []),
        revision,
        ...(path === '' ? [] : [`${path.replace(/\/$/, '')}/`]),
      ])
      return listed
        .split('\0')
        .filter((line) => line !== '')
        .map(parseEntry)
    },
    readFile: (revision, path) => gitBytes(dir, place.home, ['cat-file', 'blob', `${revision}:${path}`]),
    async log(revision) {
      const listed = await call(['rev-list', revision])
      return listed === '' ? [] : listed.split('\n')
    },
    async fsck() {
      await call(['fsck', '--full', '--strict', '--no-dangling'])
    },
  }
}

function parseEntry(line: string): TreeEntry {
  const tab = line.indexOf('\t')
  const [mode = '', type = '', oid = ''] = line.slice(0, tab).split(' ')
  return { mode, type: type as TreeEntry['type'], oid, path: line.slice(tab + 1) }
}
