import type { Command } from 'commander'
import { parseSeconds, write, writeJson } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'
import { GITSYNCS } from '../../controllers/known-resources.ts'
import { FIELD_MANAGER } from '../common/cluster.ts'
import type { ClusterFlags } from '../common/cluster.ts'
import { CommandFailure } from '../common/command-failure.ts'
import { explain, statusOf } from './gitsyncs.ts'
import type { Target } from './target.ts'
import { waitUntilHandled } from './wait.ts'

/** Flags of verbs that ask the operator for something. */
export interface RequestFlags extends ClusterFlags {
  readonly wait?: boolean
  /** Seconds. */
  readonly timeout?: number
  readonly json?: boolean
}

export function addRequestOptions(command: Command): Command {
  return command
    .option('--no-wait', 'do not wait until it is done')
    .option('--timeout <seconds>', 'wait at most so long (default: 120)', parseSeconds)
    .option('--json', 'print {handled, commit, time, url, ready, reason}')
}

/** Sets an annotation of the GitSync, and waits until the operator has acted on it. */
export async function ask(
  { cluster, object, notes }: Target,
  annotation: string,
  value: string,
  { flags, io }: { readonly flags: RequestFlags; readonly io: Io },
): Promise<void> {
  const { name } = object.metadata
  if ((object['spec'] as { suspend?: boolean } | undefined)?.suspend === true) {
    throw new CommandFailure(
      'conflict',
      `GitSync ${name} is suspended, and would not act on it: kubectl gitsync resume ${name} -n ${cluster.namespace}`,
    )
  }
  const before = statusOf(object).lastCommit?.sha
  const patch = { metadata: { annotations: { [annotation]: value } } }
  await cluster.client
    .mergePatch(GITSYNCS, cluster.namespace, name, patch, { query: { fieldManager: FIELD_MANAGER } })
    .catch((error: unknown) => {
      throw explain(error, `patch gitsync ${name} in namespace ${cluster.namespace}`)
    })
  if (flags.wait === false) {
    if (flags.json === true) await writeJson(io, { handled: false })
    else await write(io.stdout, `gitsync.gitsync.dev/${name} asked\n`)
    return
  }
  const after = await waitUntilHandled(cluster, name, { request: value, seconds: flags.timeout }, io)
  const { lastCommit, conditions = [] } = statusOf(after)
  const ready = conditions.find(({ type }) => type === 'Ready')
  const isNew = lastCommit !== undefined && lastCommit.sha !== before
  const commit = isNew ? lastCommit : undefined
  if (ready?.status === 'False') notes(`Ready is False: ${ready.reason}: ${ready.message}`)
  if (flags.json === true) {
    const data = { handled: true, commit: commit?.sha ?? null, time: commit?.time, url: commit?.url }
    await writeJson(io, { ...data, ready: ready?.status, reason: ready?.reason })
  } else await write(io.stdout, commit === undefined ? 'nothing to commit: Git has it all\n' : `${commit.sha}\n`)
}
