import type { Repository, Snapshot } from '@gitsync/protocol'
import type { Identity } from '@gitsync/protocol'
import type { Runtime } from '../../controllers/runtime.ts'
import { CLAIM_FILE } from '../../plan/compare.ts'
import { pathIn } from '../../plan/path-in.ts'
import { viewOf } from '../../push/folder-view.ts'
import type { Member } from '../../push/member.ts'
import { planPush } from '../../push/plan-push.ts'
import type { PlannedCommit } from '../../push/planned-commit.ts'
import type { Cluster } from '../common/cluster.ts'
import type { Notes } from '../common/notes.ts'
import { writtenBranch, writtenFolder } from './written-now.ts'
import { readWanted } from '../common/wanted.ts'
import type { Resolved } from '../common/wanted.ts'

/** One file as it is in Git and as it will be. */
export interface FileChange {
  readonly status: 'A' | 'M' | 'D'
  /** From the root of the repository. */
  readonly path: string
  /** Content id in Git; undefined for a file that is not there. */
  readonly oldOid: string | undefined
  /** Undefined for a file that goes. */
  readonly bytes: Uint8Array | undefined
}

/** What the operator would push now. */
export interface NextCommits {
  readonly commits: readonly PlannedCommit[]
  readonly committer: Pick<Identity, 'name' | 'email'>
  readonly changes: readonly FileChange[]
  /** Where the branch is; null when it does not exist. */
  readonly tip: string | null
  /** Id of the repository's tree after the push. */
  readonly tree: string
  /** Files that the GitSync wants in its folder. */
  readonly files: number
  readonly snapshot: Snapshot
}

/**
 * Plans the next push as the operator does when it starts: everything is read, and the folder is compared with it. Nothing is
 * pushed, and nothing is written to the cluster.
 * @throws PushFailure with the reason that a condition would have; GitError, KubeError
 */
export async function planNext(
  resolved: Resolved,
  { cluster, repository, notes }: { readonly cluster: Cluster; readonly repository: Repository; readonly notes: Notes },
  onProgress?: (objects: number) => void,
): Promise<NextCommits> {
  const { path } = resolved.gitsync.spec.repository
  const start = await writtenBranch(repository, resolved)
  const clusterId = resolved.clusterId ?? (await claimedBy(resolved, repository, start))
  const runtime = await readWanted(resolved, cluster, notes, {
    clusterId,
    ...(onProgress === undefined ? {} : { onProgress }),
  })
  const { member } = runtime
  const snapshot = await writtenFolder(repository, resolved, member, start)
  const view = viewOf(member, repository, snapshot)
  const there = new Map(view.files().map((file) => [file.path, file.oid]))
  const plan = await planPush(member, view)
  tellWhatWaits(member, runtime, notes, plan.compared)
  return {
    commits: plan.commits,
    committer: member.settings.committer,
    changes: changesOf(plan.commits, there, path),
    tip: snapshot.tip === null ? null : snapshot.shown,
    tree: await treeAfter(repository, snapshot, plan.commits, path),
    files: member.desired.size,
    snapshot,
  }
}

/** In whose name the folder is claimed, where this user may not know the cluster: a claim with this GitSync's uid is its own. */
async function claimedBy({ gitsync }: Resolved, repository: Repository, { commit }: Snapshot): Promise<string> {
  const { path } = gitsync.spec.repository
  if (commit === null) return ''
  const file = await repository.file(commit, pathIn(path, CLAIM_FILE)).catch(() => undefined)
  const text = file === undefined ? '' : Buffer.from(file.bytes).toString()
  return text.includes(`gitsync: ${gitsync.metadata.uid}`) ? (/^cluster: (.*)$/m.exec(text)?.[1] ?? '') : ''
}

function tellWhatWaits(member: Member, runtime: Runtime, notes: Notes, isComplete: boolean): void {
  const { massDeletion, unprovable, orphans, drift } = member.status
  for (const { path, objects } of member.desired.conflicts())
    notes(`${path} is wanted by ${objects.length} objects and written by none (PathConflict)`)
  if (massDeletion !== undefined)
    notes(
      `${massDeletion.count} deletions wait for gitsync.dev/confirm-deletion: confirm-deletion=${massDeletion.token}`,
    )
  if (drift?.outcome === 'Adopted')
    notes(`${drift.files} files are left as somebody else has made them in Git (onDrift: Adopt)`)
  if (unprovable !== undefined) notes(`deletions are not shown that cannot be proved: ${unprovable.failure.message}`)
  if (orphans > 0) notes(`${orphans} files of this GitSync have no object any more and stay (orphans)`)
  if (!isComplete && runtime.listed) notes('more follows in further commits: this is as much as one commit takes')
}

function changesOf(
  commits: readonly PlannedCommit[],
  there: ReadonlyMap<string, string>,
  folder: string,
): readonly FileChange[] {
  const after = new Map<string, Uint8Array | undefined>()
  for (const { writes, deletes } of commits) {
    for (const { path, bytes } of writes) after.set(path, bytes)
    for (const path of deletes) after.set(path, undefined)
  }
  const prefix = folder === '.' ? '' : `${folder}/`
  const changes = [...after].flatMap(([path, bytes]): FileChange[] => {
    const oldOid = there.get(path)
    if (oldOid === undefined && bytes === undefined) return []
    const status = bytes === undefined ? 'D' : oldOid === undefined ? 'A' : 'M'
    return [{ status, path: prefix + path, oldOid, bytes }]
  })
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function treeAfter(
  repository: Repository,
  base: Snapshot,
  commits: readonly PlannedCommit[],
  folder: string,
): Promise<string> {
  if (commits.length === 0) return base.root
  const prefix = folder === '.' ? '' : `${folder}/`
  await using edit = await repository.edit(base.ref, { base, writing: 'memory' })
  for (const { writes, deletes } of commits) {
    for (const { path, bytes } of writes) edit.put(prefix + path, bytes, { replace: true })
    for (const path of deletes) edit.delete(prefix + path, { ifExists: true })
  }
  const { author } = commits[0] as PlannedCommit
  await edit.commit({ message: 'preview', author: { ...author, date: new Date(0) } })
  return (await edit.push({ dryRun: true })).snapshot.root
}
