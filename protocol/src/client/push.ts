import { GitError, isGitError } from '../format/errors.ts'
import type { ObjectId } from '../format/object-id.ts'
import { writePack } from '../format/pack-writer.ts'
import type { PackEntry } from '../format/pack-writer.ts'
import { FLUSH, packetLine } from '../format/packet-line.ts'
import { parseCommit } from '../format/commit.ts'
import { fetchObjects } from './wire/fetch.ts'
import { lsRefs } from './wire/ls-refs.ts'
import { readReport } from './wire/report-status.ts'
import type { PushReport } from './wire/report-status.ts'
import type { Session } from './session.ts'

/** One ref from an old to a new value; null stands for "does not exist". */
export interface RefUpdate {
  readonly ref: string
  readonly old: ObjectId | null
  readonly new: ObjectId | null
}

/** The same objects, trees as deltas where that is shorter, and whole for servers that take no deltas. */
export interface PackContents {
  readonly thin: readonly PackEntry[]
  readonly whole: readonly PackEntry[]
}

export interface PushResult {
  /** What hooks and the server printed for people. */
  readonly messages: readonly string[]
}

/**
 * Pushes one ref: a single request, without a look before. The server compares the ref with `old` and swaps.
 * An answer that was lost is not an outcome: the ref is looked at before anything is reported, and nothing is sent twice.
 * @throws GitError `StaleRef` with the ref's place in `actual`, `Rejected` with the server's words, and as every request
 */
export async function pushRef(session: Session, update: RefUpdate, pack: PackContents): Promise<PushResult> {
  let report: PushReport
  try {
    report = await send(session, update, session.thinPacks ? pack.thin : pack.whole)
    if (report.unpack !== 'ok' && session.thinPacks && pack.thin.some(({ type }) => type === 'ref-delta')) {
      const second = await send(session, update, pack.whole)
      if (second.unpack === 'ok') session.thinPacks = false
      report = second
    }
  } catch (error) {
    if (!isGitError(error, 'Network', 'Timeout', 'ServerError', 'Malformed')) throw error
    if (await hasLanded(session, update)) return { messages: [] }
    throw error
  }
  const reason = refusal(report, update.ref)
  if (reason === undefined) return { messages: report.messages }
  const tip = await currentTip(session, update.ref)
  // A report that is silent about the ref, or a first try that had landed: what counts is where the ref is.
  if (tip === update.new) return { messages: report.messages }
  throw explain(update, tip, reason, report)
}

async function send(session: Session, update: RefUpdate, entries: readonly PackEntry[]): Promise<PushReport> {
  const { format, remote } = session
  const capabilities = ['report-status', 'side-band-64k', `agent=${remote.userAgent}`]
  if (format.name !== 'sha1') capabilities.push(`object-format=${format.name}`)
  const { zero } = format
  const line = `${update.old ?? zero} ${update.new ?? zero} ${update.ref}\0${capabilities.join(' ')}`
  // A deletion carries no pack at all; every other command carries one, if only an empty one.
  const pack = update.new === null ? [] : writePack(entries, format)
  const input = await remote.receivePack([packetLine(line), FLUSH, ...pack])
  try {
    return await readReport(input, remote.redact)
  } finally {
    await input.close()
  }
}

function refusal(report: PushReport, ref: string): string | undefined {
  const status = report.refs.get(ref)
  if (report.unpack === 'ok' && status === null) return undefined
  if (status !== undefined && status !== null) return report.unpack === 'ok' ? status : `${status} (${report.unpack})`
  return report.unpack === 'ok' ? 'the report does not mention the ref' : report.unpack
}

/** The words of a refusal differ from server to server; where the ref is now tells a lost race from a rule. */
function explain(update: RefUpdate, tip: ObjectId | null, reason: string, report: PushReport): GitError {
  if (tip !== update.old) {
    return new GitError('StaleRef', `${update.ref} is at ${tip ?? 'nothing'}, not at ${update.old ?? 'nothing'}`, {
      ref: update.ref,
      expected: update.old ?? 'nothing',
      actual: tip ?? 'nothing',
      remote: [reason, ...report.messages],
    })
  }
  const words = [reason, ...report.messages]
  return new GitError('Rejected', `the server refuses to update ${update.ref}: ${words.join('; ')}`, {
    ref: update.ref,
    actual: tip ?? 'nothing',
    remote: words,
  })
}

export async function currentTip(session: Session, ref: string): Promise<ObjectId | null> {
  const refs = await lsRefs(session, [ref])
  return refs.find(({ name }) => name === ref)?.oid ?? null
}

/** How far back a commit of ours is looked for when the ref has moved on since. */
const LOOK_BACK = 100

async function hasLanded(session: Session, update: RefUpdate): Promise<boolean> {
  let tip: ObjectId | null
  try {
    tip = await currentTip(session, update.ref)
  } catch {
    // Still no answer: the first error stands, and the outcome stays unknown.
    return false
  }
  if (tip === update.new) return true
  if (tip === null || update.new === null || tip === update.old) return false
  const request = { wants: [tip], deepen: LOOK_BACK, filter: 'tree:0' }
  try {
    for await (const object of fetchObjects(session, request, { skipBlobs: true })) {
      if (object.oid === update.new) return true
      if (object.type === 'commit' && parseCommit(object.bytes).parents.includes(update.new)) return true
    }
  } catch (error) {
    if (!isGitError(error)) throw error
  }
  return false
}
