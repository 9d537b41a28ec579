import type { CommitInfo } from '@gitsync/protocol'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lineage } from './lineage.ts'

const nobody = (time: number) => ({ name: '', email: '', date: new Date(time) })

/** Commit n with parents of lower numbers, and its time. */
const histories = fc
  .array(fc.record({ parents: fc.array(fc.nat(30), { maxLength: 3 }), time: fc.nat(9) }), {
    minLength: 1,
    maxLength: 25,
  })
  .map((drawn) =>
    drawn.map(({ parents, time }, n): CommitInfo => {
      const oids = n === 0 ? [] : parents.map((parent) => String(parent % n))
      return { oid: String(n), tree: '', parents: oids, author: nobody(0), committer: nobody(time), message: '' }
    }),
  )

function reach(history: readonly CommitInfo[], from: string): Set<string> {
  const found = new Set<string>()
  const open = [from]
  for (let oid = open.pop(); oid !== undefined; oid = open.pop()) {
    if (found.has(oid)) continue
    found.add(oid)
    open.push(...(history[Number(oid)]?.parents ?? []))
  }
  return found
}

test('what an earlier tip reaches is old, and nothing new comes after the end', () => {
  fc.assert(
    fc.property(histories, fc.option(fc.nat(30)), (history, drawn) => {
      const tip = String(history.length - 1)
      const earlier = drawn === null ? undefined : String(drawn % history.length)
      const seen = reach(history, tip)
      const old = earlier === undefined ? new Set<string>() : reach(history, earlier)
      const isMet = earlier !== undefined && seen.has(earlier)
      const lineage = new Lineage(earlier)
      let wasDone = false
      for (const commit of history.toReversed().filter(({ oid }) => seen.has(oid))) {
        const { isOld, child } = lineage.pass(commit)
        expect(isOld).toBe(isMet && old.has(commit.oid))
        if (wasDone) expect(isOld).toBe(true)
        const fresh = history.filter(
          ({ oid, parents }) => parents.includes(commit.oid) && seen.has(oid) && !(isMet && old.has(oid)),
        )
        const times = fresh.map(({ committer }) => committer.date.getTime())
        expect(child?.time).toBe(times.length === 0 ? undefined : Math.min(...times))
        wasDone ||= lineage.isDone
      }
      expect(lineage.isDone).toBe(true)
      expect(lineage.hasMet).toBe(isMet)
    }),
    { numRuns: 300 },
  )
})
