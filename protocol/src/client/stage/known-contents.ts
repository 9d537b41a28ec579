import { objectId } from '../../format/object-id.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'

/** Beyond, what has been known longest is forgotten. */
const MAX_BYTES = 16 << 20

/**
 * Contents that the server has: a new one can be sent as what differs from the one before it. They are copies: who changes
 * the bytes that were given must not change what the server is believed to have.
 */
export class KnownContents {
  readonly #contents = new Map<ObjectId, Uint8Array>()
  #bytes = 0

  get(oid: ObjectId): Uint8Array | undefined {
    return this.#contents.get(oid)
  }

  add(bytes: Uint8Array, format: ObjectFormat): void {
    if (bytes.length > MAX_BYTES) return
    const oid = objectId(format, 'blob', bytes)
    if (this.#contents.has(oid)) return
    this.#contents.set(oid, Buffer.from(bytes))
    this.#bytes += bytes.length
    for (const [oldest, { length }] of this.#contents) {
      if (this.#bytes <= MAX_BYTES) return
      this.#contents.delete(oldest)
      this.#bytes -= length
    }
  }
}
