import { sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'

type HashName = 'sha1' | 'sha256'

const FUNCTIONS = { sha1, sha256 } as const

export function hashOnce(name: HashName, bytes: Uint8Array, encoding: 'hex'): string {
  return Buffer.from(FUNCTIONS[name](bytes)).toString(encoding)
}

/** A hash in the making, with what is used of Node's own. */
export interface Hash {
  update(data: string | Uint8Array): Hash
  digest(): Buffer
  digest(encoding: 'hex'): string
}

export function createHash(name: HashName): Hash {
  const state = FUNCTIONS[name].create()
  function digest(): Buffer
  function digest(encoding: 'hex'): string
  function digest(encoding?: 'hex'): Buffer | string {
    const bytes = Buffer.from(state.digest())
    return encoding === undefined ? bytes : bytes.toString(encoding)
  }
  const hash: Hash = {
    update(data) {
      state.update(typeof data === 'string' ? Buffer.from(data) : data)
      return hash
    },
    digest,
  }
  return hash
}
