import pino from 'pino'
import type { Environment } from '../controllers/environment.ts'
import { GitSyncController } from '../controllers/gitsync-controller.ts'
import { GITSYNCS, NAMESPACES } from '../controllers/known-resources.ts'
import { followProviders } from '../controllers/providers.ts'
import { watchPermissions } from '../controllers/permission-changes.ts'
import { createKubeClient } from '../kube/client.ts'
import type { KubeClient } from '../kube/client.ts'
import { loadConnection } from '../kube/connection.ts'
import { createDiscovery } from '../kube/discovery.ts'
import { createEventRecorder } from '../kube/events.ts'
import { createReflectorPool } from '../kube/reflector-pool.ts'
import { RepositoryPool } from '../push/repository-pool.ts'
import { SpoolBudget } from '../push/spool.ts'
import { Writers } from '../push/writers.ts'
import { serveAdmin } from '../serve/http.ts'
import { createMetrics } from '../serve/metrics.ts'
import type { Metrics } from '../serve/metrics.ts'
import { systemClock } from '../time/clock.ts'

export interface OperatorOptions {
  readonly kubeconfig?: string | undefined
  /** Default: all namespaces. */
  readonly namespaces?: readonly string[] | undefined
  /** `host:port` of `/healthz`, `/readyz` and `/metrics`. */
  readonly metrics: string
  readonly logLevel: string
  readonly allowPrivateHosts: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface RunningOperator {
  /** Of the admin server, as bound. */
  readonly address: string
  /** Pushes what is pending, writes the last status, and ends. */
  stop(): Promise<void>
}

/** Flushing ends after this long, so that a Pod ends within its grace period whatever the Git host does. */
const FLUSH_MS = 20_000

/** Starts the operator in this process. */
export async function startOperator(options: OperatorOptions): Promise<RunningOperator> {
  const logger = pino({ level: options.logLevel, base: null })
  const metrics = createMetrics()
  const clock = systemClock
  const random = Math.random
  const connection = await loadConnection({ kubeconfig: options.kubeconfig, env: options.env })
  const client = createKubeClient(connection, {
    onRequest: ({ method, status, host }) => metrics.restRequests.inc({ method, code: status, host }),
  })
  const pool = createReflectorPool(client, {
    onReconnect: (reason) => metrics.watchRestarts.inc({ reason }),
    onHandlerError: (error) => logger.error({ error: describe(error) }, 'an object could not be taken in'),
  })
  const discovery = createDiscovery(client)
  const events = createEventRecorder(client, {
    instance: options.env['HOSTNAME'] ?? `gitsync-operator-${process.pid}`,
    logger,
  })
  const providers = followProviders(pool, logger, () => controller.enqueueAll())
  const writers = new Writers({
    clock,
    random,
    onPush: (pushed) => {
      metrics.commits.inc(pushed.commits.length)
      logger.info({ gitsync: pushed.member, commits: pushed.commits }, 'pushed')
      controller.pushed(pushed)
    },
  })
  const environment: Environment = {
    client,
    pool,
    discovery,
    events,
    writers,
    repositories: new RepositoryPool({ userAgent: 'git/gitsync-operator-0.1', onRequest: gitMetrics(metrics) }),
    budget: new SpoolBudget(),
    clock,
    logger,
    clusterId: await readClusterId(client),
    namespaces: options.namespaces,
    allowPrivateHosts: options.allowPrivateHosts,
    providers: providers.valid,
    invalidProviders: providers.invalid,
    places: new Map(),
    enqueue: (name) => controller.enqueue(name),
    report: (name) => controller.report(name),
  }
  const controller = new GitSyncController(environment, { random, metrics: queueMetrics(metrics) })
  const admin = await serveAdmin({
    address: options.metrics,
    registry: metrics.registry,
    notReady: () => {
      if (providers.state !== 'listed') return `GitProviders cannot be listed yet: ${providers.state}`
      return controller.ready ? undefined : 'GitSyncs have not been listed yet'
    },
    collect: () => {
      metrics.spoolBytes.set(environment.budget.used)
      metrics.pending.set([...controller.runtimes.values()].reduce((sum, { member }) => sum + member.status.pending, 0))
    },
  })
  watchPermissions(pool, clock, options.namespaces, () => controller.enqueueAll())
  // Before it is known what hosts are allowed to whom, nobody may write anywhere.
  providers.listed
    .then(() => controller.run())
    .catch((error: unknown) => logger.fatal({ error: describe(error) }, 'reconciling has ended'))
  logger.info({ server: connection.server.host, metrics: admin.address }, 'gitsync-operator started')
  return {
    address: admin.address,
    async stop() {
      const deadline = Promise.withResolvers<void>()
      const cancel = clock.after(FLUSH_MS, deadline.resolve)
      await Promise.race([controller.stop(true).then(() => events.flush()), deadline.promise])
      cancel()
      await admin.close()
      await client.close()
      await environment.repositories.close()
      logger.info('gitsync-operator stopped')
    },
  }
}

/** Folders are claimed in its name: without one, two clusters could not be told apart. */
async function readClusterId(client: KubeClient): Promise<string> {
  const { uid } = (await client.get(NAMESPACES, undefined, 'kube-system')).metadata
  if (uid === undefined) throw new Error('the namespace kube-system has no uid, by which this cluster would be known')
  return uid
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
