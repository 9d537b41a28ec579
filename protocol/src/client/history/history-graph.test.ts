import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CommitInfo } from '../read/objects.ts'
import { HistoryGraph } from './history-graph.ts'

const nobody = { name: '', email: '', date: new Date(0) }
const idOf = (n: number): string => n.toString(16).padStart(40, '0')

function commit(n: number, parents: readonly number[]): CommitInfo {
  return { oid: idOf(n), tree: '', parents: parents.map(idOf), author: nobody, committer: nobody, message: '' }
}

function graphOf(history: readonly (readonly number[])[]): HistoryGraph {
  const graph = new HistoryGraph()
  graph.add(new Map(history.map((parents, n) => [idOf(n), commit(n, parents)])))
  return graph
}

/** Commit n with parents of lower numbers. */
const histories = fc
  .array(fc.array(fc.nat(30), { maxLength: 3 }), { minLength: 1, maxLength: 25 })
  .map((drawn) => drawn.map((parents, n) => (n === 0 ? [] : parents.map((parent) => parent % n))))

function leadsTo(history: readonly (readonly number[])[], from: number, to: number): boolean {
  return (history[from] ?? []).some((parent) => parent === to || leadsTo(history, parent, to))
}

test('commits that lead to all of some, and that any of some leads to, are those that a walk from each would find', () => {
  fc.assert(
    fc.property(histories, fc.uniqueArray(fc.nat(24), { maxLength: 5 }), (history, drawn) => {
      const some = drawn.filter((n) => n < history.length)
      const numbers = history.map((_, n) => n)
      const above = numbers.filter((n) => some.length > 0 && some.every((one) => leadsTo(history, n, one)))
      const below = numbers.filter((n) => some.some((one) => leadsTo(history, one, n)))
      const graph = graphOf(history)
      expect([...graph.aboveAll(some.map(idOf))].sort()).toEqual(above.map(idOf))
      expect([...graph.belowAny(some.map(idOf))].sort()).toEqual(below.map(idOf))
    }),
  )
})

test('a frontier that would take unbounded memory to judge is not judged', () => {
  const length = 20_000
  const history = Array.from({ length }, (_, n) => (n === 0 ? [] : [n - 1]))
  const graph = graphOf(history)
  const all = Array.from({ length }, (_, n) => idOf(n))
  expect(graph.aboveAll(all).size).toBe(0)
  expect(graph.aboveAll([idOf(0)]).size).toBe(length - 1)
})
