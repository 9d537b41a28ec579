import type { ConditionState } from '../api/conditions.ts'
import type { GitSyncStatus } from '../api/gitsync.ts'
import type { GitSync } from '../api/parse.ts'
import type { Reason } from '../api/reasons.ts'
import { gitsyncRef } from '../serve/log.ts'
import type { GitSyncReport } from '../serve/gitsync-metrics.ts'
import { isKubeError } from '../kube/errors.ts'
import type { KubeEvent } from '../kube/events.ts'
import type { Subscription } from '../kube/reflector.ts'
import { writeStatus } from '../kube/status.ts'
import { createWorkQueue } from '../kube/work-queue.ts'
import type { WorkQueue, WorkQueueMetrics } from '../kube/work-queue.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { repositoryAddress } from '../plan/repository-address.ts'
import type { PushedCommits } from '../push/push-attempt.ts'
import type { ReviewChange } from '../push/review/host-request.ts'
import type { Environment } from './environment.ts'
import { GITSYNCS } from './known-resources.ts'
import { findLeftOut, findProblems, toConditions, toStatus } from './report.ts'
import type { Runtime } from './runtime.ts'
import { beginReconciliation, runSteps } from './step.ts'
import type { Problem, Reconciliation, Step } from './step.ts'
import { announceVersions } from './steps/announce-versions.ts'
import { authorise } from './steps/authorise.ts'
import { checkSpec, checkSuspended } from './steps/check-spec.ts'
import { claimPlace, neighboursOf } from './steps/claim-place.ts'
import { findProvider } from './steps/find-provider.ts'
import { holdDeletion, isEnding, isHeldBack, removeFiles, setFinalizer } from './steps/finalize.ts'
import { follow } from './steps/follow.ts'
import { handleRequests } from './steps/handle-requests.ts'
import { leaveFormerPlace } from './steps/leave.ts'
import { protect } from './steps/protect.ts'
import { readCredentials } from './steps/read-credentials.ts'
import { readAuthors } from './steps/read-authors.ts'
import { readSigning } from './steps/read-signing.ts'
import { resolveKinds } from './steps/resolve-kinds.ts'

/** Whether it may write to the host at all: whoever may not keeps nobody from a folder. */
const ADMISSION: readonly Step[] = [checkSpec, checkSuspended, findProvider, readCredentials]
const WORK: readonly Step[] = [
  claimPlace,
  holdDeletion,
  readSigning,
  readAuthors,
  leaveFormerPlace,
  resolveKinds,
  authorise,
  announceVersions,
  protect,
  follow,
  handleRequests,
]
/** Why the files of a GitSync that is being deleted cannot be removed, now or later: they stay, and it goes. */
const HOPELESS: readonly Reason[] = ['SecretNotFound', 'InvalidSpec', 'InvalidTemplate']

/** Permissions, Secrets and kinds are looked at again this often, in milliseconds. */
const RECHECK_MS = 60_000
const RECHECK_JITTER_MS = 5_000
/** Status is written this long after something happened, so that what happens together is written together. */
const REPORT_DELAY_MS = 100
/** GitSyncs that are reconciled at once. */
export const MAX_RECONCILES = 4

interface Known {
  object: KubernetesObject
  /** The status as last written or seen. */
  status: KubernetesObject
  problem: Problem | undefined
  partial: readonly Problem[]
  /** What `kind: "*"` stands for and is not read, in words. */
  leftOut: readonly string[]
  branch: string | undefined
  reason: string | undefined
  /** The foreign edits that an Event has told of. */
  drift: string | undefined
  /** As they were made up last. */
  states: readonly ConditionState[]
}

/** Brings every GitSync to what its spec says, and says in its status how far that is. */
export class GitSyncController {
  readonly #environment: Environment
  readonly #random: () => number
  readonly #known = new Map<string, Known>()
  readonly #runtimes = new Map<string, Runtime>()
  readonly #queue: WorkQueue
  readonly #reports: WorkQueue
  readonly #subscriptions: Subscription[] = []
  readonly #listed = new Set<string | undefined>()

