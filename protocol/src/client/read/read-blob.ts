import { GitError, isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { ArrivingBlob } from '../../format/pack-reader.ts'
import { once } from '../once.ts'
import type { FileEntry } from './file-entry.ts'
import type { Session } from '../session.ts'
import { fetchObjects } from '../wire/fetch.ts'
import { fetchBlobs } from '../wire/object-forms.ts'

export interface BlobStream {
  /** Bytes. */
  readonly size: number
  /**
   * Once through; ending early closes the connection. The bytes are proved to be the wanted ones when the last has been
   * given: the iteration fails then if they are not.
   */
  readonly chunks: AsyncIterable<Uint8Array>
}

export interface FileStream extends FileEntry, BlobStream {}

/**
 * One file's content as it arrives, whatever its size: nothing but a few chunks is held. Where a server sends files only
 * along with their commit, the file is held, up to the limits.
 * @throws GitError `ObjectMissing`, `LimitExceeded`, and as every request
 */
export async function readBlob(session: Session, oid: ObjectId, commit: ObjectId): Promise<BlobStream> {
  try {
    return await streamed(session, oid)
  } catch (error) {
    if (!isGitError(error, 'Unsupported', 'ObjectMissing')) throw error
  }
  const bytes = (await fetchBlobs(session, [oid], commit)).get(oid)
  if (bytes === undefined) throw new GitError('ObjectMissing', `the server does not send ${oid}`, { oid })
  return { size: bytes.length, chunks: once(bytes) }
}

async function streamed(session: Session, oid: ObjectId): Promise<BlobStream> {
  const arrived = Promise.withResolvers<BlobStream>()
  const taken = Promise.withResolvers<void>()
  const large = (blob: ArrivingBlob): Promise<void> => {
    arrived.resolve({ size: blob.size, chunks: proved(blob.chunks) })
    return taken.promise
  }
  const settle = async (): Promise<void> => {
    const bytes = await read(session, oid, large)
    if (bytes === undefined) throw new GitError('ObjectMissing', `the server does not send ${oid}`, { oid })
    if (bytes !== 'streamed') arrived.resolve({ size: bytes.length, chunks: once(bytes) })
  }
  const reading = settle()
  reading.catch(arrived.reject)

  async function* proved(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let isWhole = false
    try {
      yield* chunks
      isWhole = true
    } finally {
      if (isWhole) taken.resolve()
      else taken.reject(new GitError('Aborted', 'the reader of the blob has left'))
    }
    await reading
  }
  return arrived.promise
}

/** @returns the bytes of a small blob; undefined when another object came, or none */
async function read(
  session: Session,
  oid: ObjectId,
  large: (blob: ArrivingBlob) => Promise<void>,
): Promise<Buffer | 'streamed' | undefined> {
  let found: Buffer | 'streamed' | undefined
  for await (const object of fetchObjects(session, { wants: [oid], inner: true }, { large })) {
    if ('streamed' in object) found = object.oid === oid ? 'streamed' : found
    else if (object.oid === oid && object.type === 'blob') found = object.bytes
  }
  return found
}
