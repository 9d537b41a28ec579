import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identityKey } from '../objects/object.ts'
import { ChangeWindow } from './window.ts'
import type { Batch, Change } from './window.ts'

const ann = { name: 'Ann', email: 'ann@example.com' }
const bob = { name: 'Bob', email: 'bob@example.com' }
const cy = { name: 'Cy', email: 'cy@example.com' }
const options = { silence: 5_000, maxLatency: 60_000 }

function change(path: string, oid: string | null, author = ann, more: Partial<Change> = {}): Change {
  const identity = { group: '', kind: 'ConfigMap', namespace: 'shop', name: path }
  return { path, identity, action: oid === null ? 'Delete' : 'Update', oid, author, time: 0, ...more }
}

const told = (batches: readonly Batch[]) =>
  batches.map(({ author, changes }) => [author.name, ...changes.map(({ path, oid }) => `${path}=${oid}`)])

test('closes after a silence', () => {
  const window = new ChangeWindow(options)
  expect(window.dueAt()).toBeUndefined()
  window.add(change('a', '1'), 0)
  window.add(change('b', '1'), 4_000)
  expect(window.dueAt()).toBe(9_000)
  expect(window.take(8_999)).toEqual([])
  expect(told(window.take(9_000))).toEqual([['Ann', 'a=1', 'b=1']])
  expect(window.dueAt()).toBeUndefined()
  expect(window.size).toBe(0)
})

test('closes at the maximum latency, however busy it is', () => {
  const window = new ChangeWindow(options)
  for (let now = 0; now < 60_000; now += 1_000) {
    expect(window.take(now)).toEqual([])
    window.add(change('a', String(now)), now)
  }
  expect(window.dueAt()).toBe(60_000)
  expect(told(window.take(60_000))).toEqual([['Ann', 'a=59000']])
})

test('a path whose author changes closes it at once', () => {
  const window = new ChangeWindow(options)
  window.add(change('a', '1', ann), 0)
  window.add(change('b', '1', bob), 0)
  expect(window.dueAt()).toBe(5_000)
  window.add(change('a', '2', bob), 1_000)
  expect(window.dueAt()).toBe(0)
  expect(window.size).toBe(3)
  expect(told(window.take(1_000))).toEqual([
    ['Ann', 'a=1'],
    ['Bob', 'b=1'],
  ])
  expect(told(window.take(1_000))).toEqual([])
  expect(told(window.take(6_000))).toEqual([['Bob', 'a=2']])
})

test('knows whose changes wait, in the open window and in what is closed', () => {
  const window = new ChangeWindow(options)
  window.add(change('a', '1', ann), 0)
  window.add(change('a', '2', bob), 0)
  window.add(change('b', '1', ann), 0)
  const [a = '', b = '', c = ''] = ['a', 'b', 'c'].map((path) => identityKey(change(path, '1').identity))
  const waiting = (): readonly boolean[] => [a, b, c].map((key) => window.has(key))
  expect(waiting()).toEqual([true, true, false])
  window.take(5_000, ({ author }) => author === ann)
  expect(waiting()).toEqual([true, true, false])
  window.take(5_000, ({ author }) => author === bob)
  expect(waiting()).toEqual([false, true, false])
  window.take(5_000)
  expect(waiting()).toEqual([false, false, false])
})

test('persons with one name and two addresses are two persons', () => {
  const window = new ChangeWindow(options)
  window.add(change('a', '1', { name: 'Ann', email: 'ann@one.example' }), 0)
  window.add(change('a', '2', { name: 'Ann', email: 'ann@two.example' }), 0)
  window.seal()
  expect(window.take(0).map(({ author }) => author.email)).toEqual(['ann@one.example', 'ann@two.example'])
})

test('what was created and changed in one window was created', () => {
  const window = new ChangeWindow(options)
  window.add(change('a', '1', ann, { action: 'Create' }), 0)
  window.add(change('a', '2'), 0)
  window.seal()
  expect(window.take(0)[0]?.changes).toMatchObject([{ action: 'Create', oid: '2' }])
})

test('a message belongs to the window that it closes', () => {
  const window = new ChangeWindow(options)
  window.add(change('a', '1'), 0)
  window.seal('Save now')
  window.add(change('b', '1'), 0)
  window.seal()
  expect(window.take(0).map(({ message }) => message)).toEqual(['Save now', undefined])
})

test('new options count for the open window', () => {
  const window = new ChangeWindow(options)
  window.add(change('a', '1'), 0)
  window.options = { silence: 1_000, maxLatency: 500 }
  expect(window.dueAt()).toBe(500)
})

