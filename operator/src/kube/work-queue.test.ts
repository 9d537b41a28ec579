import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { until } from './testing/api.ts'
import { manualClock } from './testing/manual-clock.ts'
import { createWorkQueue, type WorkItem } from './work-queue.ts'

test('a key is in the queue once, and once more after it was added while being worked on', async () => {
  const queue = createWorkQueue({ clock: manualClock() })
  queue.add('a')
  queue.add('a')
  const item = await queue.get()
  expect([item?.key, queue.depth]).toEqual(['a', 0])
  queue.add('a')
  queue.add('a')
  expect(queue.depth).toBe(0)
  item?.done()
  item?.done()
  expect(queue.depth).toBe(1)
})

test('of several waits the earliest counts, and add ends them all', () => {
  const clock = manualClock()
  const queue = createWorkQueue({ clock })
  queue.addAfter('a', 100)
  queue.addAfter('a', 50)
  queue.addAfter('a', 200)
  expect(clock.pending).toBe(1)
  clock.advance(49)
  expect(queue.depth).toBe(0)
  clock.advance(1)
  expect(queue.depth).toBe(1)
  queue.addAfter('b', 50)
  queue.add('b')
  expect([clock.pending, queue.depth]).toEqual([0, 2])
})

test('retries wait longer and longer up to the maximum, with jitter, until the key is forgotten', () => {
  const waits: number[] = []
  const clock = { ...manualClock(), after: (ms: number) => (waits.push(ms), () => undefined) }
  const queue = createWorkQueue({ clock, random: () => 1, backoff: { baseMs: 5, maxMs: 30 } })
  for (let n = 0; n < 5; n++) queue.retry(`${n}`)
  expect(waits).toEqual([5, 5, 5, 5, 5])
  waits.length = 0
  const low = createWorkQueue({ clock: { ...clock }, random: () => 0, backoff: { baseMs: 5, maxMs: 30 } })
  for (let n = 0; n < 5; n++) {
    low.retry('a')
    low.add('a')
    void low.get().then((item) => item?.done())
  }
  expect(waits).toEqual([2.5, 5, 10, 15, 15])
  expect(low.failures('a')).toBe(5)
  low.forget('a')
  expect(low.failures('a')).toBe(0)
})

describe('run', () => {
  test('retries what throws, requeues on request, and never gives one key to two', async () => {
    const queue = createWorkQueue({ backoff: { baseMs: 1, maxMs: 2 } })
    const seen: string[] = []
    const errors: string[] = []
    let busy = 0
    const running = queue.run(
      async (key) => {
        expect(++busy).toBe(1)
        await Promise.resolve()
        busy--
        seen.push(key)
        if (seen.length < 3) throw new Error('again')
        return seen.length === 3 ? { requeueAfterMs: 1 } : undefined
      },
      { concurrency: 4, onError: (key) => errors.push(key) },
    )
    queue.add('a')
    await until(() => seen.length === 4)
    expect(errors).toEqual(['a', 'a'])
    expect(queue.failures('a')).toBe(0)
    await queue.shutdown()
    await running
  })

  test('shutdown finishes what is ready and drops what waits', async () => {
    const queue = createWorkQueue()
    const seen: string[] = []
    let release: (() => void) | undefined
    const running = queue.run(async (key) => {
      seen.push(key)
      if (key === 'a') await new Promise<void>((resolve) => (release = resolve))
    })
    queue.add('a')
    await until(() => release !== undefined)
    queue.add('a')
    queue.add('b')
    queue.addAfter('c', 1)
    const stopped = queue.shutdown()
    queue.add('d')
    release?.()
    await until(() => seen.length === 3)
    release?.()
    await Promise.all([stopped, running])
    expect(seen.toSorted()).toEqual(['a', 'a', 'b'])
  })

  test('shutdown without drain waits only for what is being worked on', async () => {
    const queue = createWorkQueue()
    queue.add('a')
    queue.add('b')
    const item = await queue.get()
    const stopped = queue.shutdown({ drain: false })
    item?.done()
    await stopped
    expect(await queue.get()).toBeUndefined()
  })
})

test('metrics', async () => {
  const clock = manualClock()
  const log: string[] = []
  const queue = createWorkQueue({
    clock,
    metrics: {
      depth: (n) => log.push(`depth ${n}`),
      added: () => log.push('added'),
      queued: (s) => log.push(`queued ${s}`),
      worked: (s) => log.push(`worked ${s}`),
      retried: () => log.push('retried'),
    },
  })
  queue.add('a')
  clock.advance(2000)
  const item = await queue.get()
  clock.advance(3000)
  expect(queue.running()).toEqual([3])
  queue.retry('a')
  item?.done()
  expect(log).toEqual(['added', 'depth 1', 'queued 2', 'depth 0', 'retried', 'worked 3'])
})

test('behaves as its model: a set of ready keys in order, due times, and keys in work', async () => {
  const key = fc.constantFrom('a', 'b', 'c')
  const step = fc.oneof(
    fc.record({ do: fc.constant('add'), key }),
    fc.record({ do: fc.constant('after'), key, ms: fc.integer({ min: 0, max: 30 }) }),
    fc.record({ do: fc.constant('get') }),
    fc.record({ do: fc.constant('done'), n: fc.nat() }),
    fc.record({ do: fc.constant('advance'), ms: fc.integer({ min: 1, max: 40 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = manualClock(0)
      const queue = createWorkQueue({ clock })
      const ready: string[] = []
      const due = new Map<string, number>()
      const again = new Set<string>()
      let work: WorkItem[] = []
      const add = (k: string) => {
        due.delete(k)
        if (work.some((item) => item.key === k)) again.add(k)
        else if (!ready.includes(k)) ready.push(k)
      }
      for (const s of steps as any[]) {
        if (s.do === 'add') {
          queue.add(s.key)
          add(s.key)
        } else if (s.do === 'after') {
          queue.addAfter(s.key, s.ms)
          if (s.ms === 0) add(s.key)
          else if (!ready.includes(s.key) && clock.now() + s.ms < (due.get(s.key) ?? Infinity)) {
            // Of waits that end at the same moment the one that was begun first comes first.
            due.delete(s.key)
            due.set(s.key, clock.now() + s.ms)
          }
        } else if (s.do === 'get' && ready.length > 0) {
          const item = await queue.get()
          expect(item?.key).toBe(ready.shift())
          work.push(item as WorkItem)
        } else if (s.do === 'done' && work.length > 0) {
          const item = work[s.n % work.length] as WorkItem
          work = work.filter((other) => other !== item)
          item.done()
          if (again.delete(item.key)) ready.push(item.key)
        } else if (s.do === 'advance') {
          clock.advance(s.ms)
          const now = [...due].filter(([, at]) => at <= clock.now()).sort(([, a], [, b]) => a - b)
          for (const [k] of now) add(k)
        }
        expect(queue.depth).toBe(ready.length)
        expect(queue.running()).toHaveLength(work.length)
        expect(clock.pending).toBe(due.size)
      }
      while (ready.length > 0) expect((await queue.get())?.key).toBe(ready.shift())
    }),
    { numRuns: 500 },
  )
})
