import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { StoredFile } from '../stored-file.ts'
import { isIndex, isPack } from './cached-pack.ts'
import { DiskCache } from './disk-cache.ts'
import type { Cached } from './disk-cache.ts'
import { StagingFolder } from './staging-folder.ts'

let folder: string
let staging: StagingFolder
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-cache-'))
  staging = await StagingFolder.open(join(folder, 'staging'))
})
afterEach(async () => {
  await staging.close()
  await rm(folder, { recursive: true, force: true })
})

const packs = (): string => join(folder, 'packs')
const openCache = (maxBytes = 1 << 20): Promise<DiskCache> => DiskCache.open(packs(), staging, maxBytes)

/** A pack of a bucket, and how often it was asked for. */
function kept(
  key: string,
  size = 1_000,
): Cached & { readonly bytes: Buffer; readonly asked: () => number; damage: () => void } {
  const body = randomBytes(size - 20)
  const sum = createHash('sha1').update(body).digest()
  const bytes = Buffer.concat([body, sum])
  let sent = bytes
  let asked = 0
  return {
    key,
    what: key,
    bytes,
    asked: () => asked,
    damage: () => {
      sent = Buffer.concat([Buffer.from('x'), bytes.subarray(1)])
    },
    isWhole: (file, length) => isPack(file, length, sum.toString('hex')),
    async fetch() {
      asked++
      return (async function* () {
        for (let at = 0; at < sent.length; at += 300) yield sent.subarray(at, at + 300)
      })()
    },
  }
}
async function readAll(cache: DiskCache, what: Cached): Promise<Buffer> {
  const file = await cache.open(what)
  try {
    return await file.readFile()
  } finally {
    await file.close()
  }
}

test('what many ask for at once is fetched once, and is there after a restart', async () => {
  const one = kept('a/b')
  const cache = await openCache()
  const read = await Promise.all(Array.from({ length: 10 }, () => readAll(cache, one)))
  expect(read.every((bytes) => bytes.equals(one.bytes))).toBe(true)
  await readAll(await openCache(), one)
  expect(one.asked()).toBe(1)
  expect(await readdir(packs())).toEqual(['a%2Fb'])
})

test.each([
  ['cut', (bytes: Buffer) => bytes.subarray(0, 500)],
  ['empty', () => Buffer.alloc(0)],
  ['changed', (bytes: Buffer) => Buffer.concat([Buffer.from('x'), bytes.subarray(1)])],
])('a file that is %s is fetched again', async (_, damage) => {
  const one = kept('a')
  await readAll(await openCache(), one)
  await writeFile(join(packs(), 'a'), damage(one.bytes))
  expect((await readAll(await openCache(), one)).equals(one.bytes)).toBe(true)
  expect(one.asked()).toBe(2)
})

test('what comes damaged, or is not there, is not given; the next try asks again', async () => {
  const one = kept('a')
  const cache = await openCache()
  await expect(cache.open({ ...one, fetch: async () => undefined })).rejects.toMatchObject({ code: 'ObjectMissing' })
  const cut = async function* (): AsyncGenerator<Uint8Array> {
    yield one.bytes.subarray(0, 300)
    throw new Error('cut')
  }
  await expect(cache.open({ ...one, fetch: async () => cut() })).rejects.toThrow('cut')
  // Once is no reason to give up.
  let isFirst = true
  const cutOnce = async (): Promise<AsyncIterable<Uint8Array> | undefined> => {
    if (!isFirst) return await one.fetch()
    isFirst = false
    return cut()
  }
  expect((await readAll(cache, { ...one, fetch: cutOnce })).equals(one.bytes)).toBe(true)
  const bad = kept('bad')
  bad.damage()
  await expect(cache.open(bad)).rejects.toThrow('bad is damaged')
  expect(await readdir(packs())).toEqual(['a'])
  for (const own of await readdir(join(folder, 'staging')))
    expect(await readdir(join(folder, 'staging', own))).toEqual([])
})

test('the budget holds, what was used last stays, and what somebody reads can be read on', async () => {
  const cache = await openCache(10_000)
  const first = kept('first')
  const file = new StoredFile(first.bytes.length, () => cache.open(first))
  await file.read(0, 10)
  const used = kept('used')
  await readAll(cache, used)
  for (let i = 0; i < 20; i++) {
    // Used long ago, and used a moment ago.
    for (const name of await readdir(packs()))
      await utimes(join(packs(), name), name === 'used' ? 0 : 1, (await stat(join(packs(), name))).mtime)
    await (await cache.open(used)).close()
    await readAll(cache, kept(`other ${i}`))
    const sizes = await Promise.all(
      (await readdir(packs())).map(async (name) => (await stat(join(packs(), name))).size),
    )
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(10_000)
  }
  expect(used.asked()).toBe(1)
  expect(await readdir(packs())).not.toContain('first')
  expect((await file.read(0, 1_000)).equals(first.bytes)).toBe(true)
  expect(first.asked()).toBe(1)
  // Once it was put to rest it has to come anew.
  file.rest()
  expect((await file.read(0, 1_000)).equals(first.bytes)).toBe(true)
  expect(first.asked()).toBe(2)
  file.rest()
})

test('what is larger than the budget can be read all the same', async () => {
  const cache = await openCache(5_000)
  const large = kept('large', 20_000)
  expect((await readAll(cache, large)).equals(large.bytes)).toBe(true)
})

test('what was made here is taken in, and need not be fetched', async () => {
  const cache = await openCache()
  const one = kept('a')
  const staged = await staging.stage()
  await staged.append(one.bytes)
  await cache.adopt('a', staged)
  await staged.discard()
  expect((await readAll(cache, one)).equals(one.bytes)).toBe(true)
  expect(one.asked()).toBe(0)
})

test('an index is one of its pack, whole', async () => {
  const name = createHash('sha1').update('pack').digest()
  const before = Buffer.concat([Buffer.from('index'), name])
  const bytes = Buffer.concat([before, createHash('sha1').update(before).digest()])
  const cache = await openCache()
  const verdict = async (content: Buffer, of: string): Promise<boolean> => {
    const staged = await staging.stage()
    await staged.append(content)
    await cache.adopt('x', staged)
    const file = await cache.open({ key: 'x', what: 'x', fetch: async () => undefined, isWhole: async () => true })
    try {
      return await isIndex(file, content.length, of)
    } finally {
      await file.close()
    }
  }
  expect(await verdict(bytes, name.toString('hex'))).toBe(true)
  expect(await verdict(bytes, '1'.repeat(40))).toBe(false)
  expect(await verdict(Buffer.concat([Buffer.from('x'), bytes.subarray(1)]), name.toString('hex'))).toBe(false)
  expect(await verdict(Buffer.from('short'), name.toString('hex'))).toBe(false)
})
