import { GitError } from './errors.ts'
import { splitHeaders } from './headers.ts'
import { formatIdentity, parseIdentity } from './identity.ts'
import type { Identity } from './identity.ts'
import { isObjectId } from './object-id.ts'
import type { ObjectId, ObjectType } from './object-id.ts'
import { withLineBreak } from './text.ts'

/** An annotated tag (git-mktag). */
export interface Tag {
  readonly object: ObjectId
  readonly type: ObjectType
  readonly name: string
  /** Absent in tags of Git's first year. */
  readonly tagger?: Identity
  /** Without the signature. */
  readonly message: string
  /** Armored: OpenPGP, SSH or S/MIME. What it signs is the object up to the signature. */
  readonly signature?: string
}

const TYPES: ReadonlySet<string> = new Set<ObjectType>(['commit', 'tree', 'blob', 'tag'])
const SIGNATURE = /^-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----/gm

/** A tag object without a signature; the message ends with a line break, as git's own do. */
export function serializeTag(tag: Omit<Tag, 'signature'>): Buffer {
  const head = [
    `object ${tag.object}`,
    `type ${tag.type}`,
    `tag ${tag.name}`,
    ...(tag.tagger === undefined ? [] : [`tagger ${formatIdentity(tag.tagger)}`]),
  ]
  return Buffer.from(`${head.join('\n')}\n\n${withLineBreak(tag.message)}`)
}

/** @throws GitError `Malformed` */
export function parseTag(body: Buffer): Tag {
  const { headers, message } = splitHeaders(body)
  const first = (name: string): string | undefined => headers.find((header) => header.name === name)?.value
  const [object = '', type = '', tagger] = [first('object'), first('type'), first('tagger')]
  if (!isObjectId(object) || !isObjectType(type)) {
    throw new GitError('Malformed', 'a tag object names no object, or one of a type that does not exist')
  }
  // A message may quote signatures; only the last one stands at the end, and so is the tag's own.
  const start = [...message.matchAll(SIGNATURE)].at(-1)?.index ?? message.length
  const signature = start < message.length ? message.slice(start) : first('gpgsig')
  return {
    object,
    type,
    name: first('tag') ?? '',
    message: message.slice(0, start),
    ...(tagger === undefined ? {} : { tagger: parseIdentity(tagger) }),
    ...(signature === undefined ? {} : { signature }),
  }
}

const isObjectType = (type: string): type is ObjectType => TYPES.has(type)
