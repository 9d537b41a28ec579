import type { Logger } from 'pino'
import type { AuditedGitSync } from '../audit-page/audited.ts'
import { DashboardReporter } from '../controllers/dashboard-reporter.ts'
import { GrafanaAccess } from '../controllers/grafana/grafana-access.ts'
import { GitSyncController, MAX_RECONCILES } from '../controllers/gitsync-controller.ts'
import type { Environment } from '../controllers/environment.ts'
import { auditedGitSyncs } from '../controllers/audited-gitsyncs.ts'
import { watchDefinitions } from '../controllers/definition-changes.ts'
import { deletionProof } from '../controllers/deletion-proof.ts'
import { createNamespaceIndex } from '../controllers/namespace-index.ts'
import { followProviders, noProviders } from '../controllers/providers.ts'
import { watchPermissions } from '../controllers/permission-changes.ts'
import { secretConsents } from '../controllers/secret-consents.ts'
import type { KubeClient } from '../kube/client.ts'
import { GrafanaPool } from '../grafana/grafana-pool.ts'
import { createDiscovery } from '../kube/discovery.ts'
import { createEventRecorder } from '../kube/events.ts'
import { createReflectorPool } from '../kube/reflector-pool.ts'
import { branchKey } from '../plan/overlap.ts'
import { parseRepositoryAddress } from '../plan/repository-address.ts'
import { Budgets } from '../push/budget/budgets.ts'
import type { SharedWindow } from '../push/budget/shared-window.ts'
import type { AuthorRecords } from '../plan/authors/records.ts'
import { RepositoryPool } from '../push/repository-pool.ts'
import { SpoolBudget } from '../push/spool.ts'
import { Writers } from '../push/writers.ts'
import { showBudgets } from '../serve/budget-metrics.ts'
import { showGitSyncs, showRunning, showWatches } from '../serve/gitsync-metrics.ts'
import { HostLabels } from '../serve/host-labels.ts'
import { gitsyncRef } from '../serve/log.ts'
import { metricsByHost } from '../serve/metrics.ts'
import type { Metrics } from '../serve/metrics.ts'
import { apiObserver, gitObserver, grafanaObserver, pushObserver, queueObserver } from '../serve/observe.ts'
import type { PushNotice } from '../serve/push-notice.ts'
import type { Clock } from '../time/clock.ts'
import type { Tracer } from '../trace/tracer.ts'
import { VERSION } from '../version.ts'

export interface ReconcilingOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
  readonly metrics: Metrics
  readonly tracer: Tracer
  /** uid of the namespace kube-system. */
  readonly clusterId: string
  /** Default: all namespaces. */
  readonly namespaces: readonly string[] | undefined
  readonly allowPrivateHosts: boolean
  /** Nothing is asked for that Roles in `namespaces` cannot grant: no GitProviders, no kinds outside namespaces. */
  readonly rolesOnly: boolean
  /** Users whose `gitsync.dev/on-behalf-of` is believed. */
  readonly trustedAccounts: readonly string[]
  /** What admission and audit tell. */
  readonly records: AuthorRecords
  /** Whether audit events are taken. */
  readonly audit: boolean
  /** Whether other replicas tell of deletions. */
  readonly hearsReplicas: boolean
  /** This process, in Events. */
  readonly instance: string
  /** Counts requests to Git hosts together with other operators. Default: alone. */
  readonly sharedWindow?: SharedWindow | undefined
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
  collect(): Promise<void>
  /** Somebody has pushed to a Git host. */
  pushed(notice: PushNotice): void
  /** Every GitSync, for pages; undefined until they have been listed. */
  audited(): Iterable<AuditedGitSync> | undefined
  /** Goes on when `mayPush` says yes again. */
  resume(): void
  /** Pushes what is pending and writes the last status. @returns whether that was done in time */
  stop(): Promise<boolean>
}

/** Flushing ends after this long, so that a Pod ends within its grace period whatever the Git host does. */
const FLUSH_MS = 20_000

/** The API server sends audit events together, and waits for more of them: set `--audit-webhook-batch-max-wait` lower. */
const AUDIT_GRACE_MS = 3_000
/** Admission is told before the deletion happens, and a standby passes it on at once. */
const RELAY_GRACE_MS = 1_000

const CONTROLLER = 'gitsync'
const REPORTS = 'gitsync-status'
const DASHBOARDS = 'dashboard-status'

