import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Spool, SpoolBudget } from './spool.ts'

test('several spools never hold more than their budget, and give back all of it', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('put' as const), who: fc.nat(2), oid: fc.nat(9), size: fc.nat(40) }),
    fc.record({ do: fc.constant('keep' as const), who: fc.nat(2), oids: fc.array(fc.nat(9)) }),
  )
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const budget = new SpoolBudget(100)
      const spools = [0, 1, 2].map(() => new Spool(budget))
      const model = [0, 1, 2].map(() => new Map<string, Uint8Array>())
      const used = (): number =>
        model.flatMap((held) => [...held.values()]).reduce((sum, { length }) => sum + length, 0)
      for (const each of steps) {
        const [spool, held] = [spools[each.who] as Spool, model[each.who] as Map<string, Uint8Array>]
        if (each.do === 'put') {
          const [oid, bytes] = [String(each.oid), Buffer.alloc(each.size)]
          const fits = held.has(oid) || used() + each.size <= 100
          expect(spool.put(oid, bytes)).toBe(fits)
          if (fits && !held.has(oid)) held.set(oid, bytes)
        } else {
          const kept = new Set(each.oids.map(String))
          spool.keepOnly(kept)
          for (const oid of held.keys()) if (!kept.has(oid)) held.delete(oid)
        }
        expect(budget.used).toBe(used())
        expect(budget.used).toBeLessThanOrEqual(100)
        for (let oid = 0; oid < 10; oid++) expect(spool.get(String(oid))).toBe(held.get(String(oid)))
      }
    }),
  )
})
