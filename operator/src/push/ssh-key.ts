/** OpenSSH keys: the file that `ssh-keygen` writes (PROTOCOL.key), and its public half. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'

const MAGIC = Buffer.from('openssh-key-v1\0')
const TYPE = 'ssh-ed25519'
const ARMOR = /-----BEGIN OPENSSH PRIVATE KEY-----\s+([\sA-Za-z0-9+/=]+?)\s+-----END OPENSSH PRIVATE KEY-----/

export interface SshKey {
  /** As in the file `id_ed25519`. */
  readonly privateKey: string
  /** As in the file `id_ed25519.pub`, without the line break. */
  readonly publicKey: string
}

/**
 * Makes an Ed25519 key without a passphrase. Not by ssh2, which drops zeros that a public key begins with: one in some
 * hundred of its keys is none.
 * @param comment one word for people; shown behind the public key
 */
export function makeSshKey(comment: string): SshKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' })
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]
  const blob = Buffer.concat([string(TYPE), string(point)])
  const check = randomBytes(4)
  const secret = Buffer.concat([check, check, blob, string(Buffer.concat([seed, point])), string(comment)])
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, i) => i + 1))
  const file = Buffer.concat([
    MAGIC,
    ...['none', 'none', ''].map(string),
    Buffer.from([0, 0, 0, 1]),
    string(blob),
    string(Buffer.concat([secret, padding])),
  ])
  const lines = file.toString('base64').replaceAll(/.{70}/g, '$&\n')
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `${TYPE} ${blob.toString('base64')} ${comment}`,
  }
}

/** The public half of a private key in OpenSSH's format, encrypted or not; undefined for other formats. */
export function publicHalf(privateKey: string): string | undefined {
  const bytes = Buffer.from(ARMOR.exec(privateKey)?.[1] ?? '', 'base64')
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  let at = MAGIC.length
  const next = (): Buffer => {
    if (at + 4 > bytes.length) return Buffer.alloc(0)
    const length = bytes.readUInt32BE(at)
    const value = bytes.subarray(at + 4, at + 4 + length)
    at += 4 + length
    return value
  }
  // Cipher, key derivation and its options; then the number of keys, which is 1.
  for (let i = 0; i < 3; i++) next()
  at += 4
  const blob = next()
  if (blob.length < 4) return undefined
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString()
  return /^[a-z0-9-]{1,64}$/.test(type) ? `${type} ${blob.toString('base64')}` : undefined
}

/** RFC 4251, "string". */
function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as Uint8Array)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
