import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { PageCache } from './page-cache.ts'
import { inMemory } from './random-access.ts'

const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, i) => (i * i + (i >> 8)) % 251))

test('any part is what the file says, and a range beyond its end is refused', async () => {
  const file = new PageCache({ maxBytes: 1 << 17, maxFiles: 2 }).of(inMemory(bytes))
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length), fc.nat(400_000), async (offset, length) => {
      const read = file.read(offset, length)
      if (offset + length > bytes.length) await expect(read).rejects.toThrow(RangeError)
      else expect((await read).equals(bytes.subarray(offset, offset + length))).toBe(true)
    }),
  )
})

test('what is behind the part that never changes is read anew', async () => {
  const growing = {
    bytes: Buffer.from('kept, old'),
    size: 9,
    read: async (at: number, n: number) => growing.bytes.subarray(at, at + n),
  }
  const file = new PageCache({ maxBytes: 1 << 17, maxFiles: 2 }).of(growing, 6)
  expect(String(await file.read(0, 6))).toBe('kept, ')
  expect(String(await file.read(6, 3))).toBe('old')
  growing.bytes = Buffer.from('KEPT, new and more')
  growing.size = 18
  expect(file.size).toBe(18)
  expect(String(await file.read(0, 5))).toBe('kept,')
  expect(String(await file.read(6, 12))).toBe('new and more')
})

test('what was read lately is not read again; no more files are open than may be; what failed is tried again', async () => {
  const cache = new PageCache({ maxBytes: 1 << 20, maxFiles: 3 })
  const open = new Set<number>()
  let reads = 0
  let isBroken = false
  const files = Array.from({ length: 10 }, (_, i) => ({
    size: bytes.length,
    async read(offset: number, length: number) {
      if (isBroken) throw new Error('broken')
      open.add(i)
      reads++
      return await inMemory(bytes).read(offset, length)
    },
    rest: () => void open.delete(i),
  })).map((file) => cache.of(file))
  for (const file of files) for (let at = 0; at < 60_000; at += 100) await file.read(at, 64)
  expect(reads).toBe(10)
  expect([...open]).toEqual([7, 8, 9])
  isBroken = true
  await expect(files[0]?.read(300_000, 10)).rejects.toThrow('broken')
  isBroken = false
  expect((await files[0]?.read(300_000, 10))?.equals(bytes.subarray(300_000, 300_010))).toBe(true)
})
