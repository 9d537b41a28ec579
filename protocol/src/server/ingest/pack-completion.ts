import { createHash } from '#platform/hash'
import { crc32 } from 'node:zlib'
import type { ObjectFormat } from '../../format/object-id.ts'
import { PACK_HEADER_BYTES, packHeader, readPackHeader } from '../../format/pack-header.ts'
import { encodeEntry } from '../../format/pack-writer.ts'
import type { StoredObject } from '../pack/object-reader.ts'
import type { StagedPack } from '../store/repository-store.ts'

const PIECE = 1 << 20

/** Adds to a thin pack what its deltas are against, so that nobody needs another pack to read it. */
export class PackCompletion {
  readonly #pack: StagedPack
  readonly #format: ObjectFormat
  /** Where the entries end: what follows is written over. */
  #end: number
  #added = 0

  constructor(pack: StagedPack, format: ObjectFormat) {
    this.#pack = pack
    this.#format = format
    this.#end = pack.size - format.size
  }

  async add({ type, bytes }: StoredObject): Promise<{ readonly offset: number; readonly crc32: number }> {
    const entry = Buffer.concat(encodeEntry({ type, bytes }))
    const offset = this.#end
    await this.#write(entry)
    this.#end += entry.length
    this.#added++
    return { offset, crc32: crc32(entry) }
  }

  /** @returns its new checksum, hex; undefined where nothing was added */
  async finish(): Promise<string | undefined> {
    if (this.#added === 0) return undefined
    const pack = this.#pack
    const count = readPackHeader(await pack.read(0, PACK_HEADER_BYTES)) ?? 0
    await pack.overwrite(0, packHeader(count + this.#added))
    const hash = createHash(this.#format.name)
    for (let at = 0; at < this.#end; at += PIECE) hash.update(await pack.read(at, Math.min(PIECE, this.#end - at)))
    const checksum = hash.digest('hex')
    await this.#write(Buffer.from(checksum, 'hex'))
    return checksum
  }

  async #write(bytes: Buffer): Promise<void> {
    const old = this.#pack.size - this.#end
    await this.#pack.overwrite(this.#end, bytes.subarray(0, old))
    await this.#pack.append(bytes.subarray(old))
  }
}