test('a window with a great many changes closes', () => {
  const window = new ChangeWindow(options)
  for (let i = 0; i < 200_000; i++) window.add(change(`p${i}`, '1', ann, { time: i }), 0)
  window.seal()
  expect(window.take(0)).toMatchObject([{ time: 199_999 }])
})

test('nothing added is lost, paths keep their order, and nobody signs for another', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('add' as const),
        path: fc.constantFrom('a', 'b', 'c'),
        who: fc.constantFrom(ann, bob, cy),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 30_000 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('seal' as const) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const window = new ChangeWindow(options)
      const added: Change[] = []
      const batches: Batch[] = []
      let now = 0
      // Model of when it closes.
      let first: number | undefined
      let last = 0
      for (const each of steps) {
        if (each.do === 'add') {
          const next = change(each.path, String(added.length), each.who, { time: added.length })
          const open = window.size === 0 ? undefined : first
          window.add(next, now)
          added.push(next)
          first = open ?? now
          last = now
        } else if (each.do === 'seal') window.seal()
        else {
          now += each.ms
          const taken = window.take(now)
          batches.push(...taken)
          if (first !== undefined && Math.min(last + options.silence, first + options.maxLatency) <= now)
            expect(window.size).toBe(0)
          if (window.size === 0) first = undefined
          expect(window.dueAt() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now)
        }
      }
      window.seal()
      batches.push(...window.take(now))
      expect(window.size).toBe(0)
      const out = batches.flatMap(({ changes }) => changes)
      for (const batch of batches) {
        for (const { author } of batch.changes) expect(author).toEqual(batch.author)
        expect(batch.time).toBe(Math.max(...batch.changes.map(({ time }) => time)))
        expect(new Set(batch.changes.map(({ path }) => path)).size).toBe(batch.changes.length)
      }
      for (const path of ['a', 'b', 'c']) {
        const ins = added.filter((each) => each.path === path).map(({ oid }) => Number(oid))
        const outs = out.filter((each) => each.path === path).map(({ oid }) => Number(oid))
        expect(outs).toEqual([...outs].sort((x, y) => x - y))
        expect(outs.at(-1)).toBe(ins.at(-1))
        // A state may be left out only when its own author replaced it.
        for (const [index, each] of ins.entries()) {
          const next = ins[index + 1]
          if (outs.includes(each)) continue
          expect(next).toBeDefined()
          expect(added[next as number]?.author).toEqual(added[each]?.author)
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('forgetting contents keeps what was seen deleted', () => {
  const window = new ChangeWindow(options)
  window.add(change('a', '1', ann), 0)
  window.add(change('a', '2', bob), 0)
  window.add(change('gone', null, bob), 0)
  window.forgetContents()
  expect(window.take(99_999).flatMap(({ changes }) => changes.map(({ path }) => path))).toEqual(['gone'])
  expect([window.size, window.dueAt()]).toEqual([0, undefined])
})

test('a state that was told is a batch of its own, with its words and date, wherever it comes', () => {
  const window = new ChangeWindow(options)
  window.add(change('a', '1'), 0)
  window.add(change('a', '2', ann, { time: 7, told: { message: 'Why', trailers: ['X: 1'] } }), 0)
  window.add(change('a', '3', ann, { time: 8, told: { trailers: [] } }), 0)
  window.add(change('a', '4'), 0)
  window.add(change('b', '1'), 0)
  expect(window.dueAt()).toBe(0)
  const taken = window.take(0)
  expect(told(taken)).toEqual([
    ['Ann', 'a=1'],
    ['Ann', 'a=2'],
    ['Ann', 'a=3'],
  ])
  expect(taken[1]).toMatchObject({ time: 7, message: 'Why', trailers: ['X: 1'] })
  expect(taken[2]).not.toHaveProperty('message')
  expect(told(window.take(5_000))).toEqual([['Ann', 'a=4', 'b=1']])
})

test('what does not fit stays, with all that comes after it', () => {
  const window = new ChangeWindow(options)
  for (const oid of ['1', '22', '1']) window.add(change('a', oid, ann, { told: { trailers: [] } }), 0)
  const short = ({ changes: [first] }: Batch): boolean => first?.oid?.length === 1
  expect(told(window.take(0, short))).toEqual([['Ann', 'a=1']])
  expect([window.size, window.dueAt()]).toEqual([2, 0])
  expect(window.take(0, short)).toEqual([])
  window.forgetContents()
  expect(told(window.take(0))).toEqual([
    ['Ann', 'a=22'],
    ['Ann', 'a=1'],
  ])
})
