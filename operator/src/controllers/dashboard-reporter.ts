import { setConditions } from '../api/conditions.ts'
import type { Condition } from '../api/conditions.ts'
import type { DashboardStatus } from '../api/dashboard.ts'
import type { GitSyncStatus } from '../api/gitsync.ts'
import { isKubeError } from '../kube/errors.ts'
import type { Subscription } from '../kube/reflector.ts'
import { writeStatus } from '../kube/status.ts'
import { createWorkQueue } from '../kube/work-queue.ts'
import type { WorkQueue, WorkQueueMetrics, WorkResult } from '../kube/work-queue.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { findDashboard } from './dashboard-finding.ts'
import type { NamedSync } from './dashboard-finding.ts'
import type { Environment } from './environment.ts'
import { DASHBOARDS, GITSYNCS } from './known-resources.ts'
import { syncOf } from './render-dashboard.ts'
import type { Runtime } from './runtime.ts'

/** Status is written this long after something happened, so that what happens together is written together. */
const REPORT_DELAY_MS = 100
/** Audit and admission may tell later who changed it, and only then it is taken in; in milliseconds. */
const NEW_MS = 5_000

interface Known {
  /** Without what makes it large; its status as it was last written or seen. */
  object: KubernetesObject
  /** namespace/name of the GitSync that it names. */
  readonly sync: string
  /** When this generation of it was seen first, milliseconds since the epoch. */
  readonly since: number
}

export interface DashboardReporterOptions {
  readonly environment: Pick<Environment, 'client' | 'clock' | 'logger' | 'pool' | 'namespaces'>
  readonly random: () => number
  readonly metrics: WorkQueueMetrics
  /** A GitSync at work, by namespace/name. */
  readonly runtimeOf: (name: string) => Runtime | undefined
}

/** Says in the status of each Dashboard what has become of it. That they are written is the work of the GitSyncs. */
export class DashboardReporter {
  readonly #options: DashboardReporterOptions
  readonly #known = new Map<string, Known>()
  /** Condition Ready of every GitSync. */
  readonly #syncs = new Map<string, NonNullable<NamedSync['ready']>>()
  /** Dashboards by the GitSync that they name. */
  readonly #bySync = new Map<string, Set<string>>()
  readonly #queue: WorkQueue
  readonly #subscriptions: Subscription[] = []
  /** Where GitSyncs have been listed. */
  readonly #listed = new Set<string | undefined>()

