import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** What the operator counts. Names follow controller-runtime where the meaning is the same. */
export interface Metrics {
  readonly registry: Registry
  readonly queueDepth: Gauge<'name'>
  readonly queueAdds: Counter<'name'>
  readonly queueRetries: Counter<'name'>
  readonly queueDuration: Histogram<'name'>
  readonly workDuration: Histogram<'name'>
  readonly restRequests: Counter<'code' | 'method' | 'host'>
  readonly gitRequests: Counter<'host' | 'code'>
  readonly gitBytes: Counter<'host' | 'direction'>
  readonly gitSeconds: Histogram<'host'>
  readonly leaderStatus: Gauge<'name'>
  readonly commits: Counter
  readonly watchRestarts: Counter<'reason'>
  readonly pending: Gauge
  readonly spoolBytes: Gauge
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    queueDepth: new Gauge({
      name: 'workqueue_depth',
      help: 'Keys ready to be worked on',
      labelNames: ['name'],
      registers,
    }),
    queueAdds: new Counter({ name: 'workqueue_adds_total', help: 'Keys added', labelNames: ['name'], registers }),
    queueRetries: new Counter({
      name: 'workqueue_retries_total',
      help: 'Keys retried',
      labelNames: ['name'],
      registers,
    }),
    queueDuration: new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'From ready to taken',
      labelNames: ['name'],
      buckets: SECONDS,
      registers,
    }),
    workDuration: new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'Time of work on one key',
      labelNames: ['name'],
      buckets: SECONDS,
      registers,
    }),
    restRequests: new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to the API server; code 0 without an answer',
      labelNames: ['code', 'method', 'host'],
      registers,
    }),
    gitRequests: new Counter({
      name: 'gitsync_git_requests_total',
      help: 'HTTP requests to Git hosts; code 0 without an answer',
      labelNames: ['host', 'code'],
      registers,
    }),
    gitBytes: new Counter({
      name: 'gitsync_git_body_bytes_total',
      help: 'Bytes of bodies sent to and received from Git hosts',
      labelNames: ['host', 'direction'],
      registers,
    }),
    gitSeconds: new Histogram({
      name: 'gitsync_git_request_duration_seconds',
      help: 'Time of one HTTP request to a Git host',
      labelNames: ['host'],
      buckets: SECONDS,
      registers,
    }),
    leaderStatus: new Gauge({
      name: 'leader_election_master_status',
      help: 'Whether this process holds the lease and may write: 1, or 0',
      labelNames: ['name'],
      registers,
    }),
    commits: new Counter({ name: 'gitsync_commits_total', help: 'Commits pushed', registers }),
    watchRestarts: new Counter({
      name: 'gitsync_watch_restarts_total',
      help: 'Watches begun again, by reason',
      labelNames: ['reason'],
      registers,
    }),
    pending: new Gauge({ name: 'gitsync_pending_changes', help: 'Changes not in Git yet', registers }),
    spoolBytes: new Gauge({ name: 'gitsync_spool_bytes', help: 'Bytes of contents that wait to be pushed', registers }),
  }
}
