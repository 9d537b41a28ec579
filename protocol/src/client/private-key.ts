/** Private keys from outside: what it costs to open and to use one is bounded before it is tried. */
import { createPrivateKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type ssh2 from 'ssh2'
import type { ParsedKey } from 'ssh2'

/** Loaded by whoever talks SSH. */
type Ssh2 = Pick<typeof ssh2, 'utils'>

/** Bytes of the text of a key; RSA of 8,192 bits has 7 kB. Patterns that look for its parts take time by the square of it. */
const MAX_TEXT_BYTES = 16_384
/** Each takes 20 ms, in which nothing else happens. `ssh-keygen` takes 16 or 24, and 100 is what careful people give it. */
const MAX_ROUNDS = 128
/** A signature takes 0.1 s with so many, and time by their cube. */
const MAX_RSA_BITS = 8_192

const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----'
const END = '-----END OPENSSH PRIVATE KEY-----'
const MAGIC = Buffer.from('openssh-key-v1\0')

/** Why a text is not read as a private key; undefined for one of a usual size. */
function keyTextProblem(text: string | Uint8Array): string | undefined {
  const bytes = typeof text === 'string' ? Buffer.byteLength(text) : text.length
  return bytes > MAX_TEXT_BYTES ? `it has ${bytes} bytes, more than ${MAX_TEXT_BYTES}` : undefined
}

/** Why nothing is signed with a key; undefined for one of a usual size, and for other kinds than RSA. */
function keySizeProblem({ asymmetricKeyDetails }: KeyObject): string | undefined {
  const { modulusLength = 0 } = asymmetricKeyDetails ?? {}
  return modulusLength > MAX_RSA_BITS ? `RSA of ${modulusLength} bits, more than ${MAX_RSA_BITS}` : undefined
}

/** Reads an SSH key, OpenSSH's format or PEM. @returns why it cannot be used, in place of the key */
export function readSshKey(
  { utils }: Ssh2,
  key: string | Uint8Array,
  passphrase: string | undefined,
): ParsedKey | string {
  const tooLong = keyTextProblem(key)
  if (tooLong !== undefined) return tooLong
  const text = Buffer.from(key as Uint8Array)
  const rounds = roundsOf(text.toString().trim())
  if (rounds > MAX_ROUNDS)
    return `its passphrase takes ${rounds} rounds, more than ${MAX_ROUNDS}: write it anew with ssh-keygen -p -a 24`
  const parsed = utils.parseKey(text, passphrase)
  if (parsed instanceof Error) return parsed.message
  if (!parsed.isPrivateKey()) return 'it is a public key'
  return (parsed.type === 'ssh-rsa' ? keySizeProblem(createPrivateKey(parsed.getPrivatePEM())) : undefined) ?? parsed
}

/** How often the passphrase of a key in OpenSSH's format is hashed (PROTOCOL.key); 0 where there is none. */
function roundsOf(text: string): number {
  const isOpenSsh = text.startsWith(BEGIN) && text.endsWith(END)
  // As ssh2 reads it: what is no base64 in between is passed over.
  const bytes = Buffer.from(isOpenSsh ? text.slice(BEGIN.length, -END.length) : '', 'base64')
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return 0
  let at = MAGIC.length
  const next = (): Buffer => {
    const length = at + 4 > bytes.length ? 0 : bytes.readUInt32BE(at)
    const value = bytes.subarray(at + 4, at + 4 + length)
    at += 4 + length
    return value
  }
  next()
  const [name, options] = [next().toString('latin1'), next()]
  if (name !== 'bcrypt' || options.length < 4) return 0
  // Behind the salt.
  const behind = 4 + options.readUInt32BE(0)
  return behind + 4 > options.length ? 0 : options.readUInt32BE(behind)
}
