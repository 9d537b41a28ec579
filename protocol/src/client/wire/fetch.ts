import type { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { readPack } from '../../format/pack-reader.ts'
import type { GitObject, ReadPackOptions } from '../../format/pack-reader.ts'
import { packetText, readPacket } from '../../format/packet-line.ts'
import { RemoteMessages, sideBand } from '../../format/side-band.ts'
import { command } from './command.ts'
import { overLimit } from '../limits.ts'
import type { Session } from '../session.ts'

/** One `fetch` command (gitprotocol-v2). Nothing is negotiated: `done` is always sent. */
export interface FetchRequest {
  readonly wants: readonly ObjectId[]
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

export type FetchReadOptions = Pick<ReadPackOptions, 'base' | 'missingBase' | 'skipBlobs'>

/**
 * Fetches and yields the objects of the pack, as they arrive.
 * @throws GitError `Unsupported` when the server refuses this form of request: servers do so with an `ERR` packet, or with
 *   an empty answer; `Malformed`, `LimitExceeded`, `ServerError`, and as every request
 */
export async function* fetchObjects(
  session: Session,
  request: FetchRequest,
  options: FetchReadOptions = {},
): AsyncGenerator<GitObject> {
  const input = await session.remote.uploadPack(command(session, 'fetch', fetchArguments(request)))
  try {
    await seekPack(session, input)
    const pack = capped(sideBand(input, new RemoteMessages(session.remote.redact)), request.maxBytes)
    yield* readPack(pack, { ...options, format: session.format, limits: session.remote.limits })
    // Reading to the end keeps the connection; a tail that is no packet is of no interest.
    await input.atEnd()
  } finally {
    await input.close()
  }
}

function fetchArguments(request: FetchRequest): string[] {
  const { wants, haves = [], shallow = [], deepen, filter, thin = false } = request
  return [
    'no-progress',
    'ofs-delta',
    ...(thin ? ['thin-pack'] : []),
    ...wants.map((oid) => `want ${oid}`),
    ...shallow.map((oid) => `shallow ${oid}`),
    ...haves.map((oid) => `have ${oid}`),
    ...(deepen === undefined ? [] : [`deepen ${deepen}`]),
    ...(filter === undefined ? [] : [`filter ${filter}`]),
    'done',
  ]
}

/** Skips the sections before the pack: acknowledgments, shallow-info, wanted-refs. */
async function seekPack(session: Session, input: ByteReader): Promise<void> {
  for (;;) {
    const packet = await readPacket(input)
    if (packet === undefined || packet.type === 'flush') throw refused(session, 'an answer without a pack')
    if (packet.type !== 'data') continue
    const line = packetText(packet.payload)
    if (line === 'packfile') return
    if (line.startsWith('ERR ')) throw refused(session, session.remote.printable(line.slice(4)))
  }
}

function refused(session: Session, what: string): GitError {
  return new GitError('Unsupported', `${session.remote.url} does not answer this form of fetch: ${what}`, {
    remote: [what],
  })
}

async function* capped(chunks: AsyncGenerator<Buffer>, max = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
  let received = 0
  for await (const chunk of chunks) {
    received += chunk.length
    if (received > max) throw overLimit('maxResponseBytes', max)
    yield chunk
  }
}
