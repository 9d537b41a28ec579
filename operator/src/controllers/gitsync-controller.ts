import type { GitSync } from '../api/parse.ts'
import type { Reason } from '../api/reasons.ts'
import { gitsyncRef } from '../serve/log.ts'
import { isKubeError } from '../kube/errors.ts'
import type { Subscription } from '../kube/reflector.ts'
import { createWorkQueue } from '../kube/work-queue.ts'
import type { WorkQueue, WorkQueueMetrics } from '../kube/work-queue.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { repositoryAddress } from '../plan/repository-address.ts'
import type { Environment } from './environment.ts'
import { DASHBOARDS, GITSYNCS } from './known-resources.ts'
import type { Runtime } from './runtime.ts'
import { StatusReporter } from './status-reporter.ts'
import { beginReconciliation, runSteps } from './step.ts'
import type { Problem, Reconciliation, Step } from './step.ts'
import { announceVersions } from './steps/announce-versions.ts'
import { authorise } from './steps/authorise.ts'
import { authoriseDashboards } from './steps/authorise-dashboards.ts'
import { checkSpec, checkSuspended } from './steps/check-spec.ts'
import { claimPlace, neighboursOf } from './steps/claim-place.ts'
import { findProvider } from './steps/find-provider.ts'
import { holdDeletion, isEnding, isHeldBack, removeFiles, setFinalizer } from './steps/finalize.ts'
import { follow } from './steps/follow.ts'
import { handleRequests } from './steps/handle-requests.ts'
import { leaveFormerPlace } from './steps/leave.ts'
import { protect } from './steps/protect.ts'
import { readDashboards } from './steps/read-dashboards.ts'
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
  readDashboards,
  announceVersions,
  protect,
  follow,
  authoriseDashboards,
  handleRequests,
]
/** Why the files of a GitSync that is being deleted cannot be removed, now or later: they stay, and it goes. */
const HOPELESS: readonly Reason[] = ['SecretNotFound', 'InvalidSpec', 'InvalidTemplate']

/** Permissions, Secrets and kinds are looked at again this often, in milliseconds. */
const RECHECK_MS = 60_000
const RECHECK_JITTER_MS = 5_000
/** GitSyncs that are reconciled at once. */
export const MAX_RECONCILES = 4

/** Brings every GitSync to what its spec says. */
export class GitSyncController {
  /** Says how far they are. */
  readonly reporter: StatusReporter
  readonly #environment: Environment
  readonly #random: () => number
  /** Every GitSync, as it was seen last. */
  readonly #objects = new Map<string, KubernetesObject>()
  readonly #runtimes = new Map<string, Runtime>()
  readonly #queue: WorkQueue
  readonly #subscriptions: Subscription[] = []
  readonly #listed = new Set<string | undefined>()

