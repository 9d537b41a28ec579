import type { Repository } from '../../client/repository.ts'
import type { ListedEntry } from '../../client/snapshot.ts'
import { isGitError } from '../../format/errors.ts'
import { formatMode, toRawName } from '../../format/tree.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, ADDRESS, REVISION } from '../connection-flags.ts'
import type { ConnectionFlags } from '../connection-flags.ts'
import { write, writeJson } from '../output.ts'
import { quotePath } from '../quote.ts'
import type { Verb } from '../verb.ts'
import { withRepository } from '../with-repository.ts'

interface Flags extends ConnectionFlags {
  readonly recursive?: boolean
  readonly nameOnly?: boolean
  readonly long?: boolean
  readonly zero?: boolean
  readonly json?: boolean
}

export const lsTree: Verb = {
  name: 'ls-tree',
  examples: [
    'gitsync ls-tree https://git.example.com/team/site.git main docs',
    'gitsync ls-tree -r --name-only https://git.example.com/team/site.git v1.0',
  ],
  define(command, io) {
    addConnectionOptions(command)
      .description('List a folder of a commit, as git ls-tree prints it; paths start at the root')
      .argument('<url>', ADDRESS)
      .argument('<rev>', REVISION)
      .argument('[path]', 'folder to list (default: the root)')
      .option('-r, --recursive', 'all files below, instead of folders')
      .option('--name-only', 'only the paths')
      .option('-l, --long', 'sizes of files as well, where the server tells them')
      .option('-z, --zero', 'end each line with NUL and quote nothing')
      .option('--json', 'print [{path, mode, type, oid, size?}]; sizes where the server tells them')
      .action(async (url: string, rev: string, path: string | undefined, flags: Flags) => {
        const { recursive = false, json = false, long = false } = flags
        const folder = (path ?? '').replace(/\/+$/, '')
        const entries = await withRepository(url, flags, io, (repo) =>
          list(repo, rev, folder, { recursive, sizes: json || long }),
        )
        await print(io, entries, flags)
      })
  },
}

/** A path that is no folder is listed as itself, as git does. */
async function list(
  repo: Repository,
  rev: string,
  path: string,
  options: { readonly recursive: boolean; readonly sizes: boolean },
): Promise<ListedEntry[]> {
  try {
    return await repo.tree(rev, { ...options, path })
  } catch (error) {
    if (!isGitError(error, 'UnexpectedType') || error.details.path !== path) throw error
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')))
    const entries = await repo.tree(rev, { path: folder, sizes: options.sizes })
    return entries.filter((entry) => entry.path === path)
  }
}

async function print(io: Io, entries: readonly ListedEntry[], flags: Flags): Promise<void> {
  if (flags.json === true) {
    const shown = entries.map(({ path, mode, type, oid, size }) => ({
      path,
      mode: formatMode(mode),
      type,
      oid,
      ...(size === undefined ? {} : { size }),
    }))
    await writeJson(io, shown)
    return
  }
  const lines = entries.map((entry) => {
    const raw = entry.rawPath ?? toRawName(entry.path)
    const path = flags.zero === true ? raw : quotePath(raw)
    const size = flags.long === true ? ` ${String(entry.size ?? '-').padStart(7)}` : ''
    const line = flags.nameOnly === true ? path : `${formatMode(entry.mode)} ${entry.type} ${entry.oid}${size}\t${path}`
    return line + (flags.zero === true ? '\0' : '\n')
  })
  await write(io.stdout, Buffer.from(lines.join(''), 'latin1'))
}
