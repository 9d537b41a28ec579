import { isGitError } from '../format/errors.ts'
import type { GitErrorCode } from '../format/errors.ts'
import { FLUSH, packetLine } from '../format/packet-line.ts'
import type { PushRequest } from './push-request.ts'
import { haveLanded } from './push-result.ts'
import { bodyLength } from './remote/request-body.ts'
import type { RequestBody } from './remote/request-body.ts'
import type { Session } from './session.ts'
import { readReport } from './wire/report-status.ts'
import type { PushReport } from './wire/report-status.ts'

/**
 * Sends commands and a pack (gitprotocol-pack, "Reference Update Request"). An answer that was lost, or makes no sense, is
 * followed by a look at the refs: a push that has happened is no failure, and nothing is sent twice.
 * @param pack an empty one for updates that bring no objects; where everything is deleted it is not sent
 * @param isNew see {@link haveLanded}
 * @returns what the server reports; `landed` when its answer was lost, and the refs are where they were to be
 * @throws GitError as every request; whatever the pack throws while it is taken
 */
export async function receivePack(
  session: Session,
  request: PushRequest,
  pack: RequestBody,
  isNew: boolean,
): Promise<PushReport | 'landed'> {
  const { remote } = session
  const { updates } = request
  const failed: unknown[] = []
  try {
    const head = commands(request)
    const isDeletion = updates.every((update) => update.new === null)
    const body = isDeletion ? head : joined(head, pack, (error) => failed.push(error))
    const input = await remote.receivePack(body)
    try {
      return await readReport(input, remote.redact, new Set(updates.map(({ ref }) => ref)))
    } finally {
      await input.close()
    }
  } catch (error) {
    // A pack that fails cuts the push off, and that is what the transport would complain about.
    if (failed.length > 0) throw failed.at(-1)
    if (mayHaveLanded(error) && (await haveLanded(session, updates, isNew))) return 'landed'
    throw error
  }
}

/** What an answer that is lost, cut or makes no sense ends as. */
const NO_ANSWER: readonly GitErrorCode[] = [
  'Network',
  'Timeout',
  'Aborted',
  'ServerError',
  'Malformed',
  'NotGit',
  'LimitExceeded',
]

/** Whether a push that failed with this error can have happened nevertheless, or can happen yet. */
export function mayHaveLanded(error: unknown): boolean {
  if (!isGitError(error, ...NO_ANSWER)) return false
  // What is no Git protocol may be a gateway's page in place of the answer, unless it says itself that it is a refusal.
  return error.code !== 'NotGit' || (error.details.status ?? 0) < 400
}

function commands({ updates, format, capabilities, pushOptions }: PushRequest): Uint8Array[] {
  const lines = updates.map(({ ref, old, new: next }, index) => {
    const line = `${old ?? format.zero} ${next ?? format.zero} ${ref}`
    return packetLine(index === 0 ? `${line}\0${capabilities.join(' ')}` : line)
  })
  const options = pushOptions.length === 0 ? [] : [...pushOptions.map((option) => packetLine(option)), FLUSH]
  return [...lines, FLUSH, ...options]
}

function joined(head: readonly Uint8Array[], pack: RequestBody, onFailure: (error: unknown) => void): RequestBody {
  if (!('chunks' in pack)) return [...head, ...pack]
  const source = pack
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield* head
    try {
      yield* source.chunks()
    } catch (error) {
      onFailure(error)
      throw error
    }
  }
  return pack.length === undefined ? { chunks } : { length: bodyLength(head) + pack.length, chunks }
}
