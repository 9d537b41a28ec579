import { InvalidArgumentError } from 'commander'
import { addConnectionOptions, commitJson, commitMedium, commitOneline, parseDate, write } from '@gitsync/protocol/cli'
import { addClusterOptions } from '../../common/cluster.ts'
import { addObjectArgument } from '../../common/object-argument.ts'
import { printable } from '../../common/output.ts'
import type { Verb } from '../../common/program.ts'
import { withTarget } from '../target.ts'
import type { GitFlags } from '../target.ts'

interface Flags extends GitFlags {
  readonly maxCount?: number
  readonly since?: Date
  readonly until?: Date
  readonly oneline?: boolean
  readonly json?: boolean
}

export const log: Verb = {
  name: 'log',
  examples: [
    'kubectl gitsync log shop -n shop',
    'kubectl gitsync log shop deployment/web --oneline',
    'kubectl gitsync log shop --since 2026-01-31 --json',
  ],
  define(command, io) {
    addConnectionOptions(addClusterOptions(command)).argument('<name>', 'GitSync')
    addObjectArgument(
      command,
      '[object]',
      'KIND/NAME, KIND/NAMESPACE/NAME, or a file below the folder; it may be gone from the cluster',
    )
      .description('Commits that changed the folder, or the file of one object, newest first')
      .option('-c, --max-count <count>', 'so many commits at most', parseCount)
      .option('--since <date>', 'only later ones: 2026-01-31, 2026-01-31T08:00:00Z', parseDate)
      .option('--until <date>', 'only earlier ones', parseDate)
      .option('--oneline', 'one line for each commit')
      .option('--json', 'print [{oid, tree, parents, author, committer, message}]')
      .action(async (name: string, object: string | undefined, flags: Flags) => {
        const { since, until, maxCount, oneline = false, json = false } = flags
        await withTarget(name, flags, io, async (target) => {
          const [{ withFolder }, { fileOf }] = await Promise.all([import('../with-folder.ts'), import('../file-of.ts')])
          await withFolder(target, { flags, io }, async (folder) => {
            const { repository, branch, at } = folder
            const path = at(object === undefined ? undefined : (await fileOf(object, folder, target.cluster)).path)
            const commits = repository.history(branch, {
              ...(path === '' ? {} : { path }),
              ...(since === undefined ? {} : { since }),
              ...(until === undefined ? {} : { until }),
              ...(maxCount === undefined ? {} : { limit: maxCount }),
            })
            let isFirst = true
            for await (const commit of commits) {
              const separator = json ? (isFirst ? '[' : ',\n') : isFirst || oneline ? '' : '\n'
              const text = json ? commitJson(commit) : printable((oneline ? commitOneline : commitMedium)(commit))
              if (!(await write(io.stdout, separator + text))) return
              isFirst = false
            }
            if (json) await write(io.stdout, isFirst ? '[]\n' : ']\n')
            else if (isFirst) target.notes(`no commit of branch ${branch} has changed ${path === '' ? 'it' : path}`)
          })
        })
      })
  },
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a positive number is needed, such as 10.')
  return Number(text)
}
