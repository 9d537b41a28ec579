import type { Logger } from 'pino'
import { GitSyncController } from '../controllers/gitsync-controller.ts'
import type { Environment } from '../controllers/environment.ts'
import { GITSYNCS } from '../controllers/known-resources.ts'
import { followProviders, noProviders } from '../controllers/providers.ts'
import { watchPermissions } from '../controllers/permission-changes.ts'
import type { KubeClient } from '../kube/client.ts'
import { createDiscovery } from '../kube/discovery.ts'
import { createEventRecorder } from '../kube/events.ts'
import { createReflectorPool } from '../kube/reflector-pool.ts'
import { RepositoryPool } from '../push/repository-pool.ts'
import { SpoolBudget } from '../push/spool.ts'
import { Writers } from '../push/writers.ts'
import type { Metrics } from '../serve/metrics.ts'
import type { Clock } from '../time/clock.ts'

export interface ReconcilingOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
  readonly metrics: Metrics
  /** uid of the namespace kube-system. */
  readonly clusterId: string
  /** Default: all namespaces. */
  readonly namespaces: readonly string[] | undefined
  readonly allowPrivateHosts: boolean
  /** Nothing is asked for that Roles in `namespaces` cannot grant: no GitProviders, no kinds outside namespaces. */
  readonly rolesOnly: boolean
  /** This process, in Events. */
  readonly instance: string
  /** Whether this process may write to Git now. */
  readonly mayPush: () => boolean
}

/** All that watches GitSyncs and writes Git: there is at most one in a cluster. */
export interface Reconciling {
  /** What is missing; undefined when GitSyncs are being reconciled. */
  readonly notReady: string | undefined
  /** Rejects when reconciling ends otherwise than by `stop`. */
  readonly ended: Promise<void>
  /** Sets the metrics that are asked for rather than told. */
  collect(): void
  /** Goes on when `mayPush` says yes again. */
  resume(): void
  /** Pushes what is pending and writes the last status. @returns whether that was done in time */
  stop(): Promise<boolean>
}

/** Flushing ends after this long, so that a Pod ends within its grace period whatever the Git host does. */
const FLUSH_MS = 20_000

export function startReconciling(options: ReconcilingOptions): Reconciling {
  const { client, clock, random, logger, metrics, mayPush } = options
  const pool = createReflectorPool(client, {
    onReconnect: (reason) => metrics.watchRestarts.inc({ reason }),
    onHandlerError: (error) => logger.error({ error: describe(error) }, 'an object could not be taken in'),
  })
  const events = createEventRecorder(client, { instance: options.instance, logger })
  const providers = options.rolesOnly ? noProviders : followProviders(pool, logger, () => controller.enqueueAll())
  const writers = new Writers({
    clock,
    random,
    mayPush,
    onPush: (pushed) => {
      metrics.commits.inc(pushed.commits.length)
      logger.info({ gitsync: pushed.member, commits: pushed.commits }, 'pushed')
      controller.pushed(pushed)
    },
  })
  const environment: Environment = {
    client,
    pool,
    discovery: createDiscovery(client),
    events,
    writers,
    repositories: new RepositoryPool({ userAgent: 'git/gitsync-operator-0.1', onRequest: gitMetrics(metrics) }),
    budget: new SpoolBudget(),
    clock,
    logger,
    clusterId: options.clusterId,
    namespaces: options.namespaces,
    allowPrivateHosts: options.allowPrivateHosts,
    rolesOnly: options.rolesOnly,
    providers: providers.valid,
    invalidProviders: providers.invalid,
    places: new Map(),
    enqueue: (name) => controller.enqueue(name),
    report: (name) => controller.report(name),
  }
  const controller = new GitSyncController(environment, { random, metrics: queueMetrics(metrics) })
  watchPermissions(pool, clock, options, () => controller.enqueueAll())
  return {
    get notReady() {
      if (providers.state !== 'listed') return `GitProviders cannot be listed yet: ${providers.state}`
      return controller.ready ? undefined : 'GitSyncs have not been listed yet'
    },
    // Before it is known what hosts are allowed to whom, nobody may write anywhere.
    ended: providers.listed.then(() => controller.run()),
    collect() {
      metrics.spoolBytes.set(environment.budget.used)
      metrics.pending.set([...controller.runtimes.values()].reduce((sum, { member }) => sum + member.status.pending, 0))
    },
    resume: () => writers.resume(),
    async stop() {
      const deadline = Promise.withResolvers<boolean>()
      const cancel = clock.after(FLUSH_MS, () => deadline.resolve(false))
      const flushed = controller.stop(true).then(() => events.flush())
      const isDone = await Promise.race([flushed.then(() => true), deadline.promise])
      cancel()
      await environment.repositories.close()
      return isDone
    },
  }
}

function gitMetrics(metrics: Metrics): NonNullable<ConstructorParameters<typeof RepositoryPool>[0]['onRequest']> {
  return (host, { status, bytesSent, bytesReceived, milliseconds }) => {
    metrics.gitRequests.inc({ host, code: status })
    metrics.gitBytes.inc({ host, direction: 'sent' }, bytesSent)
    metrics.gitBytes.inc({ host, direction: 'received' }, bytesReceived)
    metrics.gitSeconds.observe({ host }, milliseconds / 1000)
  }
}

function queueMetrics(metrics: Metrics): NonNullable<ConstructorParameters<typeof GitSyncController>[1]['metrics']> {
  const labels = { name: GITSYNCS.plural }
  return {
    depth: (depth) => metrics.queueDepth.set(labels, depth),
    added: () => metrics.queueAdds.inc(labels),
    retried: () => metrics.queueRetries.inc(labels),
    queued: (seconds) => metrics.queueDuration.observe(labels, seconds),
    worked: (seconds) => metrics.workDuration.observe(labels, seconds),
  }
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
