import { addConnectionOptions, formatBytes, write } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'
import { addClusterOptions, withCluster } from '../../common/cluster.ts'
import { CommandFailure } from '../../common/command-failure.ts'
import { notesTo } from '../../common/notes.ts'
import { addOutputOption, printable, printData } from '../../common/output.ts'
import type { OutputFlags } from '../../common/output.ts'
import type { Verb } from '../../common/program.ts'
import { getGitSync } from '../gitsyncs.ts'
import { lookAhead } from '../look-ahead.ts'
import type { NextCommits } from '../next-commits.ts'
import type { GitFlags } from '../target.ts'

interface Flags extends GitFlags, OutputFlags {
  readonly filename?: string
}

export const preview: Verb = {
  name: 'preview',
  examples: [
    'kubectl gitsync preview shop -n shop',
    'kubectl gitsync preview -f gitsync.yaml',
    'kubectl gitsync preview shop -o json',
  ],
  define(command, io) {
    addOutputOption(addConnectionOptions(addClusterOptions(command)))
      .description('The next commit, without making it: files, message, author, size')
      .argument('[name]', 'GitSync')
      .option('-f, --filename <file>', 'a manifest with a GitSync instead, applied or not; - for standard input')
      .action(async (name: string | undefined, flags: Flags) => {
        const { filename } = flags
        if ((name === undefined) === (filename === undefined)) {
          throw new CommandFailure('usage', 'either the name of a GitSync or -f <file> is needed')
        }
        await withCluster(flags, io, async (cluster) => {
          const object =
            filename === undefined
              ? await getGitSync(cluster, name ?? '')
              : await (await import('../manifest.ts')).readManifest(filename, cluster, io)
          await lookAhead({ cluster, object, notes: notesTo(io) }, { flags, io }, async (next) => {
            if (!(await printData(io, flags, dataOf(next)))) await print(io, next)
          })
        })
      })
  },
}

function dataOf({ commits, committer, changes, tip, tree, files }: NextCommits) {
  return {
    tip,
    tree,
    files,
    changes: changes.map(({ status, path, bytes }) => ({ status, path, size: bytes?.length ?? null })),
    commits: commits.map(({ author, message, writes, deletes, time }) => ({
      author,
      committer,
      message,
      time: new Date(time).toISOString(),
      writes: writes.length,
      deletes: deletes.length,
      bytes: sizeOf(writes),
    })),
  }
}

const sizeOf = (writes: readonly { readonly bytes: Uint8Array }[]): number =>
  writes.reduce((sum, { bytes }) => sum + bytes.length, 0)

async function print(io: Io, { commits, changes, committer, files, tip }: NextCommits): Promise<void> {
  if (commits.length === 0) {
    await write(io.stdout, `Nothing to commit: Git has all ${files} files as the cluster has them.\n`)
    return
  }
  let text = tip === null ? 'The branch does not exist yet and will be created.\n\n' : ''
  for (const { author, message, writes, deletes } of commits) {
    text += `Author:    ${printable(author.name)} <${printable(author.email)}>\n`
    text += `Committer: ${printable(committer.name)} <${printable(committer.email)}>\n`
    text += `Size:      ${formatBytes(sizeOf(writes))} in ${writes.length} files, ${deletes.length} deleted\n\n`
    text += `${printable(message)
      .trimEnd()
      .replaceAll(/^(?=.)/gm, '    ')}\n\n`
  }
  for (const { status, path } of changes) text += `${status}\t${printable(path)}\n`
  await write(io.stdout, text)
}
