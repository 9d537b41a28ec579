import { createHash } from '#platform/hash'
import { GitError } from '../../format/errors.ts'
import { objectId } from '../../format/object-id.ts'
import type { ObjectFormat, ObjectId, ObjectType } from '../../format/object-id.ts'
import type { GitObject } from '../../format/pack-reader.ts'
import { checkInteger } from '../check-option.ts'

/**
 * Where cached objects lie: memory, a disk, a Redis. Keys are opaque, 64 hexadecimal digits; values never change under a
 * key, may vanish at any time, and need no protection against writers: what comes back is checked against its id.
 */
export interface CacheStore {
  /** Values in the order of the keys; undefined where there is none. */
  readonly get: (keys: readonly string[]) => Promise<readonly (Uint8Array | undefined)[]>
  readonly set: (values: ReadonlyMap<string, Uint8Array>) => Promise<void>
}

export interface CacheOptions {
  readonly store: CacheStore
  /**
   * Who shares: whoever opens the same repository with the same scope may be given what another has fetched. The id of a
   * tenant, or of a set of credentials that may see the same things. Never the empty string.
   */
  readonly scope: string
  /** Larger objects are not kept. Bytes, default 1 MiB. */
  readonly maxObjectBytes?: number
}

/**
 * Objects of one repository, for those of one scope. Keys depend on both, so that knowing an id gives nobody an object
 * that they could not have fetched. A store that fails, or was tampered with, costs a request and nothing else.
 */
export class ObjectCache {
  readonly #options: Required<CacheOptions>
  readonly #prefix: string

  constructor(options: CacheOptions, url: string) {
    if (options.scope === '') {
      const what = 'cache.scope must say who shares what is cached, such as the id of a tenant'
      throw new GitError('InvalidInput', what, { field: 'cache.scope' })
    }
    const { maxObjectBytes = 1 << 20 } = options
    checkInteger('cache.maxObjectBytes', maxObjectBytes, 0)
    this.#options = { ...options, maxObjectBytes }
    this.#prefix = `${JSON.stringify([options.scope, url])}\0`
  }

  async get(oids: readonly ObjectId[], format: ObjectFormat): Promise<GitObject[]> {
    if (oids.length === 0) return []
    const values = await this.#options.store.get(oids.map((oid) => this.#key(oid))).catch(() => [])
    return oids.flatMap((oid, index) => {
      const value = values[index]
      const object = value && parse(value)
      return object !== undefined && objectId(format, object.type, object.bytes) === oid ? [{ oid, ...object }] : []
    })
  }

  async set(objects: readonly GitObject[]): Promise<void> {
    const { store, maxObjectBytes } = this.#options
    const values = new Map<string, Uint8Array>()
    for (const { oid, type, bytes } of objects) {
      if (bytes.length <= maxObjectBytes) values.set(this.#key(oid), serialize(type, bytes))
    }
    if (values.size > 0) await store.set(values).catch(() => undefined)
  }

  #key(oid: ObjectId): string {
    return createHash('sha256').update(this.#prefix).update(oid).digest('hex')
  }
}

const TYPES: readonly ObjectType[] = ['commit', 'tree', 'blob', 'tag']

function serialize(type: ObjectType, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(TYPES.indexOf(type)), bytes])
}

function parse(value: Uint8Array): { readonly type: ObjectType; readonly bytes: Buffer } | undefined {
  const type = TYPES[value[0] ?? -1]
  return type && { type, bytes: Buffer.from(value.buffer, value.byteOffset + 1, value.byteLength - 1) }
}
