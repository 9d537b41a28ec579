/**
 * Many tenants on one Git host that takes few requests, one of them writing without end: how long everybody else waits.
 * Each has a repository of its own, so that each push is a request; what arrives is counted by the host.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { isPush } from '../test/kit/remote/index.ts'
import type { Remote } from '../test/kit/remote/index.ts'
import { each, gitsync, readyCount, startTenants, until } from './tenants.ts'
import type { TenantWorld } from './tenants.ts'

export interface FairnessOptions {
  readonly tenants: number
  readonly perMinute: number
  /** Objects that the one tenant writes each second. */
  readonly floodPerSecond: number
}

export interface FairnessResult extends FairnessOptions {
  /** From each of the other tenants' edits until its push arrives, in seconds. */
  readonly p50: number
  readonly p99: number
  readonly worst: number
  /** The window's silence, and one request for everybody. */
  readonly fairShare: number
  /** Most requests that arrived within any 60 seconds. */
  readonly mostInAMinute: number
  readonly floodEdits: number
}

const MINUTE = 60_000
/** Default of spec.commit.window, in seconds. */
const SILENCE = 5
const FLOODED_OBJECTS = 300

export async function benchFairness(options: FairnessOptions): Promise<FairnessResult> {
  const { tenants, perMinute } = options
  const names = Array.from({ length: tenants }, (_, index) => `tenant-${String(index).padStart(4, '0')}`)
  const [flooding = '', ...others] = names
  const world = await startTenants(names, { configMapsEach: 1, profile: 'fairness' })
  const { api, remote } = world
  try {
    await each(names, async (name) => {
      const { url } = await remote.createRepository(`${name}.git`)
      await api.create(gitsync(name, url))
    })
    await until('everybody is Ready', async () => (await readyCount(api)) === tenants)
    await api.create({
      apiVersion: 'gitsync.dev/v1alpha1',
      kind: 'GitProvider',
      metadata: { name: 'narrow' },
      spec: {
        hosts: [new URL(remote.url).host],
        allowPrivateAddresses: true,
        allowPlainHttp: true,
        requests: { perMinute, burst: 0 },
      },
    })
    const flood = startFlood(world, flooding, options.floodPerSecond)
    // The flood has its share, and more than it may send, before anybody else wants something.
    await pause(MINUTE)
    remote.reset()
    const editedAt = await editEach(world, others)
    const landed = (): Map<string, number> => landings(remote, editedAt)
    await until('every edit is in Git', () => landed().size === others.length)
    const floodEdits = await flood.stop()
    const waits = [...landed()].map(([name, at]) => (at - (editedAt.get(name) ?? at)) / 1000).sort((a, b) => a - b)
    const quantile = (share: number): number => waits[Math.ceil(waits.length * share) - 1] ?? Number.NaN
    return {
      ...options,
      p50: quantile(0.5),
      p99: quantile(0.99),
      worst: quantile(1),
      fairShare: SILENCE + (tenants * 60) / perMinute,
      mostInAMinute: mostInAMinute(remote.requests.map(({ at }) => at)),
      floodEdits,
    }
  } finally {
    await world.stop()
  }
}

/** Each of them edits its ConfigMap once, evenly over a minute. */
async function editEach({ api }: TenantWorld, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const editedAt = new Map<string, number>()
  for (const namespace of names) {
    const next = pause(MINUTE / names.length)
    editedAt.set(namespace, performance.now())
    await api.patch({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'settings-0' }, { data: { edited: 'yes' } })
    await next
  }
  return editedAt
}

function startFlood({ api }: TenantWorld, namespace: string, perSecond: number): { stop(): Promise<number> } {
  let edits = 0
  let isOver = false
  const write = async (): Promise<void> => {
    const name = `flood-${edits % FLOODED_OBJECTS}`
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      data: { edit: String(edits++) },
    }
    const patch = { data: object.data }
    if (edits <= FLOODED_OBJECTS) await api.create(object)
    else await api.patch({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name }, patch)
  }
  const running = (async () => {
    while (!isOver) await Promise.all([write(), pause(1000 / perSecond)])
  })()
  return {
    async stop() {
      isOver = true
      await running
      return edits
    },
  }
}

/** When the first push of each arrived after its edit; without those whose push has not arrived. */
function landings(remote: Remote, editedAt: ReadonlyMap<string, number>): Map<string, number> {
  const landed = new Map<string, number>()
  for (const request of remote.requests) {
    const name = /^\/([^/]+)\.git\//.exec(request.path)?.[1] ?? ''
    const edited = editedAt.get(name)
    if (edited === undefined || landed.has(name) || !isPush(request) || request.at < edited) continue
    if (request.status === 200) landed.set(name, request.at)
  }
  return landed
}

function mostInAMinute(times: readonly number[]): number {
  let most = 0
  let first = 0
  times.forEach((time, index) => {
    while ((times[first] ?? time) <= time - MINUTE) first++
    most = Math.max(most, index - first + 1)
  })
  return most
}
