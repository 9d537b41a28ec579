import type { ObjectFormat } from '../format/object-id.ts'
import { packBody, writePack } from '../format/pack-writer.ts'
import type { PackEntry, StreamedEntry } from '../format/pack-writer.ts'
import { pushRequest } from './push-request.ts'
import { refusalOf, settle } from './push-result.ts'
import type { RefResult, RefUpdate } from './push-result.ts'
import { receivePack } from './receive-pack.ts'
import type { RequestBody } from './remote/request-body.ts'
import type { Session } from './session.ts'

/** The same objects, as deltas where that is shorter, and whole for servers that take no deltas. */
export interface PackContents {
  readonly thin: readonly (PackEntry | StreamedEntry)[]
  readonly whole: readonly (PackEntry | StreamedEntry)[]
}

export interface PushOptions {
  /** All refs or none. @throws GitError `Unsupported` where the server cannot; one request more, the first time */
  readonly atomic?: boolean
  /**
   * Strings for the server's hooks (git-push, `--push-option`).
   * @throws GitError `Unsupported` where the server takes none; one request more, the first time
   */
  readonly pushOptions?: readonly string[]
  /**
   * Look at the refs after the server says `ok`: one request more. Default: only where the server has shown neither
   * protocol version 2 nor git's own name. Those that say `ok` and do nothing are among these few, and a look at each push
   * to all the others would double its price.
   */
  readonly verify?: boolean
}

/** What the engine itself adds to the options of its users. */
export interface PushContents {
  /** Default: no objects. */
  readonly pack?: PackContents
  /** An earlier try ended without an answer, and may have happened after all. Default false. */
  readonly isRepeated?: boolean
}

const NOTHING: PackContents = { thin: [], whole: [] }

/**
 * Pushes refs: a single request, without a look before. The server compares each ref with `old` and swaps.
 * An answer that was lost is not an outcome: the refs are looked at before anything is reported, and nothing is sent twice.
 * @returns a result for each update, in their order
 * @throws GitError `Unsupported`, `InvalidInput` for an impossible push option, and as every request
 */
export async function pushRefs(
  session: Session,
  updates: readonly RefUpdate[],
  options: PushOptions & PushContents = {},
): Promise<RefResult[]> {
  const { pack = NOTHING, verify, isRepeated = false } = options
  const request = await pushRequest(session, updates, options)
  const isNew = pack.whole.some(({ type }) => type === 'commit')
  const send = (entries: PackContents['thin']): ReturnType<typeof receivePack> =>
    receivePack(session, request, packOf(entries, request.format), isNew)
  const first = session.learned.thinPacks ? pack.thin : pack.whole
  let answer = await send(first)
  const hasDeltas = first.some(({ type }) => type === 'ref-delta')
  if (answer !== 'landed' && answer.unpack !== 'ok' && hasDeltas) {
    answer = await send(pack.whole)
    if (answer !== 'landed' && answer.unpack === 'ok') session.learned.thinPacks = false
  }
  return settle(session, updates, answer, { verify, mayHavePassed: isRepeated && isNew })
}

/** The same for one ref, which succeeds or throws. @throws GitError as {@link pushRefs} and {@link refusalOf} */
export async function pushRef(
  session: Session,
  update: RefUpdate,
  options: PushOptions & PushContents = {},
): Promise<RefResult> {
  const [result] = await pushRefs(session, [update], options)
  const refusal = result && refusalOf(result)
  if (refusal !== undefined) throw refusal
  return result as RefResult
}

function packOf(entries: PackContents['thin'], format: ObjectFormat): RequestBody {
  const held = entries.filter((entry): entry is PackEntry => !('deflated' in entry))
  return held.length === entries.length ? writePack(held, format) : packBody(entries, format)
}
