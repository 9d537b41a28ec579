import { createHash, createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { GitError } from '../../format/errors.ts'
import { matchesPatterns, parseAllowedSigners } from './allowed-signers.ts'
import type { AllowedSigner } from './allowed-signers.ts'
import { MAX_SIGNATURE } from './signer.ts'
import { MAX_KEY_BITS, MAX_KEYS_TEXT } from './verifier.ts'
import type { SignatureCheck, Verifier } from './verifier.ts'

const MAGIC = Buffer.from('SSHSIG')
const NAMESPACE = 'git'

/** Hashes by the name of a signature's algorithm (RFC 8332, RFC 5656, RFC 8709); null: the key's own. */
const ALGORITHMS: Readonly<Record<string, { readonly key: string; readonly hash: string | null }>> = {
  'ssh-ed25519': { key: 'ssh-ed25519', hash: null },
  // SHA-1, the algorithm of the key's own name, is no longer accepted.
  'rsa-sha2-256': { key: 'ssh-rsa', hash: 'sha256' },
  'rsa-sha2-512': { key: 'ssh-rsa', hash: 'sha512' },
  'ecdsa-sha2-nistp256': { key: 'ecdsa-sha2-nistp256', hash: 'sha256' },
  'ecdsa-sha2-nistp384': { key: 'ecdsa-sha2-nistp384', hash: 'sha384' },
  'ecdsa-sha2-nistp521': { key: 'ecdsa-sha2-nistp521', hash: 'sha512' },
}

/** Bytes of one number of a signature. */
const CURVE_BYTES: Readonly<Record<string, number>> = {
  'ecdsa-sha2-nistp256': 32,
  'ecdsa-sha2-nistp384': 48,
  'ecdsa-sha2-nistp521': 66,
}

interface KnownKey extends AllowedSigner {
  /** Undefined for kinds that are not read here, such as keys in hardware. */
  readonly publicKey: KeyObject | undefined
}

/**
 * Checks SSH signatures, as `gpg.format=ssh` does: the format of OpenSSH's PROTOCOL.sshsig, namespace `git`. Keys are Ed25519, RSA and
 * ECDSA; signatures of keys in hardware (`sk-…`) are `unreadable`.
 * @param keys a file of allowed signers, or public keys, a line each
 * @throws GitError `InvalidInput` naming the line
 */
export async function sshVerifier(keys: string): Promise<Verifier> {
  if (keys.length > MAX_KEYS_TEXT) throw invalid(`have ${keys.length} characters, more than ${MAX_KEYS_TEXT}`)
  const { default: ssh2 } = await import('ssh2')
  const known = parseAllowedSigners(keys).map((signer): KnownKey => {
    if (signer.type.startsWith('sk-')) return { ...signer, publicKey: undefined }
    const parsed = ssh2.utils.parseKey(`${signer.type} ${signer.blob.toString('base64')}`)
    if (parsed instanceof Error) throw invalid(`hold one that cannot be read: ${parsed.message}`)
    const publicKey = createPublicKey(parsed.getPublicPEM())
    const { modulusLength = 0 } = publicKey.asymmetricKeyDetails ?? {}
    if (modulusLength > MAX_KEY_BITS) throw invalid(`hold one of ${modulusLength} bits, more than ${MAX_KEY_BITS}`)
    return { ...signer, publicKey }
  })
  if (known.length === 0) throw invalid('hold none: a line such as "ssh-ed25519 AAAA…" is needed')

  return {
    keys: known.map(({ blob, principals }) => ({
      format: 'SSH',
      fingerprint: fingerprint(blob),
      signers: principals,
    })),
    async verify(payload, signature, time) {
      const parsed = readSignature(signature)
      if (typeof parsed === 'string') return { state: 'unreadable', reason: parsed }
      return check(parsed, payload, { time: time.getTime(), known })
    },
  }
}

interface ParsedSignature {
  readonly publicKey: Buffer
  readonly namespace: string
  readonly hash: string
  readonly algorithm: string
  readonly bytes: Buffer
}

function check(
  { publicKey, namespace, hash, algorithm, bytes }: ParsedSignature,
  payload: Uint8Array,
  { time, known }: { readonly time: number; readonly known: readonly KnownKey[] },
): SignatureCheck {
  const key = fingerprint(publicKey)
  const same = known.filter(({ blob }) => blob.equals(publicKey))
  const [first] = same
  if (first === undefined) return { state: 'unknownKey', key, reason: 'the key is none of those that were given' }
  const rule = ALGORITHMS[algorithm]
  if (first.publicKey === undefined || rule === undefined || rule.key !== first.type)
    return { state: 'unreadable', key, reason: `signatures by ${algorithm} are not read` }
  if (namespace !== NAMESPACE)
    return { state: 'bad', key, reason: `it is for ${JSON.stringify(namespace)}, not for git` }
  const signed = Buffer.concat([
    MAGIC,
    string(NAMESPACE),
    string(''),
    string(hash),
    string(createHash(hash).update(payload).digest()),
  ])
  const raw = first.type in CURVE_BYTES ? rawCurveSignature(bytes, CURVE_BYTES[first.type] ?? 0) : bytes
  const isGood =
    raw !== undefined && verify(rule.hash, signed, { key: first.publicKey, dsaEncoding: 'ieee-p1363' }, raw)
  if (!isGood) return { state: 'bad', key, reason: 'it is not over this commit' }
  const allowed = same.find((signer) => problemOf(signer, time) === undefined)
  const [signer] = (allowed ?? first).principals
  const whose = signer === undefined ? {} : { signer }
  if (allowed !== undefined) return { state: 'good', key, ...whose }
  return { state: 'invalidKey', key, ...whose, reason: problemOf(first, time) ?? '' }
}

/** Why a key that was given did not count then. */
function problemOf({ namespaces, validAfter, validBefore }: AllowedSigner, time: number): string | undefined {
  if (namespaces !== undefined && !matchesPatterns(NAMESPACE, namespaces))
    return 'the key is not allowed to sign commits'
  // A commit may state a time that no calendar holds: that is neither before nor after.
  if (validAfter !== undefined && !(time >= validAfter))
    return `the key is allowed only after ${new Date(validAfter).toISOString()}`
  if (validBefore !== undefined && !(time <= validBefore))
    return `the key was allowed only before ${new Date(validBefore).toISOString()}`
  return undefined
}

/** @returns why it is none, in place of the signature */
function readSignature(armored: string): ParsedSignature | string {
  if (armored.length > MAX_SIGNATURE) return `it has ${armored.length} characters, more than ${MAX_SIGNATURE}`
  const [, body] =
    /^-----BEGIN SSH SIGNATURE-----([A-Za-z0-9+/=\s]*)-----END SSH SIGNATURE-----\s*$/.exec(armored) ?? []
  if (body === undefined) return 'it is no SSH signature'
  const reader = new Reader(Buffer.from(body, 'base64'))
  const magic = reader.bytes(MAGIC.length)
  const version = reader.bytes(4)
  if (!magic.equals(MAGIC) || !version.equals(Buffer.of(0, 0, 0, 1))) return 'it is no SSH signature of version 1'
  const publicKey = reader.string()
  const namespace = reader.string().toString()
  reader.string()
  const hash = reader.string().toString()
  const inner = new Reader(reader.string())
  const [algorithm, bytes] = [inner.string().toString(), inner.string()]
  if (reader.isShort || inner.isShort) return 'it is cut short'
  if (hash !== 'sha256' && hash !== 'sha512') return `it takes the hash ${JSON.stringify(hash)}`
  return { publicKey, namespace, hash, algorithm, bytes }
}

/** RFC 4251, "string". */
class Reader {
  readonly #from: Buffer
  #at = 0
  isShort = false

  constructor(from: Buffer) {
    this.#from = from
  }

  bytes(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#from.length) this.isShort = true
    const value = this.#from.subarray(this.#at, end)
    this.#at = end
    return value
  }

  string(): Buffer {
    const length = this.bytes(4)
    return this.bytes(length.length === 4 ? length.readUInt32BE() : 0)
  }
}

/** Two `mpint` (RFC 5656, section 3.1.2) as halves of equal length. */
function rawCurveSignature(bytes: Buffer, size: number): Buffer | undefined {
  const reader = new Reader(bytes)
  const halves = [reader.string(), reader.string()].map((number) => {
    let start = 0
    while (start < number.length && number[start] === 0) start++
    const digits = number.subarray(start)
    return digits.length > size ? undefined : Buffer.concat([Buffer.alloc(size - digits.length), digits])
  })
  const [r, s] = halves
  return reader.isShort || r === undefined || s === undefined ? undefined : Buffer.concat([r, s])
}

function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as Uint8Array)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

const fingerprint = (blob: Buffer): string =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`

function invalid(problem: string): GitError {
  return new GitError('InvalidInput', `keys ${problem}`, { field: 'keys' })
}
