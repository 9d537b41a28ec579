import type { ConditionState } from '../api/conditions.ts'
import type { GitSyncStatus } from '../api/gitsync.ts'
import type { GitSync } from '../api/parse.ts'
import { isKubeError } from '../kube/errors.ts'
import type { KubeEvent } from '../kube/events.ts'
import { mergePatch, writeStatus } from '../kube/status.ts'
import { createWorkQueue } from '../kube/work-queue.ts'
import type { WorkQueue, WorkQueueMetrics } from '../kube/work-queue.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { compareVersions } from '../objects/resource-version.ts'
import type { PushedCommits } from '../push/push-attempt.ts'
import type { ReviewChange } from '../push/review/host-request.ts'
import type { GitSyncReport } from '../serve/gitsync-metrics.ts'
import { gitsyncRef } from '../serve/log.ts'
import { counted } from './counted.ts'
import type { Environment } from './environment.ts'
import { GITSYNCS } from './known-resources.ts'
import { findLeftOut, findProblems } from './problems.ts'
import { toConditions, toStatus } from './report.ts'
import type { Runtime } from './runtime.ts'
import type { Problem } from './step.ts'

/** Status is written this long after something happened, so that what happens together is written together. */
const REPORT_DELAY_MS = 100
/**
 * The tip of a branch alone is told so seldom, in milliseconds: a push by one GitSync moves it for all others that share
 * the branch.
 */
const TIP_ALONE_MS = 3_600_000

/** What a reconcile has found. */
export interface Finding {
  /** What ended it; undefined when nothing did. */
  readonly problem: Problem | undefined
  readonly partial: readonly Problem[]
  /** What `kind: "*"` stands for and is not read, in words. */
  readonly leftOut: readonly string[]
  readonly branch: string | undefined
}

const NOTHING: Finding = { problem: undefined, partial: [], leftOut: [], branch: undefined }

interface Reported {
  /** With its status as it was last written or seen. */
  object: KubernetesObject
  finding: Finding
  /** Of the condition Ready, as it was told last. */
  reason: string | undefined
  /** The foreign edits that an Event has told of. */
  drift: string | undefined
  /** As they were made up last. */
  states: readonly ConditionState[]
  /** When its status was written, or seen for the first time. */
  toldAt: number
}

export interface StatusReporterOptions {
  readonly environment: Pick<Environment, 'client' | 'clock' | 'events' | 'logger' | 'enqueue'>
  readonly random: () => number
  /** Of writing status. */
  readonly metrics?: WorkQueueMetrics | undefined
  /** GitSyncs at work, by name. */
  readonly runtimes: ReadonlyMap<string, Runtime>
}

/** Says in the status, in events and in the log how GitSyncs are doing. */
export class StatusReporter {
  readonly #options: StatusReporterOptions
  readonly #known = new Map<string, Reported>()
  readonly #queue: WorkQueue

