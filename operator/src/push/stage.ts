import type { Edit, Snapshot } from '@gitsync/protocol'
import type { Tracer } from '../trace/tracer.ts'
import { pathIn } from '../plan/path-in.ts'
import type { Attached } from './connection.ts'
import { viewOf } from './folder-view.ts'
import type { Member } from './member.ts'
import { recordPaths } from './own-paths.ts'
import { planPush } from './plan-push.ts'
import type { PlannedCommit, PushPlan } from './planned-commit.ts'

export interface Staged extends Attached {
  readonly plan: PushPlan
  readonly commits: readonly string[]
  readonly seenAt: readonly number[]
  readonly time: number
}

/** What is staged on. */
export interface StagingAt {
  readonly snapshot: Snapshot
  readonly tracer: Tracer
  /** See `viewOf`. */
  readonly commitOf: (path: string) => string | null
}

/** As many as OpenTelemetry keeps of one span. */
const MAX_LINKS = 128

/**
 * Plans what a member wants to push now, and puts it into the edit.
 * @throws PushFailure
 */
export async function stage(
  { member, connection }: Attached,
  edit: Edit,
  { snapshot, tracer, commitOf }: StagingAt,
): Promise<Staged> {
  const plan = await planPush(member, viewOf(member, connection.repository, snapshot, commitOf))
  await recordPaths(member, plan)
  const commits: string[] = []
  const seenAt: number[] = []
  let time = 0
  for (const commit of plan.commits) {
    const span = tracer.start('commit', {
      parent: tracer.current(),
      links: commit.seen.flatMap(({ spans }) => spans).slice(0, MAX_LINKS),
      attributes: { 'gitsync.member': member.name, 'gitsync.files': commit.writes.length + commit.deletes.length },
    })
    const made = await commitTo(edit, member, commit)
    span.set({ 'gitsync.commit': made ?? '' })
    span.end()
    if (made === null) continue
    seenAt.push(...commit.seen.map(({ at }) => at))
    commits.push(made)
    time = commit.time
    member.standing.attempted({ sha: made, time })
  }
  return { member, connection, plan, commits, seenAt, time }
}

/** Makes a planned commit in an edit. @returns its id; null where everything is as it would be already */
export async function commitTo(
  edit: Edit,
  { settings, signer }: Member,
  { writes, deletes, message, author, time }: PlannedCommit,
): Promise<string | null> {
  for (const { path, bytes } of writes) edit.put(pathIn(settings.path, path), bytes, { replace: true })
  for (const path of deletes) edit.delete(pathIn(settings.path, path), { ifExists: true })
  const date = new Date(time)
  return await edit.commit({
    message,
    author: { ...author, date },
    committer: { ...settings.committer, date },
    ...(signer === undefined ? {} : { sign: signer }),
  })
}
