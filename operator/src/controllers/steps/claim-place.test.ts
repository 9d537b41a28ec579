import { beforeEach, expect, test } from 'vitest'
import type { Environment } from '../environment.ts'
import { environment, gitSync, reconciliation } from '../testing/reconciliation.ts'
import type { Problem } from '../step.ts'
import { claimPlace } from './claim-place.ts'

let woken: string[]
let world: Environment

beforeEach(() => {
  woken = []
  world = environment({ enqueue: (name) => woken.push(name) })
})

function claim(name: string, year: number, path: string, branch = 'main'): Problem | undefined {
  const object = gitSync({ name, createdAt: `${year}-01-01T00:00:00Z` }, { path, branch })
  return claimPlace(reconciliation(world, object))
}

test('an older GitSync that comes late wakes the newer, which then stops', () => {
  expect(claim('newer', 2026, 'a')).toBeUndefined()
  expect(claim('older', 2025, 'a/b')).toBeUndefined()
  expect(woken).toEqual(['shop/newer'])
  expect(claim('newer', 2026, 'a')?.reason).toBe('PathOverlap')
})

test('a GitSync that moves wakes the neighbours that it leaves and those that it joins', () => {
  claim('left', 2026, 'a', 'one')
  claim('joined', 2026, 'a', 'two')
  claim('mover', 2025, 'a', 'one')
  woken.length = 0
  claim('mover', 2025, 'a', 'two')
  expect(woken).toEqual(['shop/left', 'shop/joined'])
})

test('a place that stays wakes nobody', () => {
  claim('newer', 2026, 'a')
  claim('older', 2025, 'a')
  claim('newer', 2026, 'a')
  woken.length = 0
  claim('older', 2025, 'a')
  claim('newer', 2026, 'a')
  expect(woken).toEqual([])
})

test('a GitSync that is refused itself keeps nobody from a folder', () => {
  claim('first', 2024, 'a/b')
  expect(claim('second', 2025, 'a')?.reason).toBe('PathOverlap')
  expect(claim('third', 2026, 'a/c')).toBeUndefined()
})

test('a GitSync that becomes free again wakes those that took what it was refused', () => {
  claim('first', 2024, 'a/b')
  claim('second', 2025, 'a')
  claim('third', 2026, 'a/c')
  claim('first', 2024, 'elsewhere')
  woken.length = 0
  expect(claim('second', 2025, 'a')).toBeUndefined()
  expect(woken).toContain('shop/third')
  expect(claim('third', 2026, 'a/c')?.reason).toBe('PathOverlap')
})
