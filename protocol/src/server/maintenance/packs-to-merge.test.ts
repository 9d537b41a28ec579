import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KeptPack } from '../store/repository-store.ts'
import { packsToMerge } from './packs-to-merge.ts'

const pack = (id: number, size: number, objects = 1): KeptPack => ({ id: String(id), name: '', size, objects })

test('however pushes come, packs stay few, and what is copied grows with the logarithm', () => {
  const maxPacks = 5
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1_000_000 }), { maxLength: 400 }), (sizes) => {
      let packs: readonly KeptPack[] = []
      let copied = 0
      for (const [at, size] of sizes.entries()) {
        packs = [...packs, pack(at, size)]
        const old = packsToMerge(packs, { maxPacks, maxObjects: Infinity })
        if (old.length === 0) continue
        expect(old).toEqual(packs.slice(-old.length))
        expect(old.length).toBeGreaterThan(1)
        const merged = old.reduce((sum, each) => sum + each.size, 0)
        copied += merged
        packs = [...packs.slice(0, -old.length), pack(sizes.length + at, merged)]
      }
      const all = sizes.reduce((sum, size) => sum + size, 0)
      const log = Math.log2(Math.max(2, all))
      expect(packs.reduce((sum, each) => sum + each.size, 0)).toBe(all)
      expect(packs.length).toBeLessThanOrEqual(maxPacks + log)
      expect(copied).toBeLessThanOrEqual(all * log)
    }),
  )
})

test('no pack is made of more objects than there may be', () => {
  const packs = Array.from({ length: 12 }, (_, i) => pack(i, 10, 10))
  expect(packsToMerge(packs, { maxPacks: 5, maxObjects: 35 })).toEqual(packs.slice(-3))
  expect(packsToMerge(packs, { maxPacks: 5, maxObjects: 5 })).toEqual([])
  expect(packsToMerge(packs, { maxPacks: 12, maxObjects: 1_000 })).toEqual([])
})
