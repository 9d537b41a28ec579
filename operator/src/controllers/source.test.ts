import { expect, test } from 'vitest'
import { KubeError } from '../kube/errors.ts'
import type { ReflectorPool } from '../kube/reflector-pool.ts'
import type { ReflectorHandler, ReflectorState } from '../kube/reflector.ts'
import { CONFIGMAPS } from './known-resources.ts'
import { Source } from './source.ts'

const START = 1_000_000

function open(scopes: readonly (string | undefined)[] = [undefined]) {
  const watches: ReflectorHandler[] = []
  const pool: ReflectorPool = {
    subscribe(_resource, _namespace, handler) {
      watches.push(handler)
      return { close: () => undefined, state: { phase: 'Listing', since: START, restarts: 0 } }
    },
    list: () => [],
  }
  const ignore = (): void => undefined
  const handler = { selected: ignore, unselected: ignore, deleted: ignore, synced: ignore, stateChanged: ignore }
  const source = new Source(CONFIGMAPS, [], handler)
  source.open(pool, scopes)
  const enter = (index: number, phase: ReflectorState['phase'], since: number, lastError?: KubeError): void =>
    watches[index]?.onState?.({ phase, since, restarts: 0, ...(lastError === undefined ? {} : { lastError }) })
  const list = (index: number): void => watches[index]?.onSynced({ present: new Set(), vanished: new Set() })
  return { source, enter, list }
}

function watching() {
  const opened = open()
  opened.enter(0, 'Listing', START)
  opened.list(0)
  opened.enter(0, 'Watching', START)
  return opened
}

const forbidden = new KubeError('Forbidden', 'WATCH /api/v1/configmaps: 403 no')

test.each(['Forbidden', 'Backoff', 'NotServed'] as const)('a watch that stays %s after its list is stale', (phase) => {
  const { source, enter } = watching()
  enter(0, phase, START, forbidden)
  expect(source.failing).toBeUndefined()
  expect(source.stale(START + 60_000)).toBeUndefined()
  expect(source.stale(START + 60_001)).toBe(
    'not watched since 1970-01-01T00:16:40.000Z: WATCH /api/v1/configmaps: 403 no',
  )
})

test('going from one attempt to the next does not make a stale watch look fresh', () => {
  const { source, enter } = watching()
  for (let at = START; at <= START + 60_000; at += 10_000) {
    enter(0, 'Backoff', at, forbidden)
    enter(0, 'Listing', at + 5_000)
  }
  expect(source.stale(START + 66_000)).toContain(
    'not watched since 1970-01-01T00:16:40.000Z: the watch is in phase Listing',
  )
})

test('a watch that came back is not stale, and neither is one that lists again', () => {
  const { source, enter } = watching()
  enter(0, 'Backoff', START, forbidden)
  enter(0, 'Watching', START + 90_000)
  expect(source.stale(START + 500_000)).toBeUndefined()
  enter(0, 'Listing', START + 500_000)
  expect(source.stale(START + 530_000)).toBeUndefined()
})

test('what has never been listed is failing, not stale', () => {
  const { source, enter } = open()
  enter(0, 'Forbidden', START, forbidden)
  expect(source.failing?.lastError).toBe(forbidden)
  expect(source.stale(START + 500_000)).toBeUndefined()
})

test('one part of the cluster is enough', () => {
  const { source, enter, list } = open(['a', 'b'])
  for (const index of [0, 1]) {
    list(index)
    enter(index, 'Watching', START)
  }
  enter(1, 'Forbidden', START, forbidden)
  expect(source.stale(START + 60_001)).toContain('403 no')
})

test('a refused watch is known at once, through further attempts, until it is watched', () => {
  const { source, enter } = watching()
  expect(source.refusal).toBeUndefined()
  enter(0, 'Forbidden', START, forbidden)
  enter(0, 'Listing', START + 60_000)
  expect(source.refusal).toBe('WATCH /api/v1/configmaps: 403 no')
  enter(0, 'Watching', START + 60_010)
  expect(source.refusal).toBeUndefined()
})
