import type { Change } from '../../client/compare/diff-trees.ts'
import { formatMode, toRawName } from '../../format/tree.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, ADDRESS, REVISION } from '../connection-flags.ts'
import type { ConnectionFlags } from '../connection-flags.ts'
import { write, writeJson } from '../output.ts'
import { quotePath } from '../quote.ts'
import type { Verb } from '../verb.ts'
import { withRepository } from '../with-repository.ts'

interface Flags extends ConnectionFlags {
  readonly renames?: boolean
  readonly zero?: boolean
  readonly json?: boolean
}

export const diff: Verb = {
  name: 'diff',
  examples: [
    'gitsync diff https://git.example.com/team/site.git v1.0 main',
    'gitsync diff --renames --json https://git.example.com/team/site.git v1.0 main docs',
  ],
  define(command, io) {
    addConnectionOptions(command)
      .description('List the files that two commits do not have in common, as git diff --name-status prints them')
      .argument('<url>', ADDRESS)
      .argument('<base>', REVISION)
      .argument('<head>', 'the same')
      .argument('[path]', 'only this file, or what is below this folder')
      .option('--renames', 'show a file that moved unchanged as one line; similar contents are not looked for')
      .option('-z, --zero', 'part fields and lines with NUL and quote nothing')
      .option('--json', 'print [{status, path, oldPath?, oldOid?, oid?, oldMode?, mode?}]')
      .action(async (url: string, base: string, head: string, path: string | undefined, flags: Flags) => {
        const { renames = false } = flags
        const options = { renames, ...(path === undefined ? {} : { path: path.replace(/\/+$/, '') }) }
        const changes = await withRepository(url, flags, io, (repo) => repo.compare(base, head, options))
        await print(io, changes, flags)
      })
  },
}

async function print(io: Io, changes: readonly Change[], { zero = false, json = false }: Flags): Promise<void> {
  if (json) {
    await writeJson(io, changes.map(shown))
    return
  }
  const lines = changes.map(({ status, path, rawPath, oldPath, rawOldPath }) => {
    const from = oldPath === undefined ? [] : [rawOldPath ?? toRawName(oldPath)]
    const paths = [...from, rawPath ?? toRawName(path)]
    // Renames are found by equal contents only: by git's measure they are alike to 100 per cent.
    const fields = [status === 'R' ? 'R100' : status, ...(zero ? paths : paths.map(quotePath))]
    return fields.join(zero ? '\0' : '\t') + (zero ? '\0' : '\n')
  })
  await write(io.stdout, Buffer.from(lines.join(''), 'latin1'))
}

function shown({ status, path, oldPath, oldOid, oid, oldMode, mode }: Change) {
  return {
    status,
    path,
    ...(oldPath === undefined ? {} : { oldPath }),
    ...(oldOid === undefined ? {} : { oldOid }),
    ...(oid === undefined ? {} : { oid }),
    ...(oldMode === undefined ? {} : { oldMode: formatMode(oldMode) }),
    ...(mode === undefined ? {} : { mode: formatMode(mode) }),
  }
}