export function startReconciling(options: ReconcilingOptions): Reconciling {
  const { client, clock, random, logger, metrics, mayPush } = options
  const { tracer } = options
  const hosts = new HostLabels(metricsByHost(metrics))
  const pool = createReflectorPool(client, {
    // With a list of namespaces it may have Roles there and nothing for the cluster.
    mayBeWide: options.namespaces === undefined,
    onReconnect(reason) {
      metrics.watchRestarts.inc({ reason })
      logger.debug({ reason }, 'a watch begins again')
    },
    onHandlerError: (error) => logger.error({ error: describe(error) }, 'an object could not be taken in'),
  })
  const events = createEventRecorder(client, { instance: options.instance, logger })
  const providers = options.rolesOnly ? noProviders : followProviders(pool, logger, () => controller.enqueueAll())
  const writers = new Writers({
    clock,
    random,
    mayPush,
    tracer,
    observer: pushObserver(metrics, hosts, logger),
    onReview: (change) => {
      const { kind, request, members } = change
      logger.info({ gitsyncs: members.map(gitsyncRef), request: request.url, state: request.state }, `request ${kind}`)
      controller.reporter.reviewed(change)
    },
    onPush: (pushed) => {
      metrics.commits.inc(pushed.commits.length)
      for (const seenAt of pushed.seenAt) metrics.commitLag.observe(Math.max(0, clock.now() - seenAt) / 1000)
      const gitsync = gitsyncRef(pushed.member)
      if (pushed.created) logger.info({ gitsync }, 'the branch did not exist and was created')
      logger.info({ gitsync, commits: pushed.commits }, 'pushed')
      controller.reporter.pushed(pushed)
    },
  })
  const budgets = new Budgets({
    clock,
    shared: options.sharedWindow,
    onTurn: (host, seconds) => metrics.budgetWait.observe({ host: hosts.of(host) }, seconds),
    onRecovered(host) {
      logger.info({ host }, 'the Git host answers again')
      writers.recovered(host)
    },
  })
  const discovery = createDiscovery(client)
  const environment: Environment = {
    client,
    pool,
    discovery,
    proof: deletionProof(client, discovery, clock),
    events,
    labelled: createNamespaceIndex(pool, clock, (name) => controller.enqueue(name)),
    writers,
    repositories: new RepositoryPool({
      clock,
      budgets,
      userAgent: `git/gitsync-operator-${VERSION}`,
      onRequest: gitObserver({ metrics, hosts, logger, tracer, now: () => clock.now() }),
      onApiRequest: apiObserver(metrics, hosts, logger),
    }),
    budget: new SpoolBudget(),
    grafanas: new GrafanaAccess({
      random,
      pool: new GrafanaPool({
        clock,
        userAgent: `gitsync-operator/${VERSION}`,
        onRequest: grafanaObserver(metrics, hosts, logger),
      }),
    }),
    consents: secretConsents(client, pool, {
      rolesOnly: options.rolesOnly,
      changed: () => controller.enqueueAll(),
    }),
    clock,
    logger,
    tracer,
    clusterId: options.clusterId,
    namespaces: options.namespaces,
    allowPrivateHosts: options.allowPrivateHosts,
    rolesOnly: options.rolesOnly,
    trustedAccounts: new Set(options.trustedAccounts),
    records: options.records,
    late: {
      audit: options.audit,
      deletions: options.hearsReplicas,
      graceMs: options.audit ? AUDIT_GRACE_MS : RELAY_GRACE_MS,
    },
    providers: providers.valid,
    invalidProviders: providers.invalid,
    places: new Map(),
    enqueue: (name) => controller.enqueue(name),
    report(name) {
      controller.reporter.report(name)
      dashboards.report(name)
    },
  }
  const controller = new GitSyncController(environment, {
    random,
    metrics: queueObserver(metrics, CONTROLLER, true),
    reportMetrics: queueObserver(metrics, REPORTS, false),
  })
  const dashboards = new DashboardReporter({
    environment,
    random,
    metrics: queueObserver(metrics, DASHBOARDS, false),
    runtimeOf: (name) => controller.runtimeOf(name),
  })
  metrics.maxWorkers.set({ controller: CONTROLLER }, MAX_RECONCILES)
  watchPermissions(pool, clock, options, () => controller.enqueueAll())
  if (!options.rolesOnly) watchDefinitions(pool, clock, discovery, (groups) => controller.enqueueGroups(groups))
  return {
    get notReady() {
      if (providers.state !== 'listed') return `GitProviders cannot be listed yet: ${providers.state}`
      return controller.ready ? undefined : 'GitSyncs have not been listed yet'
    },
    // Before it is known what hosts are allowed to whom, nobody may write anywhere.
    ended: providers.listed.then(() => Promise.all([controller.run(), dashboards.run()])).then(() => undefined),
    async collect() {
      metrics.spoolBytes.set(environment.budget.used)
      const reconciles = controller.running()
      metrics.activeWorkers.set({ controller: CONTROLLER }, reconciles.length)
      showRunning(metrics, CONTROLLER, reconciles)
      showRunning(metrics, REPORTS, controller.reporter.running())
      showRunning(metrics, DASHBOARDS, dashboards.running())
      showWatches(metrics, pool.list())
      showGitSyncs(metrics, controller.reporter.reports(), clock.now())
      const named = controller.hosts()
      await hosts.keepOnly(named)
      showBudgets(metrics, hosts, {
        states: budgets.states().filter(({ host }) => named.has(host)),
        breakers: budgets.breakers().filter(({ host }) => named.has(host)),
        now: clock.now(),
      })
    },
    pushed({ urls, branches }) {
      const known = urls.filter((url) => parseRepositoryAddress(url) !== undefined)
      for (const url of known) for (const { branch, tip } of branches) writers.lookAt(branchKey({ url, branch }), tip)
    },
    audited() {
      if (!controller.ready) return undefined
      return auditedGitSyncs({
        objects: controller.objects(),
        runtimeOf: (name) => controller.runtimeOf(name),
        providers: providers.valid,
      })
    },
    resume: () => writers.resume(),
    async stop() {
      const deadline = Promise.withResolvers<boolean>()
      const cancel = clock.after(FLUSH_MS, () => deadline.resolve(false))
      const flushed = controller.stop(true).then(() => Promise.all([dashboards.stop(), events.flush()]))
      const isDone = await Promise.race([flushed.then(() => true), deadline.promise])
      cancel()
      await environment.repositories.close()
      await environment.grafanas?.close()
      return isDone
    },
  }
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
