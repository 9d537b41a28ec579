import type { Repository } from '../../client/repository.ts'
import type { ListedEntry } from '../../client/snapshot.ts'
import { isGitError } from '../../format/errors.ts'
import { formatMode, toRawName } from '../../format/tree.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, connect } from '../options.ts'
import type { ConnectionFlags } from '../options.ts'
import { write, writeJson } from '../output.ts'
import { quotePath } from '../quote.ts'
import type { Verb } from '../verb.ts'

interface Flags extends ConnectionFlags {
  readonly recursive?: boolean
  readonly nameOnly?: boolean
  readonly zero?: boolean
  readonly json?: boolean
}

export const lsTree: Verb = {
  name: 'ls-tree',
  define(command, io) {
    addConnectionOptions(command)
      .description('List a folder of a commit, as git ls-tree prints it; paths start at the root')
      .argument('<url>', 'https:// or http:// address of the repository')
      .argument('<rev>', 'branch, tag, full ref name, HEAD or full commit id')
      .argument('[path]', 'folder to list (default: the root)')
      .option('-r, --recursive', 'all files below, instead of folders')
      .option('--name-only', 'only the paths')
      .option('-z, --zero', 'end each line with NUL and quote nothing')
      .option('--json', 'print [{path, mode, type, oid}]')
      .action(async (url: string, rev: string, path: string | undefined, flags: Flags) => {
        const repo = await connect(url, flags, io)
        const entries = await list(repo, rev, (path ?? '').replace(/\/+$/, ''), flags.recursive ?? false)
        await print(io, entries, flags)
      })
  },
}

/** A path that is no folder is listed as itself, as git does. */
async function list(repo: Repository, rev: string, path: string, recursive: boolean): Promise<ListedEntry[]> {
  try {
    return await repo.tree(rev, { path, recursive })
  } catch (error) {
    if (!isGitError(error, 'UnexpectedType') || error.details.path !== path) throw error
    const entries = await repo.tree(rev, { path: path.slice(0, Math.max(0, path.lastIndexOf('/'))) })
    return entries.filter((entry) => entry.path === path)
  }
}

async function print(io: Io, entries: readonly ListedEntry[], flags: Flags): Promise<void> {
  if (flags.json === true) {
    const shown = entries.map(({ path, mode, type, oid }) => ({ path, mode: formatMode(mode), type, oid }))
    await writeJson(io, shown)
    return
  }
  const lines = entries.map((entry) => {
    const raw = entry.rawPath ?? toRawName(entry.path)
    const path = flags.zero === true ? raw : quotePath(raw)
    const line = flags.nameOnly === true ? path : `${formatMode(entry.mode)} ${entry.type} ${entry.oid}\t${path}`
    return line + (flags.zero === true ? '\0' : '\n')
  })
  await write(io.stdout, Buffer.from(lines.join(''), 'latin1'))
}
