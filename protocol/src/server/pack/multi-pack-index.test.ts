import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SHA1 } from '../../format/object-id.ts'
import { PackIndex, writePackIndex } from '../../format/pack-index.ts'
import { MultiPackIndex } from './multi-pack-index.ts'

/** Ids of which many begin alike: the first bytes are few. */
const oid = fc
  .tuple(fc.constantFrom('00000000', '00000001', 'ffffffff', '80000000'), fc.nat(40))
  .map(([first, rest]) => first + rest.toString(16).padStart(32, '0'))
const pack = fc.uniqueArray(oid, { maxLength: 30 })
const indexOf = (oids: readonly string[], at: number): PackIndex =>
  new PackIndex(
    writePackIndex(
      oids.map((id, i) => ({ oid: id, offset: 100 * at + i, crc32: 0 })),
      '1'.repeat(40),
      SHA1,
    ),
    SHA1,
  )

test('each object is found in the first pack that has it, and what is in none is not found', () => {
  fc.assert(
    fc.property(fc.array(pack, { maxLength: 12 }), oid, (packs, other) => {
      const index = new MultiPackIndex(packs.map(indexOf))
      for (const id of [...packs.flat(), other]) {
        const first = packs.findIndex((oids) => oids.includes(id))
        const offset = 100 * first + (packs[first]?.indexOf(id) ?? 0)
        expect(index.locate(id)).toEqual(first < 0 ? undefined : { pack: first, offset })
      }
    }),
  )
})
