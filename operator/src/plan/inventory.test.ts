import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identityKey } from '../objects/object.ts'
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

test('whose a file is that does not say so is known until the file is nobody’s', () => {
  const identity = (name: string) => ({ group: 'gitsync.dev', kind: 'Dashboard', namespace: 'shop', name })
  const inventory = new Inventory()
  inventory.add(['b.json', 'a.json', 'c.json'])
  for (const name of ['b', 'a', 'c']) inventory.own(`${name}.json`, identity(name))
  inventory.saved()
  inventory.own('a.json', identity('a'))
  expect(inventory.isUnsaved).toBe(false)
  inventory.own('a.json', identity('other'))
  expect(inventory.isUnsaved).toBe(true)
  const again = Inventory.decode(inventory.encode(), undefined, inventory.owners)
  expect(again.owners.map(([path, { name }]) => `${path} ${name}`)).toEqual(['b.json b', 'c.json c', 'a.json other'])
  again.delete(['a.json'])
  again.keepOnly(['b.json'])
  expect(again.owners).toEqual([['b.json', identity('b')]])
  expect(again.ownerOf('a.json')).toBeUndefined()
})

test('of a file that has moved it is known where it was, and where it came to last, after a restart as well', () => {
  const identity = { group: 'gitsync.dev', kind: 'Dashboard', namespace: 'shop', name: 'one' }
  const key = identityKey(identity)
  const inventory = new Inventory()
  for (const path of ['b.json', 'a.json', 'c.json', 'a.json']) {
    inventory.add([path])
    inventory.own(path, identity)
  }
  const again = Inventory.decode(inventory.encode(), undefined, inventory.owners)
  for (const each of [inventory, again]) {
    expect(each.placeOf(key)).toBe('a.json')
    expect([...each.placesOf(key)].sort()).toEqual(['a.json', 'b.json', 'c.json'])
  }
  again.delete(['a.json'])
  expect(again.placeOf(key)).toBe('c.json')
  again.delete(['b.json', 'c.json'])
  expect(again.placeOf(key)).toBeUndefined()
})
