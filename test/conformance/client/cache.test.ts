import { GitError, memoryStore, openRepository } from '@gitsync/protocol'
import type { CacheStore } from '@gitsync/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import type { TestRepository } from '../../kit/remote/index.ts'
import { useRemote } from './fixture.ts'

const remote = useRemote()
let store: TestRepository
beforeEach(async () => {
  store = await remote.fresh({ 'a/b/c': 'content', 'a/d': 'other' })
})

const opened = (cache: CacheStore, scope = 'tenant', url = store.url) =>
  openRepository(url, { cache: { store: cache, scope } })

/** A store that can be looked into. */
function openStore(): CacheStore & { readonly values: Map<string, Uint8Array> } {
  const values = new Map<string, Uint8Array>()
  return {
    values,
    get: (keys) => Promise.resolve(keys.map((key) => values.get(key))),
    set(added) {
      for (const [key, value] of added) values.set(key, value)
      return Promise.resolve()
    },
  }
}

describe('an object cache', () => {
  test('a second reader asks for the refs, and for nothing else', async () => {
    const cache = memoryStore()
    expect((await opened(cache).file('main', 'a/b/c')).bytes.toString()).toBe('content')
    remote.reset()
    expect((await opened(cache).file('main', 'a/b/c')).bytes.toString()).toBe('content')
    expect(remote.requests).toHaveLength(1)
  })

  test('is no way to what another tenant has read: neither by id nor by path', async () => {
    const cache = memoryStore()
    await opened(cache, 'first').file('main', 'a/b/c')
    remote.reset()
    await opened(cache, 'second').file('main', 'a/b/c')
    expect(remote.requests.length).toBeGreaterThan(1)
  })

  test('nor to another repository of the same tenant', async () => {
    const cache = memoryStore()
    const known = await opened(cache).file('main', 'a/b/c')
    const other = await remote.fresh({ x: 'x' })
    const repo = opened(cache, 'tenant', other.url)
    const error = await repo.blobs(await repo.snapshot('main'), [known.oid]).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(GitError)
  })

  test('values that were tampered with are not believed', async () => {
    const cache = openStore()
    await opened(cache).file('main', 'a/b/c')
    for (const [key, value] of cache.values) cache.values.set(key, Buffer.concat([value, Buffer.from('!')]))
    expect((await opened(cache).file('main', 'a/b/c')).bytes.toString()).toBe('content')
  })

  test('keys show nothing of the repository, the tenant or the object', async () => {
    const cache = openStore()
    const { oid } = await opened(cache).file('main', 'a/b/c')
    expect(cache.values.size).toBeGreaterThan(2)
    for (const key of cache.values.keys()) {
      expect(key).toMatch(/^[0-9a-f]{64}$/)
      expect(key).not.toContain(oid)
    }
  })

  test('a store that fails costs requests and nothing else', async () => {
    const broken: CacheStore = {
      get: () => Promise.reject(new Error('down')),
      set: () => Promise.reject(new Error('down')),
    }
    expect((await opened(broken).file('main', 'a/b/c')).bytes.toString()).toBe('content')
  })

  test('a scope must be named', () => {
    expect(() => opened(memoryStore(), '')).toThrow(expect.objectContaining({ code: 'InvalidInput' }))
  })
})
