import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { temporarySpill } from '../platform/node/spill.ts'
import { DeltaWriter } from './delta.ts'
import { objectId, SHA1, SHA256 } from './object-id.ts'
import { packBody, writePack } from './pack-writer.ts'
import type { PackEntry, StreamedEntry } from './pack-writer.ts'
import { readPack } from './pack-reader.ts'
import type { ArrivingBlob, StreamingOptions } from './pack-reader.ts'
import { memorySpill } from './spill.ts'
import type { Spill } from './spill.ts'
import { spoolBlob } from './spool-blob.ts'

const limits = { maxObjects: 1000, maxObjectBytes: 1 << 20, maxHeldBytes: 2 << 20 }

async function* chunked(bytes: Uint8Array, size = 1 << 16): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function list<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => Buffer.concat(await list(chunks))

const takeAll = ({ chunks }: ArrivingBlob): Promise<Buffer> => collect(chunks)

async function stream<T>(
  entries: readonly PackEntry[],
  large: StreamingOptions<T>['large'],
  options: Partial<StreamingOptions<T>> = {},
): Promise<{ oid: string; streamed?: T }[]> {
  const read = []
  const pack = chunked(Buffer.concat(writePack(entries, SHA1)))
  for await (const object of readPack<T>(pack, { format: SHA1, limits, large, streamAbove: 100, ...options })) {
    read.push('streamed' in object ? { oid: object.oid, streamed: object.streamed } : { oid: object.oid })
  }
  return read
}

const small: PackEntry = { type: 'blob', bytes: Buffer.from('small') }
const big = Buffer.from(randomBytes(3 << 20))
const bigEntry: PackEntry = { type: 'blob', bytes: big }
const bigOid = objectId(SHA1, 'blob', big)

describe('blobs that stream', () => {
  test('pass through whatever maxObjectBytes says; smaller ones and other types are objects as ever', async () => {
    const tree: PackEntry = { type: 'tree', bytes: Buffer.alloc(200) }
    const [first, second, third] = await stream([small, bigEntry, tree], takeAll)
    expect(first).toEqual({ oid: objectId(SHA1, 'blob', small.bytes) })
    expect(second?.oid).toBe(bigOid)
    expect(second?.streamed?.equals(big)).toBe(true)
    expect(third).toEqual({ oid: objectId(SHA1, 'tree', tree.bytes) })
  })

  test('are passed over where the taker leaves early, and the rest of the pack is read', async () => {
    const read = await stream([bigEntry, small], async ({ size, chunks }) => {
      for await (const chunk of chunks) return [size, chunk.length > 0]
      return []
    })
    expect(read).toEqual([{ oid: bigOid, streamed: [big.length, true] }, { oid: objectId(SHA1, 'blob', small.bytes) }])
  })

  test('end the reading with what the taker throws', async () => {
    const failing = stream([bigEntry], () => Promise.reject(new Error('disk full')))
    await expect(failing).rejects.toThrow('disk full')
  })

  test('are limited by maxBlobBytes before a byte of them is inflated', async () => {
    let asked = false
    const reading = stream([bigEntry], async () => (asked = true), { limits: { ...limits, maxBlobBytes: 1 << 20 } })
    await expect(reading).rejects.toMatchObject({ code: 'LimitExceeded', details: { limit: 'maxBlobBytes' } })
    expect(asked).toBe(false)
  })

  test('are dropped without being held where blobs are skipped', async () => {
    const pack = chunked(Buffer.concat(writePack([bigEntry], SHA1)))
    const objects = await list(readPack(pack, { format: SHA1, limits, skipBlobs: true }))
    expect(objects).toEqual([])
  })

  test('fail when they hold more or less than they declare', async () => {
    const pack = Buffer.concat(writePack([{ type: 'blob', bytes: Buffer.alloc(70_000) }], SHA1))
    // The second byte of the header has the low bits of what is above four bits of size.
    for (const change of [1, -1]) {
      const broken = Buffer.from(pack)
      broken[13] = (broken[13] ?? 0) + change
      const reading = readPack(chunked(broken), { format: SHA1, limits, large: takeAll, streamAbove: 100 }).next()
      await expect(reading).rejects.toMatchObject({ code: 'Malformed' })
    }
  })

  const edited = (base: Buffer): PackEntry => {
    const delta = new DeltaWriter(base.length)
    delta.copy(0, base.length)
    delta.insert(Buffer.from('!'))
    return { type: 'ref-delta', base: objectId(SHA1, 'blob', base), bytes: delta.finish() }
  }
  const middle = Buffer.from(randomBytes(200_000))

  test('serve as bases of deltas from the spill', async () => {
    const read = await stream([{ type: 'blob', bytes: middle }, edited(middle)], takeAll, { spill: temporarySpill })
    expect(read[1]?.oid).toBe(objectId(SHA1, 'blob', Buffer.concat([middle, Buffer.from('!')])))
  })

  test.each([
    ['before', [edited(middle), { type: 'blob', bytes: middle }]],
    ['after', [{ type: 'blob', bytes: middle }, edited(middle)]],
  ] as const)('cannot be the base of a delta %s them without one: the error says so', async (_where, entries) => {
    await expect(stream(entries, takeAll)).rejects.toMatchObject({
      code: 'LimitExceeded',
      details: { limit: 'streamAbove' },
    })
  })
})

