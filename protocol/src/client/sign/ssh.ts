import { createHash, sign } from 'node:crypto'
import { GitError } from '../../format/errors.ts'
import { readSshKey } from '../private-key.ts'
import type { Signer } from './signer.ts'

export interface SshSignerOptions {
  /** Of an encrypted key. */
  readonly passphrase?: string
}

/** What a kind of key signs with (RFC 8332, RFC 5656, RFC 8709). */
const ALGORITHMS: Readonly<Record<string, { readonly name: string; readonly hash: string | null }>> = {
  'ssh-ed25519': { name: 'ssh-ed25519', hash: null },
  // SHA-1, the algorithm of the key's own name, is no longer accepted.
  'ssh-rsa': { name: 'rsa-sha2-512', hash: 'sha512' },
  'ecdsa-sha2-nistp256': { name: 'ecdsa-sha2-nistp256', hash: 'sha256' },
  'ecdsa-sha2-nistp384': { name: 'ecdsa-sha2-nistp384', hash: 'sha384' },
  'ecdsa-sha2-nistp521': { name: 'ecdsa-sha2-nistp521', hash: 'sha512' },
}

const MAGIC = Buffer.from('SSHSIG')
const NAMESPACE = string('git')
const RESERVED = string('')
const HASH = string('sha512')

/**
 * Signs with an SSH key, as `gpg.format=ssh` does: the format of OpenSSH's PROTOCOL.sshsig, namespace `git`.
 * @param key the private key as `ssh-keygen` writes it: Ed25519, RSA or ECDSA
 * @throws GitError `InvalidInput` for a key that cannot be read, that the passphrase does not open, or that takes
 *   too long to open or to use: a text above 16 KiB, a passphrase hashed more than 128 times, RSA above 8,192 bits
 */
export async function sshSigner(key: string | Uint8Array, options: SshSignerOptions = {}): Promise<Signer> {
  const { default: ssh2 } = await import('ssh2')
  const parsed = readSshKey(ssh2, key, options.passphrase)
  if (typeof parsed === 'string') throw unusable(parsed)
  const algorithm = ALGORITHMS[parsed.type]
  if (algorithm === undefined) throw unusable(`keys of the type ${parsed.type} do not sign commits`)
  const pem = parsed.getPrivatePEM()
  const publicKey = string(parsed.getPublicSSH())

  return {
    async sign(payload) {
      const digest = string(createHash('sha512').update(payload).digest())
      const signed = Buffer.concat([MAGIC, NAMESPACE, RESERVED, HASH, digest])
      const raw = sign(algorithm.hash, signed, { key: pem, dsaEncoding: 'ieee-p1363' })
      const encoded = parsed.type.startsWith('ecdsa-') ? curveSignature(raw) : raw
      const signature = string(Buffer.concat([string(algorithm.name), string(encoded)]))
      const version = Buffer.from([0, 0, 0, 1])
      return armor(Buffer.concat([MAGIC, version, publicKey, NAMESPACE, RESERVED, HASH, signature]))
    },
  }
}

function unusable(why: string): GitError {
  return new GitError('InvalidInput', `key: not a private SSH key that can be used: ${why}`, { field: 'key' })
}

/** RFC 4251, "string". */
function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as Uint8Array)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** The two numbers of an ECDSA signature, in halves of equal length, as two `mpint` (RFC 5656, section 3.1.2). */
function curveSignature(raw: Buffer): Buffer {
  const half = raw.length / 2
  return Buffer.concat([multiplePrecision(raw.subarray(0, half)), multiplePrecision(raw.subarray(half))])
}

function multiplePrecision(number: Buffer): Buffer {
  let start = 0
  while (start < number.length && number[start] === 0) start++
  const digits = number.subarray(start)
  // A number whose first bit is set would be negative.
  return string((digits[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits)
}

function armor(blob: Buffer): string {
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? []
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n')
}