  constructor(options: StatusReporterOptions) {
    this.#options = options
    const { environment, random, metrics } = options
    this.#queue = createWorkQueue({
      clock: environment.clock,
      random,
      backoff: { baseMs: 200, maxMs: 30_000 },
      ...(metrics === undefined ? {} : { metrics }),
    })
  }

  /** A GitSync as it is now. */
  seen(name: string, object: KubernetesObject): void {
    const known = this.#known.get(name)
    if (known === undefined) {
      const drift = shownDrift(object['status'] as GitSyncStatus | undefined)
      const toldAt = this.#options.environment.clock.now()
      this.#known.set(name, { object, finding: NOTHING, reason: undefined, drift, states: [], toldAt })
    } else known.object = later(known.object, object)
  }

  gone(name: string): void {
    this.#known.delete(name)
  }

  found(name: string, finding: Finding): void {
    const known = this.#known.get(name)
    if (known !== undefined) known.finding = finding
    this.report(name)
  }

  /** A reconcile could not be brought to its end, and is tried again. */
  failed(name: string, problem: Problem): void {
    const known = this.#known.get(name)
    if (known !== undefined) this.found(name, { ...known.finding, problem })
  }

  /** Writes a GitSync's status soon. */
  report(name: string): void {
    this.#queue.addAfter(name, REPORT_DELAY_MS)
  }

  pushed({ member, commits, created }: PushedCommits): void {
    const known = this.#known.get(member)
    if (known === undefined) return
    if (created) {
      const note = `branch ${known.finding.branch} did not exist and was created; if that was not meant, correct spec.repository.branch`
      this.emit(known.object, { type: 'Normal', reason: 'BranchCreated', action: 'Push', note })
    }
    const count = commits.length === 1 ? 'commit' : `${commits.length} commits up to`
    const note = `pushed ${count} ${commits.at(-1)?.slice(0, 12)}`
    this.emit(known.object, { type: 'Normal', reason: 'Pushed', action: 'Push', note })
  }

  /** A request for a review was opened, merged or closed. */
  reviewed({ members, kind, request, why }: ReviewChange): void {
    const { number, url, branch } = request
    for (const member of members) {
      const known = this.#known.get(member)
      if (known === undefined) continue
      const note = `request ${number ?? ''} of branch ${branch}${why === '' ? '' : `: ${why}`} ${url ?? ''}`.trim()
      this.emit(known.object, { type: 'Normal', reason: `PullRequest${kind}`, action: 'Review', note })
    }
  }

  /** Tells of something in an event about the object. */
  emit({ apiVersion, kind, metadata }: KubernetesObject, event: Omit<KubeEvent, 'regarding'>): void {
    const { namespace, name, uid } = metadata
    this.#options.environment.events.emit({ ...event, regarding: { apiVersion, kind, namespace, name, uid } })
  }

  /** Every GitSync, for metrics. */
  *reports(): Generator<GitSyncReport> {
    for (const [key, { states }] of this.#known) {
      yield { ...gitsyncRef(key), conditions: states, member: this.#options.runtimes.get(key)?.member }
    }
  }

  /** Ages of what is being written, in seconds. */
  running(): readonly number[] {
    return this.#queue.running()
  }

  /** Works until it is stopped. */
  async run(): Promise<void> {
    const { logger } = this.#options.environment
    await this.#queue.run((name) => this.#write(name), {
      concurrency: 4,
      onError: (gitsync, error) =>
        logger.warn({ gitsync: gitsyncRef(gitsync), error: String(error) }, 'cannot report, trying again'),
    })
  }

  /** Writes the last status of those at work, and then nothing any more. */
  async stop(): Promise<void> {
    for (const name of this.#options.runtimes.keys()) this.#queue.add(name)
    await this.#queue.shutdown({ drain: true })
  }

  async #write(name: string): Promise<void> {
    const known = this.#known.get(name)
    if (known === undefined) return
    const { client, clock, enqueue } = this.#options.environment
    const runtime = this.#options.runtimes.get(name)
    if (runtime?.member.hasLeft === true) enqueue(name)
    const { problem, partial, leftOut, branch } = known.finding
    const own = problem === undefined ? [] : [problem]
    const others = runtime === undefined ? partial : findProblems(runtime, partial)
    const problems = problem?.keepsWorking === true ? [...others, ...own] : [...own, ...others]
    const states = toConditions(problems, runtime?.member.status, findLeftOut(runtime, leftOut))
    const url = (known.object as Partial<GitSync>).spec?.repository?.url
    const status = toStatus(known.object, states, { branch, runtime, url }, clock.now())
    known.states = states
    this.#tellDrift(known, status)
    this.#tellReady(name, known)
    const now = clock.now()
    if (now - known.toldAt < TIP_ALONE_MS && isTipAlone(known.object, status)) return
    try {
      const written = await writeStatus(client, GITSYNCS, known.object, status)
      if (written === undefined) return
      known.object = later(known.object, written)
      known.toldAt = now
    } catch (error) {
      // Gone, or replaced by a namesake: another object's status.
      if (isKubeError(error, 'NotFound', 'Conflict')) return
      throw error
    }
  }

  #tellReady(name: string, known: Reported): void {
    const [ready] = known.states
    if (ready === undefined || ready.reason === known.reason) return
    const { status, reason, message: note } = ready
    this.#options.environment.logger.info({ gitsync: gitsyncRef(name), ready: status, reason }, note)
    if (status === 'False') this.emit(known.object, { type: 'Warning', reason, action: 'Reconcile', note })
    known.reason = reason
  }

  #tellDrift(known: Reported, status: GitSyncStatus): void {
    const { drift } = status
    const shown = shownDrift(status)
    if (drift === undefined || shown === known.drift) return
    known.drift = shown
    // Whoever has to decide is told by the condition.
    if (drift.outcome === 'Stalled') return
    const where = drift.commit === undefined ? '' : ` in ${drift.commit.slice(0, 12)}`
    const what = drift.outcome === 'Adopted' ? 'left alone until the object changes' : 'written over'
    const note = `${counted(drift.files, 'file', 'files')} changed in Git by somebody else${where}, ${what}`
    this.emit(known.object, { type: 'Warning', reason: `Drift${drift.outcome}`, action: 'Push', note })
  }
}

/** The watch may be slower than the answer to a write, or faster: what is compared with something old stays as it was. */
function later(known: KubernetesObject, told: KubernetesObject): KubernetesObject {
  const [before = '', after = ''] = [known.metadata.resourceVersion, told.metadata.resourceVersion]
  return (compareVersions(after, before) ?? 0) < 0 ? known : told
}

const shownDrift = (status: GitSyncStatus | undefined): string | undefined =>
  status?.drift && JSON.stringify(status.drift)

function isTipAlone({ status: before }: KubernetesObject, status: GitSyncStatus): boolean {
  const changed = Object.keys(mergePatch(before, { ...status }) ?? {})
  return changed.length === 1 && changed[0] === 'observedCommit'
}
