import { expect, test } from 'vitest'
import { PushFailure } from '../push/failure.ts'
import { NO_TRACER } from '../trace/tracer.ts'
import { HostLabels } from './host-labels.ts'
import { createLogger } from './log.ts'
import { createMetrics } from './metrics.ts'
import { apiObserver, gitObserver, pushObserver, queueObserver, restObserver } from './observe.ts'

const HOST = 'git.example.com'
const logger = createLogger('silent')

function begin() {
  const metrics = createMetrics()
  const hosts = new HostLabels([])
  /** Samples other than zero, without those of buckets. */
  const told = async (): Promise<string[]> =>
    (await metrics.registry.metrics())
      .split('\n')
      .filter(
        (line) => /^(?:gitsync_|workqueue_|controller_|rest_)/.test(line) && !/_bucket\{| 0$|build_info/.test(line),
      )
  return { metrics, hosts, told }
}

test('a request to the API server', async () => {
  const { metrics, told } = begin()
  restObserver(metrics)({ method: 'GET', status: 200, host: 'api', seconds: 2 })
  expect(await told()).toEqual([
    'rest_client_requests_total{method="GET",code="200",host="api"} 1',
    'rest_client_request_duration_seconds_sum{verb="GET",host="api"} 2',
    'rest_client_request_duration_seconds_count{verb="GET",host="api"} 1',
  ])
})

test('a queue, and the controller that works on it', async () => {
  const { metrics, told } = begin()
  const observer = queueObserver(metrics, 'gitsync', true)
  observer.depth?.(3)
  observer.added?.()
  observer.retried?.()
  observer.queued?.(2)
  observer.worked?.(4)
  observer.ended?.('error', 5)
  expect(await told()).toEqual([
    'workqueue_depth{name="gitsync"} 3',
    'workqueue_adds_total{name="gitsync"} 1',
    'workqueue_retries_total{name="gitsync"} 1',
    'workqueue_queue_duration_seconds_sum{name="gitsync"} 2',
    'workqueue_queue_duration_seconds_count{name="gitsync"} 1',
    'workqueue_work_duration_seconds_sum{name="gitsync"} 4',
    'workqueue_work_duration_seconds_count{name="gitsync"} 1',
    'controller_runtime_reconcile_total{controller="gitsync",result="error"} 1',
    'controller_runtime_reconcile_errors_total{controller="gitsync"} 1',
    'controller_runtime_reconcile_time_seconds_sum{controller="gitsync"} 5',
    'controller_runtime_reconcile_time_seconds_count{controller="gitsync"} 1',
  ])
})

test('a request to a Git host; one that the budget did not let go is none', async () => {
  const { metrics, hosts, told } = begin()
  const observe = gitObserver({ metrics, hosts, logger, tracer: NO_TRACER, now: () => 0 })
  const record = { operation: 'push', method: 'POST', bytesSent: 10, bytesReceived: 20, milliseconds: 3_000 } as const
  observe(HOST, { ...record, status: 200 } as Parameters<typeof observe>[1])
  observe(HOST, { ...record, status: 0, error: 'RateLimited' } as Parameters<typeof observe>[1])
  expect(await told()).toEqual([
    `gitsync_git_host_up{host="${HOST}"} 1`,
    `gitsync_git_requests_total{host="${HOST}",code="200"} 1`,
    `gitsync_git_body_bytes_total{host="${HOST}",direction="sent"} 10`,
    `gitsync_git_body_bytes_total{host="${HOST}",direction="received"} 20`,
    `gitsync_git_request_duration_seconds_sum{host="${HOST}"} 3`,
    `gitsync_git_request_duration_seconds_count{host="${HOST}"} 1`,
  ])
})

test('a request to the API of a Git host', async () => {
  const { metrics, hosts, told } = begin()
  apiObserver(metrics, hosts, logger)(HOST, { method: 'GET', path: '/repos/a/b/pulls/1', status: 418, ms: 5 })
  expect(await told()).toEqual([`gitsync_git_api_requests_total{host="${HOST}",code="4xx"} 1`])
})

test('what happens on the way to Git', async () => {
  const { metrics, hosts, told } = begin()
  const observer = pushObserver(metrics, hosts, logger)
  observer.attempted?.({ host: HOST, result: 'pushed', seconds: 2 })
  observer.failed?.({ host: HOST, member: 'shop/sync', failure: new PushFailure('Unreachable', 'down') })
  observer.raced?.(HOST)
  observer.drifted?.('shop/sync')
  expect(await told()).toEqual([
    `gitsync_push_duration_seconds_sum{host="${HOST}",result="pushed"} 2`,
    `gitsync_push_duration_seconds_count{host="${HOST}",result="pushed"} 1`,
    `gitsync_push_failures_total{host="${HOST}",reason="Unreachable"} 1`,
    `gitsync_push_conflicts_total{host="${HOST}"} 1`,
    'gitsync_drifts_total 1',
  ])
})
