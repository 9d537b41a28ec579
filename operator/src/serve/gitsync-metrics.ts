import type { ConditionState } from '../api/conditions.ts'
import type { ReflectorReport } from '../kube/reflector-pool.ts'
import type { Member } from '../push/member.ts'
import type { Metrics } from './metrics.ts'

/** One GitSync as the metrics show it. */
export interface GitSyncReport {
  readonly namespace: string
  readonly name: string
  /** As in its status, or as it will be there. */
  readonly conditions: readonly Pick<ConditionState, 'type' | 'status' | 'reason'>[]
  /** Undefined while it is not at work. */
  readonly member: Member | undefined
}

type Value = readonly [value: number | undefined, more?: Readonly<Record<string, string>>]

/**
 * Sets the metrics with the labels `namespace` and `name`. They are made anew each time, so that those of a GitSync go
 * with it.
 * @param now milliseconds since the epoch
 */
export function showGitSyncs(metrics: Metrics, reports: Iterable<GitSyncReport>, now: number): void {
  const { condition, files, pendingFiles, oldestPending, maxLatency, refusedDeletions } = metrics
  const { lastCommit, lastDrift, lastRewrite } = metrics
  const all = [condition, files, pendingFiles, oldestPending, maxLatency, refusedDeletions]
  for (const gauge of [...all, lastCommit, lastDrift, lastRewrite]) gauge.reset()
  for (const { namespace, name, conditions, member } of reports) {
    const object = { namespace, name }
    for (const { type, status, reason } of conditions) condition.set({ ...object, type, status, reason }, 1)
    if (member === undefined) continue
    const { status } = member
    const set = (gauge: { set(labels: object, value: number): void }, ...[value, more]: Value): void => {
      if (value !== undefined) gauge.set({ ...object, ...more }, value)
    }
    set(files, status.files)
    set(pendingFiles, status.pending)
    set(oldestPending, status.pendingSince === undefined ? 0 : seconds(Math.max(0, now - status.pendingSince)))
    set(maxLatency, seconds(member.settings.window.maxLatency))
    set(refusedDeletions, status.massDeletion?.count ?? 0, { cause: 'guard' })
    set(refusedDeletions, status.unprovable?.count ?? 0, { cause: 'proof' })
    set(lastCommit, seconds(status.lastCommit?.time))
    set(lastDrift, seconds(status.driftedAt))
    set(lastRewrite, seconds(status.rewrittenAt))
  }
}

/** @param ages of what is being worked on, in seconds */
export function showRunning({ unfinishedWork, longestRunning }: Metrics, name: string, ages: readonly number[]): void {
  unfinishedWork.set(
    { name },
    ages.reduce((sum, age) => sum + age, 0),
  )
  longestRunning.set({ name }, Math.max(0, ...ages))
}

export function showWatches({ watches, watchedObjects }: Metrics, reports: readonly ReflectorReport[]): void {
  for (const phase of PHASES) watches.set({ phase }, reports.filter(({ state }) => state.phase === phase).length)
  watchedObjects.set(reports.reduce((sum, { size }) => sum + size, 0))
}

const PHASES = ['Listing', 'Watching', 'Backoff', 'Forbidden', 'NotServed'] as const

function seconds(milliseconds: number): number
function seconds(milliseconds: number | undefined): number | undefined
function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000
}
