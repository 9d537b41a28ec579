import { write } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'
import type { Condition } from '../../../api/conditions.ts'
import type { GitSyncSpec } from '../../../api/gitsync.ts'
import { REASONS } from '../../../api/reasons.ts'
import type { KubernetesObject } from '../../../objects/object.ts'
import { addClusterOptions, withCluster } from '../../common/cluster.ts'
import type { ClusterFlags } from '../../common/cluster.ts'
import { addOutputOption, age, printable, printData, table } from '../../common/output.ts'
import type { OutputFlags } from '../../common/output.ts'
import { CommandFailure } from '../../common/command-failure.ts'
import type { Verb } from '../../common/program.ts'
import { getGitSync, listGitSyncs, statusOf } from '../gitsyncs.ts'

interface Flags extends ClusterFlags, OutputFlags {
  readonly allNamespaces?: boolean
}

export const status: Verb = {
  name: 'status',
  examples: ['kubectl gitsync status -A', 'kubectl gitsync status shop -n shop', 'kubectl gitsync status -o json'],
  define(command, io) {
    addOutputOption(addClusterOptions(command), ['wide'])
      .description('How GitSyncs are doing; of one with what is in the way, and what to do about it')
      .argument('[name]', 'GitSync; default: all of the namespace')
      .option('-A, --all-namespaces', 'of all namespaces')
      .action(async (name: string | undefined, flags: Flags) => {
        const everywhere = flags.allNamespaces ?? false
        if (name !== undefined && everywhere) {
          throw new CommandFailure('usage', `a name is of one namespace: leave out --all-namespaces, or ${name}`)
        }
        await withCluster(flags, io, async (cluster) => {
          if (name !== undefined) {
            await printOne(io, flags, await getGitSync(cluster, name))
            return
          }
          const objects = await listGitSyncs(cluster, { everywhere })
          if (await printData(io, flags, objects.map(summary))) return
          if (objects.length > 0)
            await write(io.stdout, overview(objects, { everywhere, wide: flags.output === 'wide', now: io.now() }))
          else io.stderr.write(`No GitSyncs found${everywhere ? '' : ` in namespace ${cluster.namespace}`}.\n`)
        })
      })
  },
}

/** What a script is told of one GitSync. */
function summary(object: KubernetesObject) {
  const { metadata } = object
  const {
    conditions = [],
    branch,
    lastCommit,
    observedCommit,
    files,
    pending,
    orphans,
    observedGeneration,
  } = statusOf(object)
  const { repository, suspend } = specOf(object)
  const ready = conditions.find(({ type }) => type === 'Ready')
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    ready: ready?.status ?? 'Unknown',
    reason: ready?.reason,
    message: ready?.message,
    remedy: remedyOf(ready),
    suspended: suspend === true,
    url: repository?.url,
    branch: branch ?? repository?.branch,
    path: repository?.path,
    lastCommit,
    observedCommit,
    files,
    pending,
    orphans,
    isCurrent: observedGeneration === metadata.generation,
    conditions: conditions.map((condition) => ({ ...condition, remedy: remedyOf(condition) })),
    createdAt: metadata.creationTimestamp,
  }
}

const specOf = (object: KubernetesObject): Partial<GitSyncSpec> => object['spec'] ?? {}

/** What to do; undefined where there is nothing to do, or a newer operator has a word that is not known here. */
function remedyOf(condition: Pick<Condition, 'reason'> | undefined): string | undefined {
  const reason = Object.hasOwn(REASONS, condition?.reason ?? '')
    ? (condition?.reason as keyof typeof REASONS)
    : undefined
  return reason === undefined || REASONS[reason].outcome === 'ok' ? undefined : REASONS[reason].remedy
}

const shown = (value: string | number | undefined): string => (value === undefined ? '-' : printable(String(value)))
const SHORT = 7

function overview(
  objects: readonly KubernetesObject[],
  { everywhere, wide, now }: { readonly everywhere: boolean; readonly wide: boolean; readonly now: Date },
): string {
  const header = ['NAME', 'READY', 'REASON', 'BRANCH', 'COMMIT', 'FILES', 'PENDING', 'AGE']
  const rows = objects.map((object) => {
    const one = summary(object)
    const commit = one.lastCommit?.sha.slice(0, SHORT)
    const cells = [one.name, one.ready, one.reason, one.branch, commit, one.files, one.pending].map(shown)
    return [
      ...(everywhere ? [shown(one.namespace)] : []),
      ...cells,
      age(one.createdAt, now),
      ...(wide ? [shown(one.path), shown(one.url), shown(one.message?.split('\n')[0])] : []),
    ]
  })
  return table([
    [...(everywhere ? ['NAMESPACE'] : []), ...header, ...(wide ? ['PATH', 'URL', 'MESSAGE'] : [])],
    ...rows,
  ])
}

async function printOne(io: Io, flags: OutputFlags, object: KubernetesObject): Promise<void> {
  const one = summary(object)
  if (await printData(io, flags, one)) return
  const commit = one.lastCommit
  const lines = [
    ['GitSync', `${one.namespace}/${one.name}${one.suspended ? ' (suspended)' : ''}`],
    ['Repository', shown(one.url)],
    ['Branch', shown(one.branch)],
    ['Folder', shown(one.path)],
    [
      'Commit',
      commit === undefined
        ? '-'
        : `${commit.sha}${commit.time === undefined ? '' : `, ${age(commit.time, io.now())} ago`}`,
    ],
    ...(commit?.url === undefined ? [] : [['', printable(commit.url)]]),
    ['Branch tip', shown(one.observedCommit)],
    ['Files', shown(one.files)],
    ['Pending', shown(one.pending)],
    ['Orphans', shown(one.orphans)],
  ]
  let text = table(lines)
  const said = new Set<string>()
  for (const { type, status, reason, message, lastTransitionTime, remedy } of one.conditions) {
    text += `\n${printable(`${type} is ${status}: ${reason}`)}, since ${age(lastTransitionTime, io.now())}\n`
    // Stalled says what Ready says.
    if (said.has(message)) continue
    said.add(message)
    const problem =
      remedy !== undefined && message.endsWith(` ${remedy}`) ? message.slice(0, -remedy.length - 1) : message
    text += `  ${printable(problem).replaceAll('\n', '\n  ')}\n`
    if (remedy !== undefined) text += `  To do: ${remedy}\n`
  }
  if (one.conditions.length === 0)
    text += '\nNo operator has looked at it yet: does one run, and watch this namespace?\n'
  else if (!one.isCurrent) text += '\nThis is about an older spec: the operator has not come to the newest one yet.\n'
  await write(io.stdout, text)
}
