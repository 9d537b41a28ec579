import { addConnectionOptions, write } from '@gitsync/protocol/cli'
import { addClusterOptions, withCluster } from '../../common/cluster.ts'
import { CommandFailure } from '../../common/command-failure.ts'
import { notesTo } from '../../common/notes.ts'
import { addOutputOption, printable, printData } from '../../common/output.ts'
import type { OutputFlags } from '../../common/output.ts'
import { addObjectArgument } from '../../common/object-argument.ts'
import type { Verb } from '../../common/program.ts'
import type { Explanation } from '../explain-object.ts'
import { listReachable } from '../gitsyncs.ts'
import type { GitFlags } from '../target.ts'

interface Flags extends GitFlags, OutputFlags {
  readonly git?: boolean
  readonly gitsync?: string
}

export const explain: Verb = {
  name: 'explain',
  examples: [
    'kubectl gitsync explain configmap/settings -n shop',
    'kubectl gitsync explain deployment.apps/web --no-git',
  ],
  define(command, io) {
    addOutputOption(
      addConnectionOptions(addClusterOptions(command, "namespace of the object (default: the context's)")),
    )
    addObjectArgument(command, '<object>', 'KIND/NAME, or KIND/NAMESPACE/NAME')
      .description('Why an object is in Git or not: which GitSyncs select it, what leaves it out, in which file it is')
      .option('--gitsync <name>', 'only about GitSyncs of this name')
      .option('--no-git', 'do not look into Git')
      .action(async (text: string, flags: Flags) => {
        const notes = notesTo(io)
        await withCluster(flags, io, async (cluster) => {
          const [{ findObject }, { readLive }, { explainObject }, { withGit }] = await Promise.all([
            import('../../common/find-object.ts'),
            import('../file-of.ts'),
            import('../explain-object.ts'),
            import('../with-git.ts'),
          ])
          const named = await findObject(text, cluster.namespace, cluster.discovery)
          const onlyHere = (): void =>
            notes(`only GitSyncs of namespace ${cluster.namespace} are looked at: you may not list those of others`)
          const [live, all] = await Promise.all([readLive(cluster, named), listReachable(cluster, onlyHere)])
          const gitsyncs = all.filter(({ metadata }) => flags.gitsync === undefined || metadata.name === flags.gitsync)
          const look =
            flags.git === false
              ? undefined
              : <T>(resolved: Parameters<typeof withGit>[1], work: Parameters<typeof withGit<T>>[3]) =>
                  withGit(cluster, resolved, { flags, io, notes }, work)
          const found: Explanation[] = []
          for (const gitsync of gitsyncs) {
            const one = await explainObject(gitsync, { named, live }, { cluster, notes, look, known: all })
            if (one !== undefined) found.push(one)
          }
          if (await printData(io, flags, found)) return
          if (found.length > 0) await write(io.stdout, found.map(toText).join('\n'))
          else {
            const count =
              gitsyncs.length === 1 ? 'the one GitSync here does not name' : `none of ${gitsyncs.length} GitSyncs names`
            throw new CommandFailure('notFound', `${count} kind ${named.resource.kind}: add it to spec.resources`)
          }
        })
      })
  },
}

function toText(one: Explanation): string {
  const where =
    one.path === undefined
      ? ''
      : `  ${one.in || one.git === 'kept' ? 'file' : 'file, if there were one'}: ${one.path} on branch ${one.branch}\n`
  const kept = !one.in && one.git === 'kept' ? '  Git has a file of it, which stays until it is pruned\n' : ''
  const checks = one.checks.map(({ passed, text }) => `  ${passed ? 'yes' : 'no '}  ${text}\n`).join('')
  return printable(`GitSync ${one.gitsync}: ${one.in ? 'in' : 'out'}: ${one.why}\n${where}${kept}${checks}`)
}