  constructor(options: DashboardReporterOptions) {
    this.#options = options
    const { environment, random, metrics } = options
    this.#queue = createWorkQueue({
      clock: environment.clock,
      random,
      metrics,
      backoff: { baseMs: 200, maxMs: 30_000 },
    })
  }

  /** Something has become of what a GitSync writes. */
  report(sync: string): void {
    for (const name of this.#bySync.get(sync) ?? []) this.#queue.addAfter(name, REPORT_DELAY_MS)
  }

  /** Ages of what is being written, in seconds. */
  running(): readonly number[] {
    return this.#queue.running()
  }

  /** Works until it is stopped. */
  async run(): Promise<void> {
    const { pool, namespaces, logger } = this.#options.environment
    for (const namespace of namespaces ?? [undefined]) {
      this.#subscriptions.push(
        pool.subscribe(GITSYNCS, namespace, {
          onObject: (object) => this.#syncSeen(object),
          onDelete: (object) => this.#syncGone(nameOf(object)),
          onSynced: ({ vanished }) => {
            for (const name of vanished) this.#syncGone(name)
            this.#listed.add(namespace)
          },
        }),
        pool.subscribe(DASHBOARDS, namespace, {
          onObject: (object) => this.#seen(object),
          onDelete: (object) => this.#gone(nameOf(object)),
          onSynced: ({ vanished }) => {
            for (const name of vanished) this.#gone(name)
          },
        }),
      )
    }
    await this.#queue.run((name) => this.#write(name), {
      concurrency: 4,
      onError: (dashboard, error) =>
        logger.warn({ dashboard, error: String(error) }, 'cannot report on a Dashboard, trying again'),
    })
  }

  /** Writes what is due, and then nothing any more. */
  async stop(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.close()
    await this.#queue.shutdown({ drain: true })
  }

  #syncSeen(object: KubernetesObject): void {
    const name = nameOf(object)
    const { conditions = [] } = (object['status'] ?? {}) as GitSyncStatus
    const { status = 'Unknown', reason = '' } = conditions.find(({ type }) => type === 'Ready') ?? {}
    this.#syncs.set(name, { status, reason })
    this.report(name)
  }

  #syncGone(name: string): void {
    this.#syncs.delete(name)
    this.report(name)
  }

  #seen(object: KubernetesObject): void {
    const name = nameOf(object)
    const sync = syncOf(object) ?? ''
    const before = this.#known.get(name)
    const { generation, uid } = object.metadata
    const isSame = before?.object.metadata.uid === uid && before?.object.metadata.generation === generation
    const since = isSame && before !== undefined ? before.since : this.#options.environment.clock.now()
    if (before !== undefined) this.#unlink(name, before.sync)
    const named = this.#bySync.get(sync) ?? new Set()
    this.#bySync.set(sync, named.add(name))
    this.#known.set(name, { object: withoutSource(object), sync, since })
    this.#queue.addAfter(name, REPORT_DELAY_MS)
  }

  #gone(name: string): void {
    const known = this.#known.get(name)
    if (known === undefined) return
    this.#known.delete(name)
    this.#unlink(name, known.sync)
  }

  #unlink(name: string, sync: string): void {
    const named = this.#bySync.get(sync)
    named?.delete(name)
    if (named?.size === 0) this.#bySync.delete(sync)
  }

  async #write(name: string): Promise<WorkResult> {
    const known = this.#known.get(name)
    if (known === undefined) return undefined
    const { environment, runtimeOf } = this.#options
    // Before that nobody knows which of them exist.
    if (this.#listed.size < (environment.namespaces?.length ?? 1)) return { requeueAfterMs: REPORT_DELAY_MS }
    const { client, clock } = environment
    const { object, sync, since } = known
    const named = { name: sync.slice(sync.indexOf('/') + 1), ready: this.#syncs.get(sync), runtime: runtimeOf(sync) }
    const age = clock.now() - since
    const finding = findDashboard(object, named, age < NEW_MS)
    if (finding === undefined) return { requeueAfterMs: REPORT_DELAY_MS }
    const before = (object['status'] ?? {}) as DashboardStatus
    const { generation = 0 } = object.metadata
    const previous: readonly Condition[] = before.conditions ?? []
    const isUnderWay = finding.states.some(({ reason }) => reason === 'Progressing')
    const ready = previous.find(({ type }) => type === 'Ready')
    // Every start of the operator compares anew what is in Git already.
    const isKept = isUnderWay && ready?.status === 'True' && ready.observedGeneration === generation
    const now = new Date(clock.now()).toISOString().replace(/\.\d{3}Z$/, 'Z')
    // It says one or the other, and what was said before while nothing new is known.
    const { files, failed, problems, ...one } = before
    const status = {
      ...(finding.many === undefined ? { ...one, ...finding.file } : {}),
      ...(finding.file === undefined ? { files, failed, problems, ...finding.many } : {}),
      observedGeneration: generation,
      conditions: [...setConditions(previous, finding.states, { now, generation })],
    }
    try {
      const written = isKept ? undefined : await writeStatus(client, DASHBOARDS, object, status)
      // A watch that was faster tells more.
      if (written !== undefined && this.#known.get(name)?.object === object) known.object = withoutSource(written)
    } catch (error) {
      // Gone, or replaced by a namesake: another object's status.
      if (!isKubeError(error, 'NotFound', 'Conflict')) throw error
    }
    return isUnderWay && age < NEW_MS ? { requeueAfterMs: NEW_MS - age } : undefined
  }
}

const nameOf = ({ metadata }: KubernetesObject): string => `${metadata.namespace ?? ''}/${metadata.name}`

/** There may be thousands, of a megabyte each. */
function withoutSource({ apiVersion, kind, metadata, ...rest }: KubernetesObject): KubernetesObject {
  const { name, namespace = '', uid = '', resourceVersion = '', generation = 0 } = metadata
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion, generation },
    status: rest['status'],
  }
}
