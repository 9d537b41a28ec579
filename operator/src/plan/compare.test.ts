import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CLAIM_FILE, compare } from './compare.ts'
import { DesiredFiles } from './desired-files.ts'

const path: fc.Arbitrary<string> = fc.constantFrom('a.yaml', 'b.yaml', 'shop/c.yaml', 'shop/d.yaml', 'e.yaml')
const oid: fc.Arbitrary<string> = fc.constantFrom('1', '2', '3')

test('writing what differs and removing the extras gives what is wanted; conflicts and the claim stay as they are', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: fc.constantFrom('k', 'l', 'm', 'n'), path, oid })),
      fc.uniqueArray(fc.record({ path: fc.oneof(path, fc.constant<string>(CLAIM_FILE)), oid }), {
        selector: (file) => file.path,
      }),
      (wishes, remote) => {
        const desired = new DesiredFiles()
        for (const { name, path, oid } of wishes)
          desired.set({ key: name, path, oid, identity: { group: '', kind: 'K', name } })
        const { writes, extras } = compare(desired, remote)

        const folder = new Map(remote.map((file) => [file.path, file.oid]))
        for (const { file, exists } of writes) {
          expect(exists).toBe(folder.has(file.path))
          expect(folder.get(file.path)).not.toBe(file.oid)
          folder.set(file.path, file.oid)
        }
        for (const file of extras) expect(folder.delete(file.path)).toBe(true)

        const expected = new Map([...desired.files()].map((file) => [file.path, file.oid]))
        for (const file of remote) {
          if (file.path === CLAIM_FILE || (desired.isWanted(file.path) && desired.at(file.path) === undefined)) {
            expected.set(file.path, file.oid)
          }
        }
        expect(folder).toEqual(expected)
        const again = compare(
          desired,
          [...folder].map(([path, oid]) => ({ path, oid })),
        )
        expect(again).toEqual({ writes: [], extras: [], leftovers: [], unreadable: [] })
      },
    ),
    { numRuns: 300 },
  )
})
