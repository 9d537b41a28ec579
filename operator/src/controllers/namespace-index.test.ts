import { beforeEach, expect, test } from 'vitest'
import { KubeError } from '../kube/errors.ts'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { toldPool } from '../kube/testing/told-pool.ts'
import type { ToldPool } from '../kube/testing/told-pool.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { createNamespaceIndex } from './namespace-index.ts'
import type { NamespaceIndex } from './namespace-index.ts'

const SHOP = { matchLabels: { team: 'shop' } }
const namespace = (name: string, team?: string): KubernetesObject => ({
  apiVersion: 'meta.k8s.io/v1',
  kind: 'PartialObjectMetadata',
  metadata: { name, ...(team === undefined ? {} : { labels: { team } }) },
})
const nothing = { present: new Set<string>(), vanished: new Set<string>() }

let clock: ReturnType<typeof manualClock>
let pool: ToldPool
let changed: string[]
let index: NamespaceIndex

beforeEach(() => {
  clock = manualClock()
  ;[pool, changed] = [toldPool(), []]
  index = createNamespaceIndex(pool, clock, (asker) => changed.push(asker))
})

const list = (...objects: KubernetesObject[]): void => {
  for (const object of objects) pool.handlers.at(-1)?.onObject(object, 'initial')
  pool.handlers.at(-1)?.onSynced(nothing)
}

test('namespaces are not read before somebody asks, and then their metadata alone', async () => {
  expect(pool.handlers).toEqual([])
  const answer = index.matching('a/x', 'resources', [SHOP, {}])
  list(namespace('one', 'shop'), namespace('two'))
  expect(await answer).toEqual([['one'], ['one', 'two']])
  expect(pool.narrowings).toEqual([{ metadataOnly: true }])
  await index.matching('a/y', 'resources', [SHOP])
  expect(pool.handlers).toHaveLength(1)
})

test('those whose answer changes are told, once for changes that come together', async () => {
  const answers = [
    index.matching('a/shop', 'resources', [SHOP]),
    index.matching('a/bank', 'resources', [{ matchLabels: { team: 'bank' } }]),
  ]
  list(namespace('one', 'shop'))
  await Promise.all(answers)
  clock.advance(1_000)
  changed.length = 0
  pool.handlers[0]?.onObject(namespace('two', 'shop'), 'live')
  pool.handlers[0]?.onObject(namespace('three', 'shop'), 'live')
  pool.handlers[0]?.onObject(namespace('four', 'other'), 'live')
  clock.advance(1_000)
  expect(changed).toEqual(['a/shop'])
  pool.handlers[0]?.onObject(namespace('two', 'bank'), 'live')
  clock.advance(1_000)
  expect(changed).toEqual(['a/shop', 'a/shop', 'a/bank'])
  index.forget('a/bank')
  pool.handlers[0]?.onObject(namespace('two'), 'live')
  clock.advance(1_000)
  expect(changed).toHaveLength(3)
  expect(await index.matching('a/shop', 'resources', [SHOP])).toEqual([['one', 'three']])
})

test('a namespace that is gone counts until its objects are told to be gone', async () => {
  const answer = index.matching('a/x', 'resources', [SHOP])
  list(namespace('one', 'shop'))
  await answer
  clock.advance(1_000)
  changed.length = 0
  pool.handlers[0]?.onDelete(namespace('one', 'shop'))
  clock.advance(29_000)
  expect(await index.matching('a/x', 'resources', [SHOP])).toEqual([['one']])
  clock.advance(2_000)
  expect(changed).toEqual(['a/x'])
  expect(await index.matching('a/x', 'resources', [SHOP])).toEqual([[]])
})

test('a refusal is told at once, and the next question finds out anew', async () => {
  const answer = index.matching('a/x', 'resources', [SHOP])
  const lastError = new KubeError('Forbidden', 'no')
  pool.handlers[0]?.onState?.({ phase: 'Forbidden', since: 0, restarts: 1, lastError })
  await expect(answer).rejects.toMatchObject({ code: 'Forbidden' })
  const again = index.matching('a/x', 'resources', [SHOP])
  expect(pool.handlers).toHaveLength(2)
  list(namespace('one', 'shop'))
  expect(await again).toEqual([['one']])
})

test('an answer that does not come is not an empty one', async () => {
  const answer = index.matching('a/x', 'resources', [SHOP])
  clock.advance(10_000)
  await expect(answer).rejects.toMatchObject({ code: 'Unavailable' })
})

test('each question of a GitSync is answered for itself, until it is forgotten', async () => {
  const answers = [
    index.matching('a/x', 'resources', [SHOP]),
    index.matching('a/x', 'provider', [{ matchLabels: { team: 'bank' } }]),
  ]
  list(namespace('one', 'shop'))
  expect(await Promise.all(answers)).toEqual([[['one']], [[]]])
  const told = (team: string): string[] => {
    changed.length = 0
    pool.handlers[0]?.onObject(namespace(team, team), 'live')
    clock.advance(1_000)
    return [...changed]
  }
  clock.advance(1_000)
  expect([told('shop'), told('bank')]).toEqual([['a/x'], ['a/x']])
  index.forget('a/x', 'resources')
  pool.handlers[0]?.onDelete(namespace('shop', 'shop'))
  clock.advance(60_000)
  expect(changed).toEqual(['a/x'])
  expect(told('shop')).toEqual([])
})
