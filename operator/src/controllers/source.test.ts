import { describe, expect, test } from 'vitest'
import { KubeError } from '../kube/errors.ts'
import type { ReflectorPool } from '../kube/reflector-pool.ts'
import type { ReflectorHandler, ReflectorState } from '../kube/reflector.ts'
import type { KubernetesObject } from '../objects/object.ts'
import type { Exclusions } from '../plan/exclusions.ts'
import { CONFIGMAPS } from './known-resources.ts'
import { Source } from './source.ts'
import type { SourceHandler, SourceRule } from './source.ts'

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
  const handler = {
    selected: ignore,
    unselected: ignore,
    deleted: ignore,
    goneUnwritten: ignore,
    synced: ignore,
    relisted: ignore,
    stateChanged: ignore,
  }
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

describe('what is told', () => {
  const object = (name: string, more: object = {}, manager = 'kubectl'): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: 'a',
      managedFields: [{ manager, operation: 'Update', time: '2026-01-01T00:00:00Z' }],
      ...more,
    },
  })

  function read(selector: object, exclusions: Exclusions) {
    const log: string[] = []
    const subscribed = new Map<string | undefined, ReflectorHandler>()
    const pool: ReflectorPool = {
      subscribe(_resource, namespace, handler) {
        subscribed.set(namespace, handler)
        log.push(`+${namespace}`)
        return {
          close: () => void log.push(`-${namespace}`),
          state: { phase: 'Listing', since: START, restarts: 0 },
        }
      },
      list: () => [],
    }
    const handler: SourceHandler = {
      selected: ({ metadata: { name } }) => void log.push(`selected ${name}`),
      unselected: (key) => void log.push(`unselected ${key}`),
      deleted: (key) => void log.push(`deleted ${key}`),
      goneUnwritten: () => void log.push('gone unwritten'),
      synced: (_source, present) => void log.push(`synced ${[...present].join()}`),
      relisted: () => void log.push('relisted'),
      stateChanged: () => undefined,
    }
    const rule = (...namespaces: string[]): SourceRule => ({
      selector: { group: '', kind: 'ConfigMap', ...selector },
      namespaces: new Set(namespaces),
    })
    const source = new Source(CONFIGMAPS, [rule('a')], handler, exclusions)
    source.open(pool, ['a'])
    log.length = 0
    return { source, log, pool, rule, at: (namespace: string) => subscribed.get(namespace) }
  }

  test('an object that an ignored manager wrote last is left alone, until somebody else writes it', () => {
    const { source, log, at } = read({}, { defaultExclusions: true, ignoreManagers: ['kustomize-*'] })
    at('a')?.onObject(object('x', {}, 'kustomize-controller'), 'initial')
    expect(log).toEqual([])
    expect(source.leavesAlone({ group: '', kind: 'ConfigMap', namespace: 'a', name: 'x' })).toBe(true)
    at('a')?.onObject(object('x'), 'live')
    at('a')?.onObject(object('x', {}, 'kustomize-controller'), 'live')
    at('a')?.onDelete(object('x', {}, 'kustomize-controller'))
    expect(log).toEqual(['selected x', 'unselected ConfigMap/a/x', 'gone unwritten'])
    expect(source.leavesAlone({ group: '', kind: 'ConfigMap', namespace: 'a', name: 'x' })).toBe(false)
  })

  test('what is excluded is not told, and what clusters make by themselves only where it is named', () => {
    const noise = object('kube-root-ca.crt')
    const by = (selector: object, exclusions: Exclusions): boolean => read(selector, exclusions).source.selects(noise)
    expect(by({}, { defaultExclusions: true })).toBe(false)
    expect(by({ names: ['kube-*'] }, { defaultExclusions: true })).toBe(false)
    expect(by({ names: ['kube-root-ca.crt'] }, { defaultExclusions: true })).toBe(true)
    expect(by({}, { defaultExclusions: false })).toBe(true)
    const exclude = [{ names: ['kube-*'] }]
    expect(by({ names: ['kube-root-ca.crt'] }, { defaultExclusions: false, exclude })).toBe(false)
  })

  test('after the first list each further one is told', () => {
    const { log, at } = read({}, { defaultExclusions: true })
    for (let i = 0; i < 3; i++) at('a')?.onSynced({ present: new Set(), vanished: new Set() })
    expect(log).toEqual(['synced ', 'relisted', 'relisted'])
  })

  test('a namespace that comes is read, and the others are not read again', () => {
    const { source, log, pool, rule, at } = read({}, { defaultExclusions: true })
    at('a')?.onObject(object('x'), 'initial')
    at('a')?.onSynced({ present: new Set(), vanished: new Set() })
    source.update(pool, [rule('a', 'b')], ['a', 'b'])
    expect(source.synced).toBe(false)
    at('b')?.onSynced({ present: new Set(), vanished: new Set() })
    source.update(pool, [rule('b')], ['b'])
    expect(log).toEqual(['selected x', 'synced ConfigMap/a/x', '+b', 'synced ConfigMap/a/x', '-a'])
    expect(source.covers({ group: '', kind: 'ConfigMap', namespace: 'a', name: 'x' })).toBe(false)
  })

  test('a namespace for which other entries hold is read again', () => {
    const { source, log, pool, rule } = read({}, { defaultExclusions: true })
    source.update(pool, [rule('a'), rule('a')], ['a'])
    expect(log).toEqual(['-a', '+a'])
  })
})
