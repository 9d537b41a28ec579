import { GitError } from '../../format/errors.ts'
import { checkIdentity } from '../../format/identity.ts'
import type { Identity } from '../../format/identity.ts'
import { objectId } from '../../format/object-id.ts'
import type { ObjectId, ObjectType } from '../../format/object-id.ts'
import { serializeTag } from '../../format/tag.ts'
import { checkMessage } from '../message.ts'
import type { RefResult } from '../push-result.ts'
import type { PushOptions } from '../push.ts'
import { fetchPeeled } from '../read/objects.ts'
import { resolveRevision } from '../read/resolve.ts'
import { fullTagName } from '../ref-name.ts'
import type { Session } from '../session.ts'
import { signTag } from '../sign/sign-object.ts'
import type { Signer } from '../sign/signer.ts'
import { create } from './branch.ts'
import { updateRefs } from './update-refs.ts'

export interface CreateTagOptions extends Omit<PushOptions, 'atomic'> {
  /** Makes an annotated tag. Ends up with exactly one line break at its end. */
  readonly message?: string
  /** Who tags, and when; needed for an annotated tag. */
  readonly tagger?: Identity
  /** Signs an annotated tag. Default: not signed. */
  readonly sign?: Signer
  /** A tag of this name moves; default false. One request more. */
  readonly force?: boolean
}

/**
 * @param revision what is tagged: a branch, a tag (the object that it stands for), or the id of any object
 * @throws GitError `InvalidInput`, `RefNotFound`, `ObjectMissing`, `RefExists`, and as {@link updateRefs}
 */
export async function createTag(
  session: Session,
  name: string,
  revision: string,
  { message, tagger, sign, force = false, ...options }: CreateTagOptions,
): Promise<RefResult> {
  const ref = fullTagName(name)
  if (message === undefined && (tagger !== undefined || sign !== undefined)) {
    throw new GitError('InvalidInput', 'a tag with a tagger or a signature needs a message', { field: 'message' })
  }
  if (message !== undefined) checkAnnotation(message, tagger)
  const { ref: named, oid } = await resolveRevision(session, revision)
  // Anything but a branch may stand for an object of any type, or for one that the server does not have.
  const type = named.startsWith('refs/heads/') ? 'commit' : await typeOf(session, oid)
  let tagged: ObjectId = oid
  let bytes: Buffer | undefined
  if (message !== undefined && tagger !== undefined) {
    const short = ref.slice('refs/tags/'.length)
    const unsigned = serializeTag({ object: oid, type, name: short, tagger, message })
    bytes = sign === undefined ? unsigned : await signTag(unsigned, sign)
    tagged = objectId(session.format, 'tag', bytes)
  }
  const entries = bytes === undefined ? [] : [{ type: 'tag' as const, bytes }]
  const change = { ref, new: tagged, ...(force ? {} : { old: null }) }
  const pushed = updateRefs(session, [change], { ...options, force, pack: { thin: entries, whole: entries } })
  return create(
    pushed.then(([result]) => result as RefResult),
    ref,
  )
}

async function typeOf(session: Session, oid: ObjectId): Promise<ObjectType> {
  const { object, tags } = await fetchPeeled(session, oid)
  return tags.length > 0 ? 'tag' : object.type
}

/** @throws GitError `InvalidInput` */
function checkAnnotation(message: string, tagger: Identity | undefined): void {
  checkMessage(message)
  if (tagger === undefined) {
    throw new GitError('InvalidInput', 'a tag with a message needs a tagger', { field: 'tagger' })
  }
  checkIdentity('tagger', tagger)
}
