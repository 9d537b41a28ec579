import { FLUSH, packetLine } from '../../format/packet-line.ts'
import { isGitError } from '../../format/errors.ts'
import { done, haveLanded, settle } from '../push-result.ts'
import type { RefResult, RefUpdate } from '../push-result.ts'
import type { Session } from '../session.ts'
import { readReport } from '../wire/report-status.ts'
import type { PushReport } from '../wire/report-status.ts'

export interface PackPush {
  readonly updates: readonly RefUpdate[]
  readonly atomic: boolean
  /** Taken once, while it is sent. */
  readonly pack: () => AsyncIterable<Uint8Array>
}

/** What became of each ref; undefined when the server could not unpack, and so has changed nothing. */
export type PackPushed = readonly RefResult[] | { readonly unpacked: string }

/**
 * Pushes a pack that is passing by (gitprotocol-pack, "Reference Update Request"). A lost answer is followed by a look at
 * the refs; nothing is sent twice.
 * @throws GitError as every request, and whatever the pack throws
 */
export async function sendPack(session: Session, { updates, atomic, pack }: PackPush): Promise<PackPushed> {
  const { format, remote } = session
  const words = ['report-status', 'side-band-64k', ...(atomic ? ['atomic'] : []), `agent=${remote.userAgent}`]
  if (format.name !== 'sha1') words.push(`object-format=${format.name}`)
  if (updates.some(({ ref }) => !/^refs\/(?:heads|tags)\//.test(ref))) words.push('report-status-v2')
  const commands = updates.map(({ ref, old, new: next }, index) => {
    const line = `${old ?? format.zero} ${next ?? format.zero} ${ref}`
    return packetLine(index === 0 ? `${line}\0${words.join(' ')}` : line)
  })
  let failure: unknown
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield* [...commands, FLUSH]
    try {
      yield* pack()
    } catch (error) {
      failure = error
      throw error
    }
  }
  let report: PushReport
  try {
    const input = await remote.receivePack({ chunks })
    try {
      report = await readReport(input, remote.redact)
    } finally {
      await input.close()
    }
  } catch (error) {
    // A source that fails cuts the push off, and that is what the transport would complain about.
    if (failure !== undefined) throw failure
    if (!isGitError(error, 'Network', 'Timeout', 'ServerError', 'Malformed')) throw error
    if (await haveLanded(session, updates, false)) return updates.map((update) => done(update, [], {}))
    throw error
  }
  if (report.unpack !== 'ok' && !(await haveLanded(session, updates, false))) return { unpacked: report.unpack }
  return settle(session, updates, report, false)
}