  constructor(
    environment: Environment,
    options: {
      readonly random: () => number
      /** Of reconciling, and of writing status. */
      readonly metrics: WorkQueueMetrics
      readonly reportMetrics?: WorkQueueMetrics
    },
  ) {
    this.#environment = environment
    this.#random = options.random
    this.#queue = createWorkQueue({
      clock: environment.clock,
      random: options.random,
      metrics: options.metrics,
      backoff: { maxMs: RECHECK_MS },
    })
    this.#reports = createWorkQueue({
      clock: environment.clock,
      random: options.random,
      backoff: { baseMs: 200, maxMs: 30_000 },
      ...(options.reportMetrics === undefined ? {} : { metrics: options.reportMetrics }),
    })
  }

  /** GitSyncs have been listed. */
  get ready(): boolean {
    return this.#listed.size === (this.#environment.namespaces?.length ?? 1)
  }

  /** Every GitSync, for metrics. */
  *reports(): Generator<GitSyncReport> {
    for (const [key, { states }] of this.#known) {
      yield { ...gitsyncRef(key), conditions: states, member: this.#runtimes.get(key)?.member }
    }
  }

  /** Git hosts that GitSyncs name. */
  hosts(): ReadonlySet<string> {
    const urls = [...this.#runtimes.values()].map(({ connection }) => connection?.repository.url)
    return new Set(urls.filter((url) => url !== undefined).map((url) => repositoryAddress(url).host))
  }

  /** Ages of what is being worked on, in seconds. */
  running(): { readonly reconciles: readonly number[]; readonly reports: readonly number[] } {
    return { reconciles: this.#queue.running(), reports: this.#reports.running() }
  }

  enqueue(name: string): void {
    this.#queue.add(name)
  }

  enqueueAll(): void {
    for (const name of this.#known.keys()) this.#queue.add(name)
  }

  /** Those that select of one of these API groups, by name or by `*`. */
  enqueueGroups(groups: ReadonlySet<string>): void {
    for (const [name, { object }] of this.#known) {
      const { resources = [] } = (object as Partial<GitSync>).spec ?? {}
      if (resources.some(({ group }) => group === '*' || groups.has(group))) this.#queue.add(name)
    }
  }

  report(name: string): void {
    this.#reports.addAfter(name, REPORT_DELAY_MS)
  }

  /** Works until it is stopped. */
  async run(): Promise<void> {
    const { logger, namespaces } = this.#environment
    for (const namespace of namespaces ?? [undefined]) {
      const subscription = this.#environment.pool.subscribe(GITSYNCS, namespace, {
        onObject: (object) => this.#seen(object),
        onDelete: (object) => this.#gone(keyOf(object)),
        onSynced: ({ vanished }) => {
          for (const key of vanished) this.#gone(key)
          this.#listed.add(namespace)
        },
      })
      this.#subscriptions.push(subscription)
    }
    const onError = (gitsync: string, error: unknown): void => {
      logger.warn({ gitsync: gitsyncRef(gitsync), error: String(error) }, 'reconcile failed, trying again')
      const known = this.#known.get(gitsync)
      if (known === undefined) return
      known.problem = toProblem(error)
      this.report(gitsync)
    }
    await Promise.all([
      this.#queue.run((name) => this.#reconcile(name), { concurrency: MAX_RECONCILES, onError }),
      this.#reports.run((name) => this.#writeReport(name), {
        concurrency: 4,
        onError: (gitsync, error) =>
          logger.warn({ gitsync: gitsyncRef(gitsync), error: String(error) }, 'cannot report, trying again'),
      }),
    ])
  }

  /** Ends reconciling; pushes what is pending when asked to, and writes the last status. */
  async stop(flush: boolean): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.close()
    await this.#queue.shutdown({ drain: false })
    await this.#environment.writers.stop(flush)
    for (const name of this.#runtimes.keys()) this.#reports.add(name)
    await this.#reports.shutdown({ drain: true })
    for (const runtime of this.#runtimes.values()) runtime.close()
  }

  pushed({ member, commits, created }: PushedCommits): void {
    const known = this.#known.get(member)
    if (known === undefined) return
    if (created) {
      const note = `branch ${known.branch} did not exist and was created; if that was not meant, correct spec.repository.branch`
      this.#emit(known.object, { type: 'Normal', reason: 'BranchCreated', action: 'Push', note })
    }
    const count = commits.length === 1 ? 'commit' : `${commits.length} commits up to`
    const note = `pushed ${count} ${commits.at(-1)?.slice(0, 12)}`
    this.#emit(known.object, { type: 'Normal', reason: 'Pushed', action: 'Push', note })
  }

  /** A request for a review was opened, merged or closed. */
  reviewed({ members, kind, request, why }: ReviewChange): void {
    const { number, url, branch } = request
    for (const member of members) {
      const known = this.#known.get(member)
      if (known === undefined) continue
      const note = `request ${number ?? ''} of branch ${branch}${why === '' ? '' : `: ${why}`} ${url ?? ''}`.trim()
      this.#emit(known.object, { type: 'Normal', reason: `PullRequest${kind}`, action: 'Review', note })
    }
  }

  #seen(object: KubernetesObject): void {
    const name = keyOf(object)
    const known = this.#known.get(name)
    if (known !== undefined && known.object.metadata.uid !== object.metadata.uid) this.#gone(name)
    const before = this.#known.get(name)
    if (before === undefined) {
      this.#known.set(name, {
        object,
        status: object,
        problem: undefined,
        partial: [],
        leftOut: [],
        branch: undefined,
        reason: undefined,
        drift: shownDrift(object),
        states: [],
      })
      this.#queue.add(name)
      return
    }
    const changed =
      before.object.metadata.generation !== object.metadata.generation ||
      isEnding(before.object) !== isEnding(object) ||
      JSON.stringify(before.object.metadata.annotations) !== JSON.stringify(object.metadata.annotations)
    before.object = object
    before.status = object
    if (changed) this.#queue.add(name)
  }

  #gone(name: string): void {
    this.#known.delete(name)
    this.#environment.labelled.forget(name)
    this.#closeRuntime(name)
    this.#leavePlace(name)
  }

  #closeRuntime(name: string): void {
    this.#runtimes.get(name)?.close()
    this.#runtimes.delete(name)
  }

  #leavePlace(name: string): void {
    const { places } = this.#environment
    const place = places.get(name)
    places.delete(name)
    if (place !== undefined) for (const neighbour of neighboursOf(place, places)) this.#queue.add(neighbour)
  }

  async #reconcile(name: string): Promise<{ requeueAfterMs: number } | undefined> {
    const known = this.#known.get(name)
    if (known === undefined) return undefined
    const { object } = known
    if (this.#runtimes.get(name)?.uid !== object.metadata.uid) this.#closeRuntime(name)
    const run = beginReconciliation({ environment: this.#environment, name, object, runtimes: this.#runtimes })
    if (isEnding(object) && !isHeldBack(object)) {
      this.#closeRuntime(name)
      return undefined
    }
    const refusal = await runSteps(run, ADMISSION)
    const problem = refusal ?? (await runSteps(run, isEnding(object) ? [readSigning, removeFiles] : WORK))
    if (isEnding(object) && problem !== undefined && HOPELESS.includes(problem.reason)) await this.#letGo(run, problem)
    if (this.#known.get(name) !== known) {
      // Deleted, or replaced by a namesake, while the steps ran: what they started is not wanted any more.
      if (this.#runtimes.get(name)?.uid === object.metadata.uid) this.#closeRuntime(name)
      if (this.#environment.places.get(name)?.id === object.metadata.uid) this.#leavePlace(name)
      return undefined
    }
    // Whoever may not go on stops at once; what it has not written yet is found again by comparison.
    if (problem !== undefined && problem.keepsWorking !== true) this.#closeRuntime(name)
    if (refusal !== undefined) this.#leavePlace(name)
    known.problem = problem
    known.partial = run.problems
    known.leftOut = run.leftOut
    known.branch = run.branch === '' ? undefined : run.branch
    this.report(name)
    return { requeueAfterMs: RECHECK_MS + this.#random() * RECHECK_JITTER_MS }
  }

  /** A GitSync that is being deleted keeps nobody waiting for what cannot be had any more. */
  async #letGo(run: Reconciliation, { message }: Problem): Promise<void> {
    const note = `the files stay in Git, although deletionPolicy is Remove: ${message}`
    this.#emit(run.object, { type: 'Warning', reason: 'FilesKept', action: 'Delete', note })
    this.#environment.logger.warn({ gitsync: gitsyncRef(run.name) }, note)
    await setFinalizer(run, false)
  }

  async #writeReport(name: string): Promise<void> {
    const known = this.#known.get(name)
    if (known === undefined) return
    const { client, clock, logger } = this.#environment
    const runtime = this.#runtimes.get(name)
    if (runtime?.member.hasLeft === true) this.#queue.add(name)
    const own = known.problem === undefined ? [] : [known.problem]
    const others = runtime === undefined ? known.partial : findProblems(runtime, known.partial)
    const problems = known.problem?.keepsWorking === true ? [...others, ...own] : [...own, ...others]
    const states = toConditions(problems, runtime?.member.status, findLeftOut(runtime, known.leftOut))
    const url = (known.object as Partial<GitSync>).spec?.repository?.url
    const status = toStatus(known.status, states, { branch: known.branch, runtime, url }, clock.now())
    known.states = states
    this.#tellDrift(known, status)
    const [ready] = states
    if (ready !== undefined && ready.reason !== known.reason) {
      logger.info({ gitsync: gitsyncRef(name), ready: ready.status, reason: ready.reason }, ready.message)
      if (ready.status === 'False') {
        const { reason, message: note } = ready
        this.#emit(known.object, { type: 'Warning', reason, action: 'Reconcile', note })
      }
      known.reason = ready.reason
    }
    try {
      const written = await writeStatus(client, GITSYNCS, known.status, status)
      if (written !== undefined) known.status = written
    } catch (error) {
      // Gone, or replaced by a namesake: another object's status.
      if (isKubeError(error, 'NotFound', 'Conflict')) return
      throw error
    }
  }

  #tellDrift(known: Known, { drift }: GitSyncStatus): void {
    const shown = drift && JSON.stringify(drift)
    if (drift === undefined || shown === known.drift) return
    known.drift = shown
    // Whoever has to decide is told by the condition.
    if (drift.outcome === 'Stalled') return
    const what = drift.outcome === 'Adopted' ? 'are left as they are until their objects change' : 'were written over'
    const where = drift.commit === undefined ? '' : ` in ${drift.commit.slice(0, 12)}`
    const note = `${drift.files} files that somebody else has changed in Git${where} ${what}`
    this.#emit(known.object, { type: 'Warning', reason: `Drift${drift.outcome}`, action: 'Push', note })
  }

  #emit({ apiVersion, kind, metadata }: KubernetesObject, event: Omit<KubeEvent, 'regarding'>): void {
    const { namespace, name, uid } = metadata
    this.#environment.events.emit({ ...event, regarding: { apiVersion, kind, namespace, name, uid } })
  }
}

const shownDrift = (object: KubernetesObject): string | undefined => {
  const { drift } = (object['status'] ?? {}) as GitSyncStatus
  return drift && JSON.stringify(drift)
}

/** What a step could not answer. */
function toProblem(error: unknown): Problem {
  if (isKubeError(error, 'Forbidden'))
    return { reason: 'Forbidden', message: `the operator's account lacks a permission: ${error.message}` }
  return { reason: isKubeError(error) ? 'ClusterUnavailable' : 'InternalError', message: String(error) }
}

const keyOf = ({ metadata }: KubernetesObject): string => `${metadata.namespace ?? ''}/${metadata.name}`
