import type { Key, Subkey } from 'openpgp'
import { GitError } from '../../format/errors.ts'
import type { Signer } from './signer.ts'

export interface OpenPgpSignerOptions {
  /** Of an encrypted key. */
  readonly passphrase?: string
  /** The time of signatures. Default: now. */
  readonly now?: () => Date
}

/** Signatures by others make a key long. */
const MAX_TEXT = 1 << 18
/** The passphrase is hashed for each. */
const MAX_PARTS = 16
/** A signature takes 0.1 s with so many, and time by their cube. */
const MAX_BITS = 8_192
/** Of Argon2 (RFC 9580, section 3.7.1.4), all keys together: twice the usual 3 passes over 64 MiB. Nothing else happens meanwhile. */
const MAX_ARGON2_KIB = 6 << 16
/** Memory for one, in KiB. */
const MAX_MEMORY_KIB = 1 << 16

/**
 * Signs with an OpenPGP key, as `gpg.format=openpgp` does.
 * @param key the private key, armored, as `gpg --armor --export-secret-keys` writes it
 * @throws GitError `InvalidInput` for a key that cannot be read, that the passphrase does not open, that may not sign, or
 *   that takes too long to open or to use: above 8,192 bits, or a passphrase hashed by Argon2 with more than 64 MiB, or 6 passes over
 *   that in all
 */
export async function openPgpSigner(key: string, options: OpenPgpSignerOptions = {}): Promise<Signer> {
  const { createMessage, decryptKey, readPrivateKey, sign } = await import('openpgp')
  const { passphrase, now = () => new Date() } = options
  const open = async (): Promise<Awaited<ReturnType<typeof readPrivateKey>>> => {
    if (key.length > MAX_TEXT) throw new Error(`it has ${key.length} characters, more than ${MAX_TEXT}`)
    const privateKey = await readPrivateKey({ armoredKey: key })
    const parts = privateKey.getKeys()
    const problem = costProblem(parts)
    if (problem !== undefined) throw new Error(problem)
    if (passphrase === undefined || privateKey.isDecrypted()) return privateKey
    return decryptKey({ privateKey, passphrase })
  }
  const signingKeys = await open().catch((error: unknown) => {
    throw unusable(error)
  })
  if (!signingKeys.isDecrypted()) throw unusable('it is encrypted: give its passphrase')
  await signingKeys.getSigningKey(undefined, now()).catch((error: unknown) => {
    throw unusable(error)
  })

  return {
    async sign(payload) {
      const message = await createMessage({ binary: payload })
      return sign({ message, signingKeys, detached: true, format: 'armored', date: now() })
    },
  }
}

function unusable(cause: unknown): GitError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new GitError('InvalidInput', `key: not a private OpenPGP key that can be used: ${why}`, {
    field: 'key',
    cause,
  })
}

/** Why a key with its subkeys takes too long to be opened or to sign. */
function costProblem(parts: readonly (Key | Subkey)[]): string | undefined {
  if (parts.length > MAX_PARTS) return `it has ${parts.length} keys and subkeys, more than ${MAX_PARTS}`
  const bits = Math.max(...parts.map((part) => part.getAlgorithmInfo().bits ?? 0))
  if (bits > MAX_BITS) return `${bits} bits, more than ${MAX_BITS}`
  const hashes = parts.flatMap(({ keyPacket }) => {
    // Of the packet, and in none of its types.
    const { s2k } = keyPacket as { readonly s2k?: Argon2 | null }
    return s2k?.type === 'argon2' ? [{ passes: s2k.t ?? 0, memory: 2 ** (s2k.encodedM ?? 0) }] : []
  })
  const memory = Math.max(0, ...hashes.map((hash) => hash.memory))
  if (memory > MAX_MEMORY_KIB) return `its passphrase takes Argon2 over ${memory} KiB, more than ${MAX_MEMORY_KIB}`
  const total = hashes.reduce((sum, hash) => sum + hash.passes * hash.memory, 0)
  return total > MAX_ARGON2_KIB
    ? `its passphrase takes Argon2 over ${total} KiB in all passes and subkeys, more than ${MAX_ARGON2_KIB}`
    : undefined
}

interface Argon2 {
  readonly type?: string
  /** Passes. */
  readonly t?: number
  /** Memory, as the exponent of kibibytes. */
  readonly encodedM?: number
}
