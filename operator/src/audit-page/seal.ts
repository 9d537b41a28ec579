import { CompactEncrypt, compactDecrypt } from 'jose'
import { randomBytes } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** Of what was sealed, before it is made smaller. */
const MAX_BYTES = 64 << 10

/** Texts that travel through addresses and that nobody but this process can read or make (RFC 7516). */
export class Seal {
  readonly #key = randomBytes(32)

  async close(value: unknown): Promise<string> {
    const bytes = deflateRawSync(JSON.stringify(value))
    return await new CompactEncrypt(bytes).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(this.#key)
  }

  /** Undefined for what this process has not closed. */
  async open(sealed: string): Promise<unknown> {
    try {
      const { plaintext } = await compactDecrypt(sealed, this.#key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      })
      return JSON.parse(inflateRawSync(plaintext, { maxOutputLength: MAX_BYTES }).toString()) as unknown
    } catch {
      return undefined
    }
  }
}
