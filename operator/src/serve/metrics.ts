import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { VERSION } from '../version.ts'

/** From a request on the local network to one that was given up. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** From a window of no length to a host that was down overnight. */
const LAG_SECONDS = [0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400]

/** Gauges of Node's own whose names end as a counter's do; the same is told by `nodejs_active_resources`. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** What the operator counts. Names follow controller-runtime and client-go where the meaning is the same. */
export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  const registers = [registry]
  const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name, help, labelNames: [...labelNames], registers })
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name, help, labelNames: [...labelNames], registers })
  const histogram = <L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    buckets: number[] = SECONDS,
  ): Histogram<L> => new Histogram({ name, help, labelNames: [...labelNames], buckets, registers })

  const build = gauge('gitsync_build_info', 'Always 1; the labels say what runs', ['version', 'node_version'])
  build.set({ version: VERSION, node_version: process.version }, 1)
  const object = ['namespace', 'name'] as const
  return {
    registry,

    queueDepth: gauge('workqueue_depth', 'Keys ready to be worked on', ['name']),
    queueAdds: counter('workqueue_adds_total', 'Keys added', ['name']),
    queueRetries: counter('workqueue_retries_total', 'Keys queued again after a failure', ['name']),
    queueDuration: histogram('workqueue_queue_duration_seconds', 'From ready to taken', ['name']),
    workDuration: histogram('workqueue_work_duration_seconds', 'Work on one key', ['name']),
    unfinishedWork: gauge('workqueue_unfinished_work_seconds', 'Ages of all keys being worked on, added up', ['name']),
    longestRunning: gauge(
      'workqueue_longest_running_processor_seconds',
      'Age of the key that has been worked on for longest',
      ['name'],
    ),

    reconciles: counter('controller_runtime_reconcile_total', 'Reconciles, by how they ended', [
      'controller',
      'result',
    ]),
    reconcileErrors: counter('controller_runtime_reconcile_errors_total', 'Reconciles that failed and are repeated', [
      'controller',
    ]),
    reconcileTime: histogram('controller_runtime_reconcile_time_seconds', 'One reconcile', ['controller']),
    activeWorkers: gauge('controller_runtime_active_workers', 'Reconciles under way', ['controller']),
    maxWorkers: gauge('controller_runtime_max_concurrent_reconciles', 'Reconciles that may be under way at once', [
      'controller',
    ]),

    restRequests: counter('rest_client_requests_total', 'Requests to the API server; code 0 without an answer', [
      'code',
      'method',
      'host',
    ]),
    restDuration: histogram(
      'rest_client_request_duration_seconds',
      'One request to the API server; of a watch, until it began',
      ['verb', 'host'],
    ),
    leaderStatus: gauge(
      'leader_election_master_status',
      'Whether this process holds the Lease and may write: 1, or 0',
      ['name'],
    ),

    watches: gauge('gitsync_watches', 'Watches of the API server, by what they are at', ['phase']),
    watchedObjects: gauge('gitsync_watched_objects', 'Objects known from watches'),
    watchRestarts: counter(
      'gitsync_watch_restarts_total',
      'Watches begun again, by reason; Closed is how the API server ends each after some minutes',
      ['reason'],
    ),

    condition: gauge('gitsync_condition', 'Always 1; the conditions that each GitSync has now', [
      ...object,
      'type',
      'status',
      'reason',
    ]),
    files: gauge('gitsync_files', 'Objects that a GitSync keeps in Git', object),
    pendingFiles: gauge('gitsync_pending_files', 'Changed files of a GitSync that are not in Git yet', object),
    oldestPending: gauge(
      'gitsync_oldest_pending_seconds',
      "Age of a GitSync's oldest change that is not in Git yet; 0 when there is none",
      object,
    ),
    maxLatency: gauge(
      'gitsync_spec_max_latency_seconds',
      'commit.maxLatency of a GitSync: what a change may wait for others',
      object,
    ),
    refusedDeletions: gauge(
      'gitsync_refused_deletions',
      'Files of a GitSync that are kept though their objects are gone: too many at once (guard), or not provable (proof)',
      [...object, 'cause'],
    ),
    lastCommit: gauge(
      'gitsync_last_commit_timestamp_seconds',
      'When the newest commit of a GitSync was made; absent before its first',
      object,
    ),
    lastDrift: gauge(
      'gitsync_last_drift_timestamp_seconds',
      "When somebody else's change was last found in the folder of a GitSync; absent when never since the start",
      object,
    ),
    lastRewrite: gauge(
      'gitsync_last_rewrite_timestamp_seconds',
      "When commits were last found missing from the history of a GitSync's branch; absent when never since the start",
      object,
    ),

    commits: counter('gitsync_commits_total', 'Commits pushed'),
    commitLag: histogram(
      'gitsync_commit_lag_seconds',
      'From the moment a change was seen until the push that holds it was acknowledged',
      [],
      LAG_SECONDS,
    ),
    pushDuration: histogram(
      'gitsync_push_duration_seconds',
      'One attempt to bring a branch up to date, by how it ended: pushed, unchanged or failed',
      ['host', 'result'],
    ),
    pushFailures: counter('gitsync_push_failures_total', 'Attempts that failed, by reason as in conditions', [
      'host',
      'reason',
    ]),
    pushConflicts: counter('gitsync_push_conflicts_total', 'Pushes that lost a race and were made again', ['host']),
    drifts: counter('gitsync_drifts_total', "Folders in which somebody else's change was found"),
    hostUp: gauge('gitsync_git_host_up', 'Whether the Git host answered the last request: 1, or 0 (5xx is none)', [
      'host',
    ]),
    gitRequests: counter('gitsync_git_requests_total', 'HTTP requests to Git hosts; code 0 without an answer', [
      'host',
      'code',
    ]),
    gitBytes: counter('gitsync_git_body_bytes_total', 'Bodies sent to and received from Git hosts, in bytes', [
      'host',
      'direction',
    ]),
    gitSeconds: histogram(
      'gitsync_git_request_duration_seconds',
      'One HTTP request to a Git host, with its wait for the budget',
      ['host'],
    ),
    apiRequests: counter(
      'gitsync_git_api_requests_total',
      "Requests to Git hosts' APIs for pull requests; code 0 without an answer",
      ['host', 'code'],
    ),
    grafanaRequests: counter(
      'gitsync_grafana_requests_total',
      'Requests to Grafanas that Dashboards follow; code 0 without an answer',
      ['host', 'code'],
    ),

    budgetLimit: gauge(
      'gitsync_budget_requests_per_minute',
      'Requests per minute that a host may be sent with one credential; absent without a limit',
      ['host'],
    ),
    budgetRemaining: gauge(
      'gitsync_budget_remaining_requests',
      'Requests that could be sent at once; of several credentials the least',
      ['host'],
    ),
    budgetWaiting: gauge('gitsync_budget_waiting_pushes', 'Pushes that wait for their turn at a host', ['host']),
    budgetWait: histogram(
      'gitsync_budget_wait_seconds',
      'From the moment a push was due until its turn',
      ['host'],
      LAG_SECONDS,
    ),
    hostBlocked: gauge(
      'gitsync_git_host_blocked_seconds',
      'For how long the host still wants no requests, by Retry-After or a used-up quota; 0 when it takes them',
      ['host'],
    ),
    hostQuotaLimit: gauge(
      'gitsync_git_host_quota_limit',
      'Requests that the host says it allows, by its own headers; absent when it says nothing',
      ['host'],
    ),
    hostQuotaRemaining: gauge(
      'gitsync_git_host_quota_remaining',
      'Requests that the host says are left, by its own headers; of several credentials the least',
      ['host'],
    ),
    breakerOpen: gauge(
      'gitsync_git_host_breaker_open',
      'Whether nothing but a probe is sent because the host did not answer several times in a row: 1, or 0',
      ['host'],
    ),

    relayed: counter(
      'gitsync_relayed_total',
      'What a standby was told and the holder of the Lease needs: taken by it (sent), or given up (lost)',
      ['what', 'result'],
    ),

    spoolBytes: gauge('gitsync_spool_bytes', 'Contents that wait in memory to be pushed'),
    memoryLimit: gauge(
      'gitsync_memory_limit_bytes',
      'Memory that the process may use, as its control group has it; 0 when there is no limit',
    ),
  }
}

/** Those whose label `host` is a Git host's. */
export function metricsByHost({ registry }: Pick<Metrics, 'registry'>): readonly (Counter | Gauge | Histogram)[] {
  const all = registry.getMetricsAsArray() as unknown as readonly (Counter & {
    readonly name: string
    readonly labelNames: readonly string[]
  })[]
  return all.filter(({ name, labelNames }) => name.startsWith('gitsync_') && labelNames.includes('host'))
}
