import { InvalidArgumentError } from 'commander'
import type { HistoryOptions } from '../../client/history/history.ts'
import type { CommitInfo } from '../../client/read/objects.ts'
import { commitJson, commitMedium, commitOneline } from '../commit-text.ts'
import { parseDate } from '../dates.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, ADDRESS, REVISION } from '../connection-flags.ts'
import type { ConnectionFlags } from '../connection-flags.ts'
import { write } from '../output.ts'
import type { Verb } from '../verb.ts'
import { withRepository } from '../with-repository.ts'

interface Flags extends ConnectionFlags {
  readonly maxCount?: number
  readonly since?: Date
  readonly until?: Date
  readonly firstParent?: boolean
  readonly oneline?: boolean
  readonly json?: boolean
}

export const log: Verb = {
  name: 'log',
  examples: [
    'gitsync log -n 10 --oneline https://git.example.com/team/site.git main',
    'gitsync log --since 2026-01-01 https://git.example.com/team/site.git main docs/index.md',
  ],
  define(command, io) {
    addConnectionOptions(command)
      .description('Print commits, newest first and children before parents, as git log prints them')
      .argument('<url>', ADDRESS)
      .argument('<rev>', REVISION)
      .argument('[path]', 'only commits that changed this file or folder')
      .option('-n, --max-count <count>', 'so many commits at most', parseCount)
      .option('--since <date>', 'only later ones, by the committer: 2026-01-31, 2026-01-31T08:00:00Z', parseDate)
      .option('--until <date>', 'only earlier ones, by the committer', parseDate)
      .option('--first-parent', 'follow only the first parent of merges')
      .option('--oneline', 'one line for each commit')
      .option('--json', 'print [{oid, tree, parents, author, committer, message}]')
      .action(async (url: string, rev: string, path: string | undefined, flags: Flags) => {
        const { since, until, maxCount, firstParent = false } = flags
        const options: HistoryOptions = {
          firstParent,
          ...(path === undefined ? {} : { path: path.replace(/\/+$/, '') }),
          ...(since === undefined ? {} : { since }),
          ...(until === undefined ? {} : { until }),
          ...(maxCount === undefined ? {} : { limit: maxCount }),
        }
        await withRepository(url, flags, io, (repo) => print(io, repo.history(rev, options), flags))
      })
  },
}

/** As they come; a reader that has left ends the walk. */
async function print(io: Io, commits: AsyncIterable<CommitInfo>, { oneline = false, json = false }: Flags) {
  let isFirst = true
  for await (const commit of commits) {
    const separator = json ? (isFirst ? '[' : ',\n') : isFirst || oneline ? '' : '\n'
    const text = json ? commitJson(commit) : oneline ? commitOneline(commit) : commitMedium(commit)
    if (!(await write(io.stdout, separator + text))) return
    isFirst = false
  }
  if (json) await write(io.stdout, isFirst ? '[]\n' : ']\n')
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('a positive number is needed, such as 10.')
  return Number(text)
}
