import type { ConnectionFlags, Io } from '@gitsync/protocol/cli'
import type { KubernetesObject } from '../../objects/object.ts'
import { withCluster } from '../common/cluster.ts'
import type { Cluster, ClusterFlags } from '../common/cluster.ts'
import { notesTo } from '../common/notes.ts'
import type { Notes } from '../common/notes.ts'
import { getGitSync } from './gitsyncs.ts'

/** Flags of every verb that looks into Git. */
export interface GitFlags extends ClusterFlags, ConnectionFlags {}

/** One GitSync, and what it takes to look at it. */
export interface Target {
  readonly cluster: Cluster
  readonly object: KubernetesObject
  readonly notes: Notes
}

export async function withTarget<T>(
  name: string,
  flags: ClusterFlags,
  io: Io,
  work: (target: Target) => Promise<T>,
): Promise<T> {
  return await withCluster(flags, io, async (cluster) =>
    work({ cluster, object: await getGitSync(cluster, name), notes: notesTo(io) }),
  )
}
