import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { diskStore } from './disk-store.ts'
import { memoryStore } from './memory-store.ts'
import type { CacheStore } from './object-cache.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-cache-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const key = (n: number): string => n.toString(16).padStart(64, '0').split('').reverse().join('')
const value = (n: number, size = 1000): Uint8Array => new Uint8Array(size).fill(n)
const entries = (...numbers: readonly number[]): Map<string, Uint8Array> =>
  new Map(numbers.map((n) => [key(n), value(n)]))
const heldOf = async (store: CacheStore, ...numbers: readonly number[]): Promise<number[]> => {
  const found = await store.get(numbers.map(key))
  return numbers.filter((_, index) => found[index] !== undefined)
}

let clock = Date.now()
const now = (): number => (clock += 1000)

const STORES = {
  memory: (maxBytes: number) => memoryStore({ maxBytes }),
  disk: (maxBytes: number) => diskStore({ folder, maxBytes, now }),
}

describe.each(Object.entries(STORES))('%s', (_name, open) => {
  test('gives back what it was given, in the order of the keys', async () => {
    const store = open(1 << 20)
    await store.set(entries(1, 2))
    const found = await store.get([key(2), key(3), key(1)])
    expect(found.map((bytes) => bytes && [...bytes.subarray(0, 1)])).toEqual([[2], undefined, [1]])
    expect(found[0]).toHaveLength(1000)
  })

  test('stays below its size; what was used last stays longest', async () => {
    const store = open(5000)
    for (const n of [1, 2, 3]) await store.set(entries(n))
    await store.get([key(1)])
    for (const n of [4, 5, 6]) await store.set(entries(n))
    const held = await heldOf(store, 1, 2, 3, 4, 5, 6)
    expect(held.length).toBeLessThanOrEqual(5)
    expect(held).toContain(6)
    expect(held).not.toContain(2)
  })

  test('a value that changes after it was given does not change what is kept', async () => {
    const store = open(1 << 20)
    const bytes = value(7)
    await store.set(new Map([[key(7), bytes]]))
    bytes.fill(0)
    expect((await store.get([key(7)]))[0]?.[0]).toBe(7)
  })
})

describe('disk', () => {
  test('outlives the process: another store over the same folder finds what was kept, and cleans it up', async () => {
    await diskStore({ folder }).set(entries(1, 2, 3, 4))
    const next = diskStore({ folder, maxBytes: 2500 })
    expect(await heldOf(next, 1, 2, 3, 4)).toHaveLength(4)
    await next.set(entries(5))
    expect((await heldOf(next, 1, 2, 3, 4, 5)).length).toBeLessThanOrEqual(2)
  })

  test('a folder that cannot be written is an error of the store', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(diskStore({ folder: join(folder, 'file') }).set(entries(1))).rejects.toThrow('ENOTDIR')
  })

  test('leaves no half-written files, and nothing that others can read', async () => {
    await diskStore({ folder }).set(entries(1))
    const [sub = ''] = await readdir(folder)
    const names = await readdir(join(folder, sub))
    expect(names).toEqual([key(1).slice(2)])
    expect(await readFile(join(folder, sub, names[0] ?? ''))).toHaveLength(1000)
  })
})
