import { setTimeout as pause } from 'node:timers/promises'
import { seeded } from '../random.ts'
import { startRig } from '../rig.ts'
import { Journal } from './journal.ts'
import { faultsOfBranch, faultsOfFolder, readHistory } from './judge.ts'
import { readCluster } from './selection.ts'
import { drawSpec, HOME, NAMESPACES, WIDGETS } from './specs.ts'
import type { Spec } from './specs.ts'
import { createSome } from './cluster-steps.ts'
import { BINDING, syncRef } from './scene.ts'
import type { Scene } from './scene.ts'
import { heal, step } from './steps.ts'

const SYNCS = 4
const FIRST_OBJECTS = 80
const LONGEST_PAUSE = 100
const POLL = 50
/** Until everything is as it should be, in milliseconds: a few rounds of the operator's longest backoff. */
const PATIENCE = 75_000

const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: WIDGETS },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { level: { type: 'string' } } } },
          },
        },
      },
    ],
  },
}

function firstObjects(specs: readonly Spec[]): object[] {
  const namespace = (name: string, labels = {}): object => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  })
  return [
    namespace(HOME),
    ...NAMESPACES.map((name, index) => namespace(name, index === 1 ? {} : { team: 'red' })),
    DEFINITION,
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'auditor' },
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] }],
    },
    ...specs.flatMap((spec, index) => [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: spec.serviceAccountName, namespace: HOME } },
      BINDING(index),
      { ...syncRef(index), metadata: { name: `sync-${index}`, namespace: HOME }, spec },
    ]),
  ]
}

/** Steps that are left out, by number: `CHAOS_SKIP=3,7-20`, to find out which of them a failure needs. */
function skipped(): (index: number) => boolean {
  const ranges = (process.env['CHAOS_SKIP'] ?? '').split(',').filter((part) => part !== '')
  const pairs = ranges.map((range) => range.split('-').map(Number))
  return (index) => pairs.some(([from = 0, to = from]) => index >= from && index <= to)
}

/**
 * One life of a cluster with several GitSyncs, as `seed` has it: people edit objects, labels, namespaces, permissions, the
 * definition of a kind and files in Git, servers fail, the operator dies. Afterwards everything works again, and Git is
 * judged.
 * @throws Error with the seed, what was wrong, and all that happened
 */
export async function liveThrough(seed: number, steps: number): Promise<void> {
  const random = seeded(seed)
  const journal = new Journal()
  let specs: Spec[] = []
  const rig = await startRig({
    objects(url) {
      specs = Array.from({ length: SYNCS }, (_, index) => drawSpec(random, index, url))
      return firstObjects(specs)
    },
  })
  const { api, store } = rig
  const scene: Scene = { rig, journal, specs, definition: DEFINITION, count: 0 }
  const seen = new Map<string, number>()
  const first = [...specs]
  const branches = [...new Set(specs.map(({ repository }) => repository.branch))]
  const failed = (what: string, findings: readonly string[]): Error =>
    new Error(
      [
        `seed ${seed}: ${what}`,
        ...findings.slice(0, 12),
        '--- GitSyncs',
        ...first.map((spec, index) => `sync-${index} ${JSON.stringify(spec)}`),
        '--- what happened',
        ...journal.lines,
        '--- status',
        ...specs.map((_, index) => JSON.stringify(api.objects.get(syncRef(index))?.['status'])),
        '--- the operator',
        rig.output().slice(-4000),
      ].join('\n'),
    )
  const watching = new AbortController()
  const look = async (): Promise<void> => {
    for (const branch of branches) {
      if ((await store.resolve(branch)) === null) continue
      for (const oid of await store.log(branch)) if (!seen.has(oid)) seen.set(oid, performance.now())
    }
  }
  const isObserved = (index: number): boolean => {
    const { metadata, status } = api.objects.get(syncRef(index)) as {
      metadata: { generation?: number }
      status?: { observedGeneration?: number }
    }
    return status?.observedGeneration === metadata.generation
  }
  const record = (since: number): void => {
    api.settle()
    journal.record(
      readCluster(api),
      [...specs],
      specs.map((_, index) => isObserved(index)),
      since,
    )
  }
  const watch = (async () => {
    while (!watching.signal.aborted) {
      await look()
      await pause(POLL)
    }
  })()

  const ask = (value: string): void => {
    for (const index of specs.keys())
      api.objects.patch(syncRef(index), { metadata: { annotations: { 'gitsync.dev/requested-at': value } } })
  }
  /** Waits until everything is in Git that has to be there, as a person who answers what is asked. */
  const settled = async (request: string): Promise<void> => {
    ask(request)
    const deadline = performance.now() + PATIENCE
    for (;;) {
      let handled = true
      for (const index of specs.keys()) {
        const { status } = api.objects.get(syncRef(index)) as {
          status?: { lastHandledRequest?: string; conditions?: { type: string; status: string; message: string }[] }
        }
        const ready = status?.conditions?.find(({ type }) => type === 'Ready')
        handled &&= status?.lastHandledRequest === request && ready?.status === 'True'
        const token = /confirm-deletion=(\w+)\)/.exec(ready?.message ?? '')?.[1]
        if (token !== undefined) {
          handled = false
          const annotations = { 'gitsync.dev/confirm-deletion': token }
          api.objects.patch(syncRef(index), { metadata: { annotations } })
        }
      }
      const late = performance.now() > deadline
      if (handled || late) {
        const cluster = readCluster(api)
        const found: string[] = []
        for (const spec of specs)
          found.push(...(await faultsOfFolder(store, spec, cluster, await readHistory(store, spec.repository.branch))))
        if (handled && found.length === 0) return
        if (late) throw failed(handled ? 'Git is not what it has to be' : 'the operator does not come to an end', found)
      }
      await pause(POLL * 4)
    }
  }
  try {
    for (let i = 0; i < FIRST_OBJECTS; i++) createSome(scene, random)
    record(-Infinity)
    await rig.start()
    const isSkipped = skipped()
    for (let i = 0; i < steps; i++) {
      // A source of its own for each, so that one that is left out changes no other.
      const own = seeded(seed * 10_000 + i)
      if (isSkipped(i)) continue
      const since = performance.now()
      const done = await step(scene, own)
      record(since)
      if (done !== undefined) journal.note(`${i}: ${done}`)
      await pause(own.int(LONGEST_PAUSE))
    }
    const since = performance.now()
    await heal(scene)
    record(since)
    journal.note('everything works again')
    await settled('after all')
    // Nothing is to be done any more, and nothing is done.
    const tips = (): Promise<(string | null)[]> => Promise.all(branches.map((branch) => store.resolve(branch)))
    const before = await tips()
    await settled('once more')
    const after = await tips()
    await look()
    const found = after.flatMap((tip, index) =>
      tip === before[index] ? [] : [`${branches[index]} was written when there was nothing to write`],
    )
    await store.fsck()
    for (const branch of branches) found.push(...(await faultsOfBranch({ store, journal, seen }, branch, specs)))
    if (found.length > 0) throw failed('something is wrong in Git', found)
  } finally {
    watching.abort()
    await watch.catch(() => undefined)
    await rig.close()
  }
}
