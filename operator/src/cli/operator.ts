import { hostname, totalmem } from 'node:os'
import type { Logger } from 'pino'
import { createKubeClient } from '../kube/client.ts'
import { loadConnection } from '../kube/connection.ts'
import { isKubeError } from '../kube/errors.ts'
import { Lease } from '../kube/lease.ts'
import type { LeaseEvents } from '../kube/lease.ts'
import { defaultIdentity, defaultLeaseName } from '../kube/lease-defaults.ts'
import { connectSharedWindow } from '../push/budget/shared-window.ts'
import { AuthorRecords } from '../plan/authors/records.ts'
import { doorsAt } from '../replicas/holder.ts'
import type { Holder } from '../replicas/holder.ts'
import { relayPush } from '../replicas/push-relay.ts'
import { startAuditPage } from '../audit-page/start-audit-page.ts'
import type { AuditPageOptions } from '../audit-page/start-audit-page.ts'
import { serveAdmin } from '../serve/admin.ts'
import { serveMetrics } from '../serve/http.ts'
import type { Readiness } from '../serve/http.ts'
import { createLogger } from '../serve/log.ts'
import { createMetrics } from '../serve/metrics.ts'
import { restObserver } from '../serve/observe.ts'
import { servePushHooks } from '../serve/push-hooks.ts'
import { createTracer } from '../serve/tracing.ts'
import { systemClock } from '../time/clock.ts'
import { startWebhook } from '../webhook/webhook.ts'
import type { WebhookOptions } from '../webhook/webhook.ts'
import { VERSION } from '../version.ts'
import { readClusterId } from './cluster-id.ts'
import { startReconciling } from './reconciling.ts'
import type { Reconciling } from './reconciling.ts'

