import { expect, test } from 'vitest'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { toldPool } from '../kube/testing/told-pool.ts'
import { watchPermissions } from './permission-changes.ts'

const ROLE = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'x', namespace: 'a' } }

function watch() {
  const clock = manualClock()
  const pool = toldPool()
  const told: number[] = []
  const start = clock.now()
  watchPermissions(pool, clock, { namespaces: undefined, rolesOnly: false }, () => told.push(clock.now() - start))
  return { clock, told, change: () => pool.handlers[0]?.onObject(ROLE, 'live') }
}

test('grants that change together are told once, a second after the last', () => {
  const { clock, told, change } = watch()
  change()
  clock.advance(900)
  change()
  clock.advance(60_000)
  expect(told).toEqual([1_900])
})

test('grants that never settle are told every ten seconds', () => {
  const { clock, told, change } = watch()
  for (let at = 0; at < 25_000; at += 500) {
    change()
    clock.advance(500)
  }
  clock.advance(60_000)
  expect(told.slice(0, 2).map((at) => Math.round(at / 1_000))).toEqual([10, 20])
  expect(told).toHaveLength(3)
})
