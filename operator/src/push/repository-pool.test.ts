import { afterEach, expect, test, vi } from 'vitest'
import type { Agent } from 'undici'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { RepositoryPool } from './repository-pool.ts'
import type { ConnectOptions } from './repository-pool.ts'

/** Agents that are neither closed nor destroyed. */
const open = vi.hoisted(() => new Set<unknown>())
vi.mock(import('undici'), async (original) => {
  const module = await original()
  class CountedAgent extends module.Agent {
    constructor(options?: Agent.Options) {
      super(options)
      open.add(this)
    }
    override close(...args: any[]): any {
      open.delete(this)
      return (super.close as any)(...args)
    }
    override destroy(...args: any[]): any {
      open.delete(this)
      return (super.destroy as any)(...args)
    }
  }
  return { ...module, Agent: CountedAgent }
})

const MINUTE = 60_000
const policy = { allowPrivateAddresses: false, allowPlainHttp: false }
const options = (ca: string | undefined, token = 't'): ConnectOptions => ({
  url: 'https://git.example.com/a.git',
  auth: { bearer: token },
  policy,
  ca,
})
const newPool = () => {
  const clock = manualClock()
  return { clock, pool: new RepositoryPool({ userAgent: 'git/test', clock }) }
}

afterEach(() => open.clear())

test('what nobody uses any more is closed after a minute, and not before', () => {
  const { clock, pool } = newPool()
  let connection = pool.connect(options('ca 0'), undefined)
  for (let i = 1; i <= 20; i++) {
    connection = pool.connect(options(`ca ${i}`), connection)
    clock.advance(MINUTE / 2)
    expect(open.size).toBeLessThanOrEqual(3)
  }
  clock.advance(MINUTE)
  expect(open.size).toBe(1)
  pool.release(connection)
  clock.advance(MINUTE - 1)
  expect(open.size).toBe(1)
  clock.advance(1)
  expect(open.size).toBe(0)
})

test('what is used again meanwhile, or by others, stays', () => {
  const { clock, pool } = newPool()
  const one = pool.connect(options('ca'), undefined)
  const other = pool.connect(options('ca', 'other token'), undefined)
  expect(open.size).toBe(1)
  pool.release(one)
  clock.advance(2 * MINUTE)
  pool.release(other)
  clock.advance(MINUTE / 2)
  pool.connect(options('ca'), undefined)
  clock.advance(2 * MINUTE)
  expect(open.size).toBe(1)
})

test('nothing is left after the end', async () => {
  const { clock, pool } = newPool()
  pool.release(pool.connect(options('a'), undefined))
  pool.connect(options('b'), undefined)
  await pool.close()
  clock.advance(2 * MINUTE)
  expect(open.size).toBe(0)
})

test('nothing changed, nothing opened', () => {
  const { pool } = newPool()
  const connection = pool.connect(options('a'), undefined)
  expect(pool.connect(options('a'), connection)).toBe(connection)
  expect(open.size).toBe(1)
})