  constructor(
    environment: Environment,
    options: {
      readonly random: () => number
      /** Of reconciling. */
      readonly metrics: WorkQueueMetrics
      /** Of writing status. */
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
    this.reporter = new StatusReporter({
      environment,
      random: options.random,
      metrics: options.reportMetrics,
      runtimes: this.#runtimes,
    })
  }

  /** GitSyncs have been listed. */
  get ready(): boolean {
    return this.#listed.size === (this.#environment.namespaces?.length ?? 1)
  }

  /** Hosts that GitSyncs and their Dashboards name. */
  hosts(): ReadonlySet<string> {
    const runtimes = [...this.#runtimes.values()]
    const urls = runtimes.map(({ connection }) => connection?.repository.url)
    return new Set([
      ...urls.filter((url) => url !== undefined).map((url) => repositoryAddress(url).host),
      ...runtimes.flatMap((runtime) => runtime.grafanaHosts()),
    ])
  }

  /** Every GitSync as it was seen last, with its status. */
  objects(): Iterable<KubernetesObject> {
    return this.#objects.values()
  }

  /** Ages of what is being reconciled, in seconds. */
  running(): readonly number[] {
    return this.#queue.running()
  }

  /** A GitSync at work. */
  runtimeOf(name: string): Runtime | undefined {
    return this.#runtimes.get(name)
  }

  enqueue(name: string): void {
    this.#queue.add(name)
  }

  enqueueAll(): void {
    for (const name of this.#objects.keys()) this.#queue.add(name)
  }

  /** Those that select of one of these API groups, by name or by `*`; every one may have Dashboards. */
  enqueueGroups(groups: ReadonlySet<string>): void {
    if (groups.has(DASHBOARDS.group)) this.enqueueAll()
    for (const [name, object] of this.#objects) {
      const { resources = [] } = (object as Partial<GitSync>).spec ?? {}
      if (resources.some(({ group }) => group === '*' || groups.has(group))) this.#queue.add(name)
    }
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
      this.reporter.failed(gitsync, toProblem(error))
    }
    await Promise.all([
      this.#queue.run((name) => this.#reconcile(name), { concurrency: MAX_RECONCILES, onError }),
      this.reporter.run(),
    ])
  }

  /** Ends reconciling; pushes what is pending when asked to, and writes the last status. */
  async stop(flush: boolean): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.close()
    await this.#queue.shutdown({ drain: false })
    await this.#environment.writers.stop(flush)
    await this.reporter.stop()
    for (const runtime of this.#runtimes.values()) runtime.close()
  }

  #seen(object: KubernetesObject): void {
    const name = keyOf(object)
    if ((this.#objects.get(name) ?? object).metadata.uid !== object.metadata.uid) this.#gone(name)
    const before = this.#objects.get(name)
    this.#objects.set(name, object)
    this.reporter.seen(name, object)
    const isChanged =
      before === undefined ||
      before.metadata.generation !== object.metadata.generation ||
      isEnding(before) !== isEnding(object) ||
      JSON.stringify(before.metadata.annotations) !== JSON.stringify(object.metadata.annotations)
    if (isChanged) this.#queue.add(name)
  }

  #gone(name: string): void {
    this.#objects.delete(name)
    this.reporter.gone(name)
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
    const object = this.#objects.get(name)
    if (object === undefined) return undefined
    if (this.#runtimes.get(name)?.uid !== object.metadata.uid) this.#closeRuntime(name)
    const run = beginReconciliation({ environment: this.#environment, name, object, runtimes: this.#runtimes })
    if (isEnding(object) && !isHeldBack(object)) {
      this.#closeRuntime(name)
      return undefined
    }
    const refusal = await runSteps(run, ADMISSION)
    const problem = refusal ?? (await runSteps(run, isEnding(object) ? [readSigning, removeFiles] : WORK))
    if (isEnding(object) && problem !== undefined && HOPELESS.includes(problem.reason)) await this.#letGo(run, problem)
    if (this.#objects.get(name)?.metadata.uid !== object.metadata.uid) {
      // Deleted, or replaced by a namesake, while the steps ran: what they started is not wanted any more.
      if (this.#runtimes.get(name)?.uid === object.metadata.uid) this.#closeRuntime(name)
      if (this.#environment.places.get(name)?.id === object.metadata.uid) this.#leavePlace(name)
      return undefined
    }
    // Whoever may not go on stops at once; what it has not written yet is found again by comparison.
    if (problem !== undefined && problem.keepsWorking !== true) this.#closeRuntime(name)
    if (refusal !== undefined) this.#leavePlace(name)
    this.reporter.found(name, {
      problem,
      partial: run.problems,
      leftOut: run.leftOut,
      branch: run.branch === '' ? undefined : run.branch,
    })
    return { requeueAfterMs: RECHECK_MS + this.#random() * RECHECK_JITTER_MS }
  }

  /** A GitSync that is being deleted keeps nobody waiting for what cannot be had any more. */
  async #letGo(run: Reconciliation, { message }: Problem): Promise<void> {
    const note = `the files stay in Git, although deletionPolicy is Remove: ${message}`
    this.reporter.emit(run.object, { type: 'Warning', reason: 'FilesKept', action: 'Delete', note })
    this.#environment.logger.warn({ gitsync: gitsyncRef(run.name) }, note)
    await setFinalizer(run, false)
  }
}

/** What a step could not answer. */
function toProblem(error: unknown): Problem {
  if (isKubeError(error, 'Forbidden'))
    return { reason: 'Forbidden', message: `the operator's account lacks a permission: ${error.message}` }
  return { reason: isKubeError(error) ? 'ClusterUnavailable' : 'InternalError', message: String(error) }
}

const keyOf = ({ metadata }: KubernetesObject): string => `${metadata.namespace ?? ''}/${metadata.name}`
