import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SHA1 } from '@gitsync/protocol'
import type { RepositoryState, RepositoryStore } from '@gitsync/protocol/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from './stores.ts'
import type { OpenedStore, StoreName } from './stores.ts'

const oid = (digit: number): string => String(digit % 10).repeat(40)
const empty = (): RepositoryState => ({
  id: randomUUID(),
  format: SHA1,
  head: 'refs/heads/main',
  refs: new Map(),
  packs: [],
  retired: [],
})
const withRef = (state: RepositoryState, ref: string, to: number): RepositoryState => ({
  ...state,
  refs: new Map([...state.refs, [ref, { oid: oid(to) }]]),
})

/** Something that ends as packs and their indexes do: in a checksum of the rest. */
function packOf(bytes: Buffer): { name: string; pack: Buffer; index: Buffer } {
  const sum = (of: Buffer): Buffer => createHash('sha1').update(of).digest()
  const pack = Buffer.concat([bytes, sum(bytes)])
  const before = Buffer.concat([Buffer.from('index'), sum(bytes)])
  return { name: sum(bytes).toString('hex'), pack, index: Buffer.concat([before, sum(before)]) }
}

/** What every store does: tests, for a block of their own. */
export function storeContract(name: StoreName): void {
  let folder: string
  let opened: OpenedStore
  let store: RepositoryStore
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gitsync-store-'))
    opened = await openStore(name, join(folder, 'data'))
    store = opened.store
  })
  afterAll(async () => {
    await opened.close()
    await rm(folder, { recursive: true, force: true })
  })
  const keep = async (repository: string, { name, pack, index }: ReturnType<typeof packOf>): Promise<void> => {
    const staged = await store.stage(repository)
    for (let at = 0; at < pack.length; at += 1 << 20) await staged.append(pack.subarray(at, at + (1 << 20)))
    await store.keep(repository, staged, { id: name, name, index })
    await staged.discard()
  }

  test('a name has one repository: the first who makes it', async () => {
    expect(await store.read('me/one')).toBeUndefined()
    const states = Array.from({ length: 5 }, empty)
    const made = await Promise.all(states.map((state) => store.create('me/one', state)))
    expect(made.filter(Boolean)).toHaveLength(1)
    expect(await store.read('me/one')).toEqual(states[made.indexOf(true)])
    // Names that begin alike are different ones.
    expect(await store.create('me/one.json', empty())).toBe(true)
    expect(await store.create('me/one.json.x', empty())).toBe(true)
    expect(await store.create('m/e', empty())).toBe(true)
  })

  test('a change is made of what is there; of many at once none is lost', async () => {
    await store.create('me/many', empty())
    const refs = Array.from({ length: 12 }, (_, i) => `refs/heads/${i}`)
    await Promise.all(refs.map((ref, i) => store.change('me/many', (state) => withRef(state, ref, i))))
    expect([...((await store.read('me/many'))?.refs.keys() ?? [])].sort()).toEqual(refs.sort())
    const before = await store.read('me/many')
    expect(await store.change('me/many', () => undefined)).toEqual(before)
    expect(await store.change('me/nothing', (state) => state)).toBeUndefined()
    await expect(
      store.change('me/many', () => {
        throw new RangeError('no')
      }),
    ).rejects.toThrow('no')
    expect(await store.read('me/many')).toEqual(before)
  })

  test.each([
    ['small', 1_000],
    ['in parts', 33 << 20],
  ])('a pack that was kept is there, also where it is kept again: %s', async (_, size) => {
    const state = empty()
    const kept = packOf(randomBytes(size))
    await keep(state.id, kept)
    await keep(state.id, kept)
    const { file, index } = await store.open(state.id, {
      id: kept.name,
      name: kept.name,
      size: kept.pack.length,
      objects: 1,
    })
    expect(index.equals(kept.index)).toBe(true)
    expect(file.size).toBe(kept.pack.length)
    expect((await file.read(size - 500, 520)).equals(kept.pack.subarray(-520))).toBe(true)
    expect((await file.read(0, 900)).equals(kept.pack.subarray(0, 900))).toBe(true)
    await expect(file.read(size, 21)).rejects.toThrow(RangeError)
    file.rest?.()
    expect((await file.read(0, 10)).equals(kept.pack.subarray(0, 10))).toBe(true)
    file.rest?.()
  })

  test('a pack that nobody kept is missing; what was staged and given up leaves nothing', async () => {
    const { name, pack } = packOf(randomBytes(100))
    const staged = await store.stage('x')
    await staged.append(pack)
    await staged.overwrite(0, Buffer.from('other'))
    expect((await staged.read(0, 5)).toString()).toBe('other')
    await staged.discard()
    await staged.discard()
    await expect(store.open('x', { id: name, name, size: pack.length, objects: 1 })).rejects.toMatchObject({
      code: 'ObjectMissing',
    })
  })
}
