import { formatOfId } from '../../format/object-id.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import type { PackLimits } from '../../format/pack-limits.ts'
import { readPack } from '../../format/pack-reader.ts'
import type { GitObject, ReadPackOptions, StreamedBlob, StreamingOptions } from '../../format/pack-reader.ts'
import { readAdvertisement } from './advertisement.ts'
import { learn, remember } from './discovery.ts'
import { openPackV0 } from './fetch-v0.ts'
import { openPackV2 } from './fetch-v2.ts'
import { mayBeOld } from './may-be-old.ts'
import type { PackAnswer } from './pack-answer.ts'
import { overLimit } from '../../format/over-limit.ts'
import type { Session } from '../session.ts'

/** One fetch, whatever the version. Nothing is negotiated: `done` is always sent. */
export interface FetchRequest {
  readonly wants: readonly ObjectId[]
  /** The wants are of trees or files, to which no ref points: older servers send none unless they say that they do. */
  readonly inner?: boolean
  /** Commits that the client has. */
  readonly haves?: readonly ObjectId[]
  /** Commits that the client has without their parents. */
  readonly shallow?: readonly ObjectId[]
  readonly deepen?: number
  /** A partial-clone filter (git-rev-list, `--filter`). */
  readonly filter?: string
  /** Deltas against objects outside the pack are welcome. */
  readonly thin?: boolean
  /** Caps this response below the general limit, in bytes of the pack. */
  readonly maxBytes?: number
}

export type FetchReadOptions = Pick<ReadPackOptions, 'base' | 'missingBase' | 'skipBlobs' | 'spill'> & {
  /** Caps of this fetch, below those of the remote. */
  readonly limits?: Partial<PackLimits>
}

export type FetchStreamingOptions<T> = FetchReadOptions & Pick<StreamingOptions<T>, 'large' | 'streamAbove'>

/**
 * Fetches and yields the objects of the pack, as they arrive.
 * @throws GitError `Unsupported` when the server refuses this form of request: servers do so with an `ERR` packet, or with
 *   an empty answer; `Malformed`, `LimitExceeded`, `ServerError`, and as every request
 */
export function fetchObjects(
  session: Session,
  request: FetchRequest,
  options?: FetchReadOptions,
): AsyncGenerator<GitObject>
export function fetchObjects<T>(
  session: Session,
  request: FetchRequest,
  options: FetchStreamingOptions<T>,
): AsyncGenerator<GitObject | StreamedBlob<T>>
export async function* fetchObjects<T>(
  session: Session,
  request: FetchRequest,
  options: FetchReadOptions & Partial<FetchStreamingOptions<T>> = {},
): AsyncGenerator<GitObject | StreamedBlob<T>> {
  const { input, pack } = await openPack(session, request)
  try {
    const chunks = capped(pack, request.maxBytes)
    const limits = { ...session.remote.limits, ...options.limits }
    const { large } = options
    const reading = { ...options, format: formatFor(session, request), limits }
    const objects = large === undefined ? readPack(chunks, reading) : readPack(chunks, { ...reading, large })
    yield* session.learnedFormat === undefined ? learning(session, request, objects) : objects
    // Reading to the end keeps the connection; a tail that is no packet is of no interest.
    await input.atEnd()
  } finally {
    await input.close()
  }
}

/**
 * The pack as it is on the wire.
 * @throws GitError as {@link fetchObjects}
 */
export async function openPack(session: Session, request: FetchRequest): Promise<PackAnswer> {
  const format = formatFor(session, request)
  if (session.isOld) return openPackV0(session, request, format)
  try {
    const answer = await openPackV2(session, request, format, async (input) => {
      remember(session, (await readAdvertisement(session.remote, input, false)).advertisement)
    })
    session.learned.isCurrent = true
    return answer
  } catch (error) {
    // A version 2 server that has answered before refuses this form, and nothing else can be learned from that.
    if (session.learned.isCurrent || !mayBeOld(session, error)) throw error
    if (session.learned.advertisement === undefined) await learn(session)
    if (session.isOld) return openPackV0(session, request, format)
    throw error
  }
}

/** Until the server has shown its hash function, that of the ids that it is asked for. */
function formatFor({ learnedFormat }: Session, { wants: [want] }: FetchRequest): ObjectFormat {
  return learnedFormat ?? formatOfId(want ?? '')
}

/** An object whose id is the one that was wanted shows that the hash function is the right one. */
async function* learning<T extends { readonly oid: ObjectId }>(
  session: Session,
  { wants }: FetchRequest,
  objects: AsyncGenerator<T>,
): AsyncGenerator<T> {
  const wanted = new Set(wants)
  for await (const object of objects) {
    if (wanted.has(object.oid)) session.learn(formatOfId(object.oid))
    yield object
  }
}

async function* capped(chunks: AsyncIterable<Buffer>, max = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
  let received = 0
  for await (const chunk of chunks) {
    received += chunk.length
    if (received > max) throw overLimit('maxResponseBytes', max)
    yield chunk
  }
}
