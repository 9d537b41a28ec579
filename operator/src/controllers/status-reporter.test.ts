import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { KubeClient } from '../kube/client.ts'
import { manualClock } from '../kube/testing/manual-clock.ts'
import type { KubernetesObject } from '../objects/object.ts'
import type { Runtime } from './runtime.ts'
import { StatusReporter } from './status-reporter.ts'

const HOUR = 3_600_000
const GITSYNC: KubernetesObject = {
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'GitSync',
  metadata: { name: 'sync', namespace: 'shop', generation: 1 },
}

function start() {
  const clock = manualClock()
  const writes: Record<string, unknown>[] = []
  let object = GITSYNC
  let version = 1
  const client: Partial<KubeClient> = {
    mergePatch: async (_resource, _namespace, _name, patch) => {
      const { status } = patch as { readonly status: Record<string, unknown> }
      writes.push(status)
      version += 1
      const metadata = { ...object.metadata, resourceVersion: String(version) }
      object = { ...object, metadata, status: { ...(object['status'] as object), ...status } }
      return object
    },
  }
  const member = {
    status: { files: 1, pending: 0, orphans: 0, unreadable: [], pullRequests: [], healthy: true, observedCommit: 'a' },
    settings: {},
    desired: { hasConflicts: false },
    hasLeft: false,
  }
  const runtime = {
    member,
    unrenderable: () => [],
    unreadable: () => [],
    leftOut: () => ({ forbidden: [], failing: [] }),
  }
  const reporter = new StatusReporter({
    environment: {
      client: client as KubeClient,
      clock,
      events: { emit: () => undefined, flush: async () => undefined },
      logger: pino({ enabled: false }),
      enqueue: () => undefined,
    },
    random: () => 0,
    runtimes: new Map([['shop/sync', runtime as unknown as Runtime]]),
  })
  reporter.seen('shop/sync', object)
  void reporter.run()
  /** What is written when these fields have changed. */
  const changed = async (change: Partial<typeof member.status>): Promise<string[]> => {
    writes.length = 0
    Object.assign(member.status, change)
    reporter.report('shop/sync')
    clock.advance(100)
    for (let i = 0; i < 20; i++) await Promise.resolve()
    return writes.flatMap((status) => Object.keys(status))
  }
  return { clock, changed, reporter, now: () => object }
}

test('that others have pushed to the branch is told with something else, or once an hour', async () => {
  const { clock, changed } = start()
  expect(await changed({})).toContain('observedCommit')
  expect(await changed({ observedCommit: 'b' })).toEqual([])
  expect(await changed({ files: 2 })).toEqual(expect.arrayContaining(['files', 'observedCommit']))
  expect(await changed({ observedCommit: 'c' })).toEqual([])
  clock.advance(HOUR)
  expect(await changed({})).toEqual(['observedCommit'])
  expect(await changed({ observedCommit: 'd' })).toEqual([])
})

test('a watch that is slower than the answers hides nothing that was written since', async () => {
  const { changed, reporter, now } = start()
  await changed({ files: 2 })
  const old = now()
  await changed({ files: 3 })
  reporter.seen('shop/sync', old)
  expect(await changed({ files: 2 })).toContain('files')
})