export interface OperatorOptions {
  readonly kubeconfig?: string | undefined
  /** Default: all namespaces. */
  readonly namespaces?: readonly string[] | undefined
  /** `host:port` of `/healthz`, `/readyz` and `/metrics`. */
  readonly metrics: string
  /** `host:port` of `/log-level` and `/profile`. Default: not served. */
  readonly admin?: string | undefined
  /** Whether heap snapshots are given there. Default false. */
  readonly adminHeapSnapshots?: boolean
  /** `host:port` of `/push`, for webhooks of Git hosts. Default: not served. */
  readonly pushHooks?: string | undefined
  /** Holds the secret of the webhooks. */
  readonly pushHookSecretFile?: string | undefined
  /** The page with the history. Default: not served. */
  readonly auditPage?: AuditPageOptions | undefined
  readonly logLevel: string
  /** URL of the Redis in which several operators count requests together. Default: each counts alone. */
  readonly budgetRedis?: string | undefined
  readonly allowPrivateHosts: boolean
  /** Nothing is asked for that Roles in `namespaces` and in kube-system cannot grant. */
  readonly rolesOnly: boolean
  /** Users whose `gitsync.dev/on-behalf-of` is believed. Default: none. */
  readonly trustedAccounts?: readonly string[]
  /** Where the API server asks. Default: not served. */
  readonly webhook?: WebhookOptions | undefined
  /** IP address at which other replicas reach this one. Default: none does. */
  readonly advertiseAddress?: string | undefined
  /** Who this process is in the lease. Default `<HOSTNAME of env or the host's name>_<process id>`. */
  readonly identity?: string | undefined
  /** Default: the namespace of the connection. */
  readonly leaseNamespace?: string | undefined
  /** Default `gitsync-operator`, with a suffix for the set of `namespaces` if there is one. */
  readonly leaseName?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface RunningOperator {
  /** Of metrics and health, as bound. */
  readonly address: string
  /** Resolves, when the reason is logged, if the process has to end at once and not with 0: the lease is lost or cannot be had. */
  readonly failed: Promise<void>
  /** Pushes what is pending, writes the last status, gives the lease back, and ends. */
  stop(): Promise<void>
}

/** A renewal that is answered later than this is of no use, in milliseconds. */
const LEASE_TIMEOUT_MS = 5_000
/** More than any Lease has. */
const LEASE_BYTES = 4 << 20

/** Starts the operator in this process: it reconciles as soon as it holds the lease, and stands by until then. */
export async function startOperator(options: OperatorOptions): Promise<RunningOperator> {
  const { env, namespaces, allowPrivateHosts, rolesOnly } = options
  const logger = createLogger(options.logLevel)
  const metrics = createMetrics()
  const clock = systemClock
  const random = Math.random
  const connection = await loadConnection({ kubeconfig: options.kubeconfig, env })
  const onRequest = restObserver(metrics)
  const client = createKubeClient(connection, { onRequest })
  const leaseClient = createKubeClient(connection, {
    onRequest,
    timeoutMs: LEASE_TIMEOUT_MS,
    maxRetries: 1,
    maxResponseBytes: LEASE_BYTES,
  })
  const clusterId = await readClusterId(client, connection, {
    clock,
    random,
    onRetry: (problem) => logger.warn(`${problem}; it is asked again`),
  })

  const namespace = options.leaseNamespace ?? connection.namespace
  const name = options.leaseName ?? defaultLeaseName(namespaces)
  const title = `lease ${namespace}/${name}`
  const identity = options.identity ?? defaultIdentity(env, hostname(), process.pid)
  const tracer = await createTracer({ env, version: VERSION, instance: identity })
  const failed = Promise.withResolvers<void>()
  const fail = (error: unknown): void => {
    // What people can mend says so: where in the sources it was found is no news to them.
    const trace = isKubeError(error) ? {} : { error: describe(error) }
    logger.fatal(trace, error instanceof Error ? error.message : String(error))
    failed.resolve()
  }
  const { budgetRedis } = options
  const sharedWindow = budgetRedis === undefined ? undefined : await connectSharedWindow(budgetRedis)
  const records = new AuthorRecords()
  let reconciling: Reconciling | undefined
  const events: LeaseEvents = {
    ...logLease(logger, title),
    recovered() {
      logger.info(`${title} is renewed again: pushing goes on`)
      reconciling?.resume()
    },
    lost: fail,
  }
  const monotonic = (): number => performance.now()
  const lease = new Lease({ client: leaseClient, namespace, name, identity, clock, monotonic, random, events })

  const served = await serveMetrics({
    address: options.metrics,
    registry: metrics.registry,
    readiness: () => readinessOf(lease, title, identity, reconciling),
    async collect() {
      metrics.leaderStatus.set({ name }, lease.held() ? 1 : 0)
      const limit = process.constrainedMemory()
      if (limit > 0 && limit < totalmem()) metrics.memoryLimit.set(limit)
      await reconciling?.collect()
    },
  })
  const admin =
    options.admin === undefined
      ? undefined
      : await serveAdmin({
          address: options.admin,
          logger,
          allowsHeapSnapshots: options.adminHeapSnapshots === true,
        })
  const holder: Holder = {
    isSelf: () => reconciling !== undefined,
    addressOf: (door) => (lease.holder === identity ? undefined : lease.holderAddresses[door]),
  }
  const onRelayed = (what: 'record' | 'push', result: 'sent' | 'lost', count = 1): void =>
    metrics.relayed.inc({ what, result }, count)
  const { pushHooks, pushHookSecretFile, advertiseAddress } = options
  const hooks =
    pushHooks === undefined || pushHookSecretFile === undefined
      ? undefined
      : await servePushHooks({
          address: pushHooks,
          secretFile: pushHookSecretFile,
          onPush(notice) {
            reconciling?.pushed(notice)
            return reconciling !== undefined
          },
          relay: async (body, signature) =>
            onRelayed('push', (await relayPush(holder, body, signature)) ? 'sent' : 'lost'),
          logger,
        })
  const webhook =
    options.webhook === undefined
      ? undefined
      : await startWebhook(options.webhook, {
          client,
          clock,
          logger,
          namespace,
          records,
          holder,
          onRelayed: (result, count) => onRelayed('record', result, count),
        })
  const auditPage =
    options.auditPage === undefined
      ? undefined
      : await startAuditPage(options.auditPage, {
          client,
          clock,
          logger,
          gitsyncs: () => reconciling?.audited(),
        })
  logger.info(
    {
      version: VERSION,
      server: connection.server.host,
      metrics: served.address,
      admin: admin?.address,
      pushHooks: hooks?.address,
      webhook: webhook?.address,
      auditPage: auditPage?.address,
      traces: tracer.isEnabled,
      identity,
    },
    'gitsync-operator started',
  )
  lease
    .acquire(doorsAt(advertiseAddress, { webhook: webhook?.address, pushHooks: hooks?.address }))
    .then((isHeld) => {
      if (!isHeld) return undefined
      logger.info(`${title} is held: reconciling`)
      reconciling = startReconciling({
        client,
        clock,
        random,
        logger,
        metrics,
        tracer,
        clusterId,
        namespaces,
        allowPrivateHosts,
        rolesOnly,
        trustedAccounts: options.trustedAccounts ?? [],
        records,
        audit: options.webhook?.auditSecret !== undefined,
        hearsReplicas: webhook !== undefined && advertiseAddress !== undefined,
        instance: identity,
        sharedWindow,
        mayPush: () => lease.held(),
      })
      return reconciling.ended
    })
    .catch(fail)
  return {
    address: served.address,
    failed: failed.promise,
    async stop() {
      const isDone = reconciling === undefined || (await reconciling.stop())
      // What is still on its way may arrive later: then the next operator had better wait until the lease expires.
      await lease.stop(isDone).catch((error: unknown) => logger.warn(`${title} cannot be given back: ${String(error)}`))
      await tracer.stop().catch((error: unknown) => logger.warn({ error: String(error) }, 'spans were lost'))
      await hooks?.close()
      await webhook?.stop()
      await admin?.close()
      await auditPage?.close()
      await served.close()
      await sharedWindow?.close()
      await leaseClient.close()
      await client.close()
      logger.info('gitsync-operator stopped')
    },
  }
}

function readinessOf(lease: Lease, title: string, identity: string, reconciling: Reconciling | undefined): Readiness {
  if (reconciling === undefined) {
    const { holder } = lease
    // A rolling update waits for the new Pod before it ends the old one, which holds the lease until then.
    if (holder !== '' && holder !== identity) return { isReady: true, text: `standby: ${title} is held by ${holder}` }
    return { isReady: false, text: `${title} has not been acquired yet` }
  }
  if (!lease.held()) return { isReady: false, text: `${title} cannot be renewed: nothing is pushed` }
  const { notReady } = reconciling
  return { isReady: notReady === undefined, text: notReady ?? 'ok' }
}

function logLease(logger: Logger, title: string): Pick<LeaseEvents, 'standby' | 'failing' | 'lapsed'> {
  return {
    standby: (holder) => logger.info({ holder }, `standby: ${title} is held by ${holder}`),
    failing: (error) => logger.warn({ error: String(error) }, `${title} cannot be read or renewed, trying again`),
    lapsed: () => logger.error(`${title} could not be renewed in time: nothing is pushed until it is`),
  }
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