describe('what exceeds maxHeldBytes', () => {
  /** A chain of versions whose deltas come first, so that all of them wait for the one that is whole. */
  const versions = Array.from({ length: 40 }, () => randomBytes(1000))
  const bodies = versions.map((_, i) => Buffer.concat(versions.slice(0, i + 1)))
  const chain = bodies.map((body, i): PackEntry => {
    const base = bodies[i - 1]
    if (base === undefined) return { type: 'blob', bytes: body }
    const delta = new DeltaWriter(base.length)
    delta.copy(0, base.length)
    delta.insert(versions[i] as Buffer)
    return { type: 'ref-delta', base: objectId(SHA1, 'blob', base), bytes: delta.finish() }
  })
  const oids = bodies.map((body) => objectId(SHA1, 'blob', body)).sort()
  const read = async (entries: readonly PackEntry[], maxHeldBytes: number, spill?: () => Spill): Promise<string[]> => {
    const pack = chunked(Buffer.concat(writePack(entries, SHA1)))
    const options = { format: SHA1, limits: { ...limits, maxHeldBytes }, ...(spill && { spill }) }
    return (await list(readPack(pack, options))).map(({ oid }) => oid).sort()
  }

  test.each([0, 1000, 100_000])('goes to the spill: with %i bytes of memory all objects are read', async (held) => {
    expect(await read(chain, Math.max(held, 1), temporarySpill)).toEqual(oids)
    expect(await read(chain.toReversed(), Math.max(held, 1), memorySpill)).toEqual(oids)
  })

  test('is an error without a spill, and where the spill is full', async () => {
    await expect(read(chain, 1000)).rejects.toMatchObject({ details: { limit: 'maxHeldBytes' } })
    const full = read(chain, 1000, () => temporarySpill({ maxBytes: 5000 }))
    await expect(full).rejects.toMatchObject({ code: 'LimitExceeded', details: { limit: 'maxSpillBytes' } })
  })

  test('the spill is closed however reading ends', async () => {
    let open = 0
    const spill = (): Spill => {
      open++
      const spill = memorySpill()
      const close = (): Promise<void> => {
        open--
        return spill.close()
      }
      return { ...spill, close }
    }
    await read(chain, 1000, spill)
    expect(open).toBe(0)
    const reading = readPack(chunked(Buffer.concat(writePack(chain, SHA1))), {
      format: SHA1,
      limits: { ...limits, maxHeldBytes: 1000 },
      spill,
    })
    for (let i = 0; i < 10; i++) await reading.next()
    expect(open).toBe(1)
    await reading.return(undefined)
    expect(open).toBe(0)
  })
})

describe.each([
  ['memory', () => memorySpill()],
  ['a file', () => temporarySpill()],
])('a spill in %s', (_where, make) => {
  test('gives back any range of what was put into it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 20 }),
        fc.nat(),
        fc.nat(),
        async (pieces, a, b) => {
          const spill = make()
          const all = Buffer.concat(pieces)
          let end = 0
          for (const piece of pieces) {
            expect(await spill.append(piece)).toBe(end)
            end += piece.length
          }
          const start = all.length === 0 ? 0 : a % all.length
          const length = b % (all.length - start + 1)
          expect((await spill.read(start, length)).equals(all.subarray(start, start + length))).toBe(true)
          await spill.close()
        },
      ),
      { numRuns: 30 },
    )
  })

  test('says when there is nothing at a place', async () => {
    const spill = make()
    await spill.append(Buffer.from('abc'))
    await expect(spill.read(1, 3)).rejects.toThrow(RangeError)
    await spill.close()
  })
})

describe('packs that are sent piece by piece', () => {
  test.each([SHA1, SHA256])('equal those that are written at once ($name)', async (format) => {
    const entries: PackEntry[] = [small, bigEntry, { type: 'ref-delta', base: format.zero, bytes: Buffer.from('x') }]
    const body = packBody(entries, format)
    const whole = Buffer.concat(writePack(entries, format))
    expect((await collect(body.chunks())).equals(whole)).toBe(true)
    expect(body.length).toBe(whole.length)
  })

  test.each([undefined, big.length])('hold spooled blobs, as often as they are asked for (size %s)', async (size) => {
    const spill = temporarySpill()
    const blob = await spoolBlob(chunked(big), { format: SHA1, spill, ...(size !== undefined && { size }) })
    const other = await spoolBlob(chunked(Buffer.alloc(2 << 20)), { format: SHA1, spill })
    expect(blob.oid).toBe(bigOid)
    const entries: (PackEntry | StreamedEntry)[] = [small, blob, other]
    const body = packBody(entries, SHA1)
    for (let i = 0; i < 2; i++) {
      const pack = await collect(body.chunks())
      expect(pack.length).toBe(body.length)
      const roomy = { ...limits, maxObjectBytes: 8 << 20, maxHeldBytes: 8 << 20 }
      const objects = await list(readPack(chunked(pack), { format: SHA1, limits: roomy }))
      expect(objects.map(({ oid }) => oid)).toEqual([objectId(SHA1, 'blob', small.bytes), bigOid, other.oid])
    }
    await spill.close()
  })

  test('an empty blob is one as well', async () => {
    const spill = memorySpill()
    const blob = await spoolBlob(chunked(Buffer.alloc(0)), { format: SHA1, spill })
    expect(blob).toMatchObject({ oid: objectId(SHA1, 'blob', Buffer.alloc(0)), size: 0 })
  })

  test('a content of another size than was said is refused', async () => {
    const spooling = spoolBlob(chunked(Buffer.alloc(10)), { format: SHA1, spill: memorySpill(), size: 11 })
    await expect(spooling).rejects.toMatchObject({ code: 'InvalidInput', details: { field: 'size', actual: 10 } })
  })

  test('what the source throws is thrown', async () => {
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(100)
      throw new Error('unreadable')
    }
    await expect(spoolBlob(source(), { format: SHA1, spill: memorySpill() })).rejects.toThrow('unreadable')
  })
})
