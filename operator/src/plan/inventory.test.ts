import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Inventory } from './inventory.ts'

test('knows after decoding what it knew before, and equal inventories are equal bytes', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.uniqueArray(fc.string()), (added, deleted) => {
      const inventory = new Inventory()
      /** Whether what is done leaves something to be saved. */
      const changes = (act: () => void): boolean => {
        inventory.saved()
        act()
        return inventory.isUnsaved
      }
      expect(changes(() => inventory.add(added))).toBe(added.length > 0)
      expect(changes(() => inventory.add(added))).toBe(false)
      expect(changes(() => inventory.keepOnly(added))).toBe(false)
      const some = deleted.some((path) => added.includes(path))
      expect(changes(() => inventory.delete(deleted))).toBe(some)
      const kept = added.filter((path) => !deleted.includes(path))
      const again = Inventory.decode(inventory.encode())
      for (const path of [...added, ...deleted]) expect(again.has(path)).toBe(kept.includes(path))
      expect(again.size).toBe(kept.length)
      const other = new Inventory()
      other.add(kept.toReversed())
      expect(other.encode()).toEqual(inventory.encode())
      expect(inventory.encode().length).toBe(kept.length * 8)
    }),
  )
})

test('bytes that are no inventory claim no file', () => {
  const inventory = new Inventory()
  inventory.add(['a', 'b'])
  expect(Inventory.decode(inventory.encode().subarray(0, 15)).size).toBe(0)
  expect(Inventory.decode(Buffer.alloc(0)).size).toBe(0)
})
