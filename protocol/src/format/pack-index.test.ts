import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { git } from '../../../test/kit/remote/git.ts'
import { SHA1 } from './object-id.ts'
import { PackIndex, writePackIndex } from './pack-index.ts'
import { writePack } from './pack-writer.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pack-index-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

const blobs = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ type: 'blob' as const, bytes: Buffer.from(`blob ${i}`) }))

test('an index is, byte for byte, what git makes of the same pack, and is read alike', async () => {
  const pack = Buffer.concat(writePack(blobs(1_000), SHA1))
  await writeFile(join(folder, 'a.pack'), pack)
  await git(folder, folder, ['index-pack', 'a.pack'])
  const theirs = await readFile(join(folder, 'a.idx'))
  const listed = await git(folder, folder, ['verify-pack', '-v', 'a.idx'])
  const read = new PackIndex(theirs, SHA1)
  expect(read.count).toBe(1_000)
  for (const line of listed.split('\n')) {
    const [oid = '', type, , length, offset] = line.split(/\s+/)
    if (type !== 'blob') continue
    expect(read.offsetOf(oid)).toBe(Number(offset))
    expect(read.endOf(Number(offset), pack.length)).toBe(Number(offset) + Number(length))
  }
  expect(read.offsetOf('0'.repeat(40))).toBeUndefined()
  const entries = [...read.entries()].map(({ oid, offset }) => {
    const end = read.endOf(offset, pack.length)
    return { oid, offset, crc32: crc32(pack.subarray(offset, end)) }
  })
  expect(Buffer.compare(writePackIndex(entries.toReversed(), read.packChecksum, SHA1), theirs)).toBe(0)
})

test('offsets beyond 2 GiB have their own table', () => {
  const entries = [1, 2 ** 31 - 1, 2 ** 31, 2 ** 40].map((offset, i) => ({
    oid: createHash('sha1').update(`${i}`).digest('hex'),
    offset,
    crc32: i,
  }))
  const read = new PackIndex(writePackIndex(entries, '0'.repeat(40), SHA1), SHA1)
  for (const { oid, offset } of entries) expect(read.offsetOf(oid)).toBe(offset)
  expect(read.endOf(2 ** 31, 2 ** 41)).toBe(2 ** 40)
  expect(read.endOf(2 ** 40, 2 ** 41)).toBe(2 ** 41 - 20)
})

test('what is damaged is refused', () => {
  const good = writePackIndex([{ oid: '1'.repeat(40), offset: 12, crc32: 0 }], '0'.repeat(40), SHA1)
  expect(() => new PackIndex(good.subarray(0, 100), SHA1)).toThrow('is too short')
  expect(() => new PackIndex(good.subarray(0, -4), SHA1)).toThrow('another length')
  for (let at = 0; at < good.length; at += 7) {
    const bad = Buffer.from(good)
    bad[at] = (bad[at] as number) ^ 0x40
    expect(() => new PackIndex(bad, SHA1), String(at)).toThrow(/^the index of a pack/)
  }
})
