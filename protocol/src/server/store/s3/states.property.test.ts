import { setImmediate } from 'node:timers/promises'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SHA1 } from '../../../format/object-id.ts'
import type { RepositoryState } from '../repository-store.ts'
import type { Condition } from './bucket.ts'
import { printStateFile } from './state-file.ts'
import { States } from './states.ts'

const EMPTY: RepositoryState = {
  id: 'x',
  format: SHA1,
  head: 'refs/heads/main',
  refs: new Map(),
  packs: [],
  retired: [],
}

/** What happens to one request. `late`: it is not answered, and arrives after some others. */
type Fate = 'ok' | 'lost request' | 'lost answer' | 'late'

/** A bucket as S3 promises it, on a network that keeps no promise. */
class Lossy {
  readonly #values = new Map<string, { readonly text: string; readonly etag: string }>()
  readonly #late: (() => void)[] = []
  readonly #fates: readonly Fate[]
  #etag = 0
  #requests = 0

  constructor(fates: readonly Fate[]) {
    this.#fates = fates
  }

  async get(key: string, known?: string): Promise<{ text: string; etag: string } | 'same' | undefined> {
    return await this.#ask(() => {
      const value = this.#values.get(key)
      return value !== undefined && value.etag === known ? ('same' as const) : value
    })
  }

  async put(key: string, value: string | Buffer, condition: Condition): Promise<string | undefined> {
    return await this.#ask(() => {
      if (this.#values.get(key)?.etag !== ('etag' in condition ? condition.etag : undefined)) return undefined
      const etag = String(++this.#etag)
      this.#values.set(key, { text: String(value), etag })
      return etag
    })
  }

  async #ask<T>(act: () => T): Promise<T> {
    const fate = this.#fates[this.#requests++ % this.#fates.length]
    await setImmediate()
    if (fate === 'lost request') throw new Error('the connection was cut')
    if (fate === 'late') {
      this.#late.push(act)
      throw new Error('nobody answered')
    }
    if (this.#requests % 3 === 0) for (const one of this.#late.splice(0)) one()
    const answer = act()
    await setImmediate()
    if (fate === 'lost answer') throw new Error('the connection was cut')
    return answer
  }
}

const waiting = { random: () => 0, sleep: () => setImmediate() }

test('on any network, what was said to be written is written once, and what was refused is not', async () => {
  const fates = fc.array(fc.constantFrom<Fate>('ok', 'ok', 'ok', 'lost request', 'lost answer', 'late'), {
    minLength: 1,
    maxLength: 60,
  })
  await fc.assert(
    fc.asyncProperty(fates, fc.integer({ min: 1, max: 4 }), async (fates, writers) => {
      const bucket = new Lossy([...fates, 'ok'])
      const all = Array.from({ length: writers }, () => new States(bucket, waiting))
      const made = await Promise.allSettled(all.map((states, i) => states.create('a/b', { ...EMPTY, id: `id ${i}` })))
      const winners = made.flatMap((one, i) => (one.status === 'fulfilled' && one.value ? [`id ${i}`] : []))
      expect(winners.length).toBeLessThanOrEqual(1)
      if (made.every(({ status }) => status === 'fulfilled')) expect(winners).toHaveLength(1)
      // Each writes a number into HEAD that is one more than what it found: no number is written twice.
      const counted = await Promise.allSettled(
        all.flatMap((states) =>
          Array.from({ length: 3 }, async () => {
            const state = await states.change('a/b', (state) => ({ ...state, head: `${Number(state.head) + 1 || 1}` }))
            return state?.head
          }),
        ),
      )
      const reader = new States({ get: (key) => always(() => bucket.get(key)), put: () => never() }, waiting)
      const now = await reader.read('a/b')
      if (winners.length === 1) expect([now?.id]).toEqual(winners)
      const acknowledged = counted.filter((one) => one.status === 'fulfilled' && one.value !== undefined).length
      const unknown = counted.filter((one) => one.status === 'rejected').length
      const count = Number(now?.head) || 0
      expect(count).toBeGreaterThanOrEqual(acknowledged)
      expect(count).toBeLessThanOrEqual(acknowledged + unknown)
    }),
    { numRuns: 300 },
  )
})

async function always<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch {
      // The next try brings it.
    }
  }
}
const never = (): never => {
  throw new Error('nothing is written')
}

test('who loses again and again is told, after pauses that grow and differ', async () => {
  const pauses: number[] = []
  const losing = new States(
    {
      get: async () => ({ text: printStateFile({ state: EMPTY, writes: [] }), etag: '1' }),
      put: async () => undefined,
    },
    { random: () => 0.5, sleep: async (ms) => void pauses.push(ms) },
  )
  await expect(losing.change('a/b', (state) => state)).rejects.toMatchObject({
    code: 'StaleRef',
    message: expect.stringMatching(/^so many change a\/b at once/),
  })
  expect(pauses.length).toBeGreaterThan(10)
  expect(pauses.slice(0, 3)).toEqual([20, 40, 80])
  expect(Math.max(...pauses)).toBe(500)
})
