import type { Logger } from 'pino'
import type { RequestReport } from '../kube/requester.ts'
import type { WorkQueueMetrics } from '../kube/work-queue.ts'
import type { ApiRequestRecord } from '../forge/api-client.ts'
import type { PushObserver } from '../push/observer.ts'
import type { RepositoryPoolOptions } from '../push/repository-pool.ts'
import type { Tracer } from '../trace/tracer.ts'
import { codeLabel, OTHER } from './host-labels.ts'
import type { HostLabels } from './host-labels.ts'
import type { Metrics } from './metrics.ts'
import { gitsyncRef } from './log.ts'

/** Counts requests to the API server. */
export function restObserver(metrics: Metrics): (report: RequestReport) => void {
  return ({ method, status, host, seconds }) => {
    metrics.restRequests.inc({ method, code: status, host })
    metrics.restDuration.observe({ verb: method, host }, seconds)
  }
}

/** @param name of the queue, and of its controller if it reconciles */
export function queueObserver(metrics: Metrics, name: string, isController: boolean): WorkQueueMetrics {
  const queue = { name }
  const controller = { controller: name }
  metrics.queueDepth.set(queue, 0)
  if (isController) metrics.reconcileErrors.inc(controller, 0)
  return {
    depth: (depth) => metrics.queueDepth.set(queue, depth),
    added: () => metrics.queueAdds.inc(queue),
    retried: () => metrics.queueRetries.inc(queue),
    queued: (seconds) => metrics.queueDuration.observe(queue, seconds),
    worked: (seconds) => metrics.workDuration.observe(queue, seconds),
    ended(result, seconds) {
      if (!isController) return
      metrics.reconciles.inc({ ...controller, result })
      metrics.reconcileTime.observe(controller, seconds)
      if (result === 'error') metrics.reconcileErrors.inc(controller)
    },
  }
}

/** Counts, logs and traces requests to Git hosts. */
export function gitObserver(options: {
  readonly metrics: Metrics
  readonly hosts: HostLabels
  readonly logger: Logger
  readonly tracer: Tracer
  /** Milliseconds since the epoch. */
  readonly now: () => number
}): NonNullable<RepositoryPoolOptions['onRequest']> {
  const { metrics, hosts, logger, tracer, now } = options
  return (server, record) => {
    const { operation, method, status, bytesSent, bytesReceived, milliseconds, error } = record
    // What the host's budget did not let go was never sent.
    if (status === 0 && (error === 'RateLimited' || error === 'LimitExceeded')) return
    const host = hosts.of(server)
    metrics.gitRequests.inc({ host, code: codeLabel(status) })
    metrics.gitBytes.inc({ host, direction: 'sent' }, bytesSent)
    metrics.gitBytes.inc({ host, direction: 'received' }, bytesReceived)
    metrics.gitSeconds.observe({ host }, milliseconds / 1000)
    // What was called off says nothing about the host; many hosts at once have no state in common.
    if (error !== 'Aborted' && host !== OTHER) metrics.hostUp.set({ host }, status === 0 || status >= 500 ? 0 : 1)
    logger.debug({ host: server, operation, status, error, bytesSent, bytesReceived, milliseconds }, 'git request')
    if (!tracer.isEnabled) return
    const span = tracer.start(`git ${operation}`, {
      parent: tracer.current(),
      isClient: true,
      startedAt: now() - milliseconds,
      attributes: {
        'server.address': server,
        'gitsync.git.operation': operation,
        'http.request.method': method,
        'http.response.status_code': status,
        'http.request.body.size': bytesSent,
        'http.response.body.size': bytesReceived,
      },
    })
    if (error !== undefined) span.fail(error)
    span.end()
  }
}

/** Counts and logs requests to the APIs of hosts. */
const requestObserver =
  (requests: Metrics['apiRequests'], hosts: HostLabels, logger: Logger) =>
  (server: string, { method, path, status, ms }: ApiRequestRecord): void => {
    requests.inc({ host: hosts.of(server), code: codeLabel(status) })
    logger.debug({ host: server, method, path, status, milliseconds: ms }, 'API request')
  }

/** Those of Git hosts. */
export const apiObserver = ({ apiRequests }: Metrics, hosts: HostLabels, logger: Logger) =>
  requestObserver(apiRequests, hosts, logger)

/** Those of Grafanas. */
export const grafanaObserver = ({ grafanaRequests }: Metrics, hosts: HostLabels, logger: Logger) =>
  requestObserver(grafanaRequests, hosts, logger)

/** Counts and logs what happens on the way to Git. */
export function pushObserver(metrics: Metrics, hosts: HostLabels, logger: Logger): PushObserver {
  return {
    attempted: ({ host, result, seconds }) => metrics.pushDuration.observe({ host: hosts.of(host), result }, seconds),
    failed({ host, member, failure }) {
      metrics.pushFailures.inc({ host: hosts.of(host), reason: failure.reason })
      const { reason, message, waitMs } = failure
      logger.debug({ gitsync: gitsyncRef(member), host, reason, waitMs, error: message }, 'cannot push for now')
    },
    raced: (host) => metrics.pushConflicts.inc({ host: hosts.of(host) }),
    drifted(member) {
      metrics.drifts.inc()
      logger.warn({ gitsync: gitsyncRef(member) }, "somebody else's change was found in the folder")
    },
    rewritten({ member, missing, tip }) {
      logger.warn({ gitsync: gitsyncRef(member), missing, tip }, 'the history of the branch was rewritten')
    },
  }
}
