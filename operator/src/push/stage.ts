import type { Edit, Repository, Snapshot } from '@gitsync/protocol'
import type { Forge } from '../forge/forge.ts'
import type { Tracer } from '../trace/tracer.ts'
import type { Budget } from './budget/budget.ts'
import { viewOf } from './folder-view.ts'
import type { Member } from './member.ts'
import { recordPaths } from './own-paths.ts'
import { planPush } from './plan-push.ts'
import type { PushPlan } from './planned-commit.ts'

/** How a member reaches the repository. Members with equal keys share pushes. */
export interface Connection {
  /** Stands for the credentials, and tells nothing about them. */
  readonly key: string
  readonly repository: Repository
  /** What may be asked of the host with these credentials. Default: no limit. */
  readonly budget?: Budget
  /** The repository's requests, by what the host runs. @throws ForgeError where that is not known */
  readonly forge?: ((hostType: string | undefined) => Forge) | undefined
}

export interface Attached {
  readonly member: Member
  readonly connection: Connection
}

export interface Staged extends Attached {
  readonly plan: PushPlan
  readonly commits: readonly string[]
  readonly seenAt: readonly number[]
  readonly time: number
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
  { snapshot, tracer }: { readonly snapshot: Snapshot; readonly tracer: Tracer },
): Promise<Staged> {
  const { path, committer } = member.settings
  const plan = await planPush(member, viewOf(member, connection.repository, snapshot))
  await recordPaths(member, plan)
  const prefix = path === '.' ? '' : `${path}/`
  const commits: string[] = []
  const seenAt: number[] = []
  let time = 0
  for (const commit of plan.commits) {
    for (const { path: below, bytes } of commit.writes) edit.put(prefix + below, bytes, { replace: true })
    for (const below of commit.deletes) edit.delete(prefix + below, { ifExists: true })
    const date = new Date(commit.time)
    const span = tracer.start('commit', {
      parent: tracer.current(),
      links: commit.seen.flatMap(({ spans }) => spans).slice(0, MAX_LINKS),
      attributes: { 'gitsync.member': member.name, 'gitsync.files': commit.writes.length + commit.deletes.length },
    })
    const made = await edit.commit({
      message: commit.message,
      author: { ...commit.author, date },
      committer: { ...committer, date },
      ...(member.signer === undefined ? {} : { sign: member.signer }),
    })
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
