import { LRUCache } from 'lru-cache'
import { checkInteger } from '../check-option.ts'
import type { CacheStore } from './object-cache.ts'

/** What an entry costs besides its value, roughly: key, map and list nodes. */
const OVERHEAD = 256

/**
 * A store in memory that drops what was used least recently.
 * @param options.maxBytes of all values and what holding them costs. Default 64 MiB
 * @throws GitError `InvalidInput`
 */
export function memoryStore(options: { readonly maxBytes?: number } = {}): CacheStore {
  const { maxBytes = 64 << 20 } = options
  checkInteger('maxBytes', maxBytes, 1)
  const values = new LRUCache<string, Uint8Array>({
    maxSize: maxBytes,
    sizeCalculation: (value) => value.length + OVERHEAD,
  })
  return {
    get: (keys) => Promise.resolve(keys.map((key) => values.get(key))),
    set(added) {
      // A copy: objects from a pack are often views of a much larger buffer, which they would keep alive.
      for (const [key, value] of added) values.set(key, Uint8Array.from(value))
      return Promise.resolve()
    },
  }
}
