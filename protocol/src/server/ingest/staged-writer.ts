import { crc32 } from 'node:zlib'
import type { StagedPack } from '../store/repository-store.ts'

/** Bytes that are written together. */
const BATCH = 1 << 20

/** Puts the bytes of a pack where it is staged while they are looked at, and knows the checksum of each entry. */
export class StagedWriter {
  readonly #pack: StagedPack
  #batch: Buffer[] = []
  #held = 0
  #crc = 0

  constructor(pack: StagedPack) {
    this.#pack = pack
  }

  readonly push = (bytes: Buffer): void => {
    this.#crc = crc32(bytes, this.#crc)
    this.#batch.push(bytes)
    this.#held += bytes.length
  }

  /** Of what came since the last call. */
  takeChecksum(): number {
    const crc = this.#crc
    this.#crc = 0
    return crc
  }

  /** To be called between entries, and between pieces of large ones: what came is written, once it is worth it. */
  async drain(isAll = false): Promise<void> {
    if (this.#held === 0 || (!isAll && this.#held < BATCH)) return
    const bytes = Buffer.concat(this.#batch, this.#held)
    this.#batch = []
    this.#held = 0
    await this.#pack.append(bytes)
  }
}
