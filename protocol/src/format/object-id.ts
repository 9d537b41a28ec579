import { createHash, hashOnce } from '#platform/hash'

/** An object id as lower-case hex: 40 digits in a SHA-1 repository, 64 in a SHA-256 one. */
export type ObjectId = string

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag'

/** The hash function of a repository (gitprotocol-capabilities, `object-format`). */
export interface ObjectFormat {
  readonly name: 'sha1' | 'sha256'
  /** Bytes of a binary object id. */
  readonly size: 20 | 32
  /** Means "no object" in ref updates. */
  readonly zero: ObjectId
  readonly emptyTree: ObjectId
}

export const SHA1: ObjectFormat = {
  name: 'sha1',
  size: 20,
  zero: '0'.repeat(40),
  emptyTree: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
}

export const SHA256: ObjectFormat = {
  name: 'sha256',
  size: 32,
  zero: '0'.repeat(64),
  emptyTree: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
}

export function objectFormat(name: string): ObjectFormat | undefined {
  if (name === 'sha1') return SHA1
  return name === 'sha256' ? SHA256 : undefined
}

export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
}

/** The hash function that makes ids of this length. */
export function formatOfId(oid: ObjectId): ObjectFormat {
  return oid.length === SHA256.zero.length ? SHA256 : SHA1
}

/** Up to this size one copy and one call are quicker than a streaming hash. */
const ONE_CALL = 4096

/** The id that Git gives to an object of this type and content. */
export function objectId(format: ObjectFormat, type: ObjectType, body: Uint8Array): ObjectId {
  const header = `${type} ${body.length}\0`
  if (body.length > ONE_CALL) return createHash(format.name).update(header).update(body).digest('hex')
  const whole = Buffer.allocUnsafe(header.length + body.length)
  whole.write(header, 0, 'latin1')
  whole.set(body, header.length)
  return hashOnce(format.name, whole, 'hex')
}

/** The id of a file's content in a SHA-1 repository, without any repository at hand. */
export function blobId(body: Uint8Array, format: ObjectFormat = SHA1): ObjectId {
  return objectId(format, 'blob', body)
}
