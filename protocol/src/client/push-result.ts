import { GitError, isGitError } from '../format/errors.ts'
import type { ObjectId } from '../format/object-id.ts'
import { holdsCommit } from './ancestry.ts'
import type { Session } from './session.ts'
import { currentTips } from './tips.ts'
import type { PushReport, RefOptions } from './wire/report-status.ts'

/** One ref from an old to a new value; null stands for "does not exist". */
export interface RefUpdate {
  readonly ref: string
  readonly old: ObjectId | null
  readonly new: ObjectId | null
}

/** What became of one ref. */
export interface RefResult extends RefUpdate {
  /** `stale`: the ref was elsewhere than `old`. `rejected`: a rule of the server. */
  readonly status: 'ok' | 'stale' | 'rejected'
  /** The server's words, for what is not `ok`. */
  readonly reason?: string
  /** Where the ref is, for what is not `ok`. */
  readonly actual?: ObjectId | null
  /** What hooks and the server printed for people, about the push as a whole. */
  readonly messages: readonly string[]
  /** What the server did instead of what it was asked for: `refs/for/main` becomes a pull request's ref. */
  readonly options: RefOptions
}

const STALE = 'somebody else has pushed; read it again and repeat the change'

/** The error that a result stands for: `StaleRef` with the ref's place in `actual`, or `Rejected` with the server's words. */
export function refusalOf(result: RefResult): GitError | undefined {
  if (result.status === 'ok') return undefined
  const { ref, old, actual, reason = 'no reason given', messages } = result
  const words = [reason, ...messages]
  if (result.status === 'rejected') {
    const message = `the server refuses to update ${ref}: ${words.join('; ')}`
    return new GitError('Rejected', message, { ref, actual: actual ?? 'nothing', remote: words })
  }
  const [expected, found] = [old ?? 'nothing', actual ?? 'nothing']
  return new GitError('StaleRef', `${ref} is at ${found}, not at ${expected}: ${STALE}`, {
    ref,
    expected,
    actual: found,
    remote: words,
  })
}

export interface SettleOptions {
  /** Look at the refs that are `ok` as well. Default: where the server is not known to keep its word. */
  readonly verify?: boolean | undefined
  /** The updates bring commits that an earlier try may have brought already. Default false. */
  readonly mayHavePassed?: boolean
}

/**
 * What became of each ref. The words of a refusal differ from server to server; where the refs are now tells a lost race
 * from a rule.
 * @param answer what the server reports, or that the refs were found where they were to be
 */
export async function settle(
  session: Session,
  updates: readonly RefUpdate[],
  answer: PushReport | 'landed',
  options: SettleOptions = {},
): Promise<RefResult[]> {
  if (answer === 'landed') return updates.map((update) => done(update, [], {}))
  const { verify = !(await isKnownGood(session)), mayHavePassed = false } = options
  const reasons = updates.map(({ ref }) => refusal(answer, ref))
  const doubtful = updates.filter((_update, index) => verify || reasons[index] !== undefined)
  const tips = doubtful.length === 0 ? undefined : await currentTips(session, namesOf(doubtful))
  const results: RefResult[] = []
  for (const [index, update] of updates.entries()) {
    const reason = reasons[index]
    const did = answer.options.get(update.ref) ?? {}
    const actual = tips?.get(update.ref) ?? null
    const sure = reason === undefined && (!verify || did.refName !== undefined)
    const looksBack = reason === undefined || mayHavePassed
    // A report that is silent about the ref, or a first try that had landed: what counts is where the ref is.
    if (sure || actual === update.new || (looksBack && (await hasPassed(session, update, actual)))) {
      // What was refused because it had been done already is no news.
      results.push(done(update, reason === undefined ? answer.messages : [], did))
      continue
    }
    const { messages } = answer
    const status = actual === update.old ? 'rejected' : 'stale'
    results.push({ ...update, status, actual, reason: reason ?? 'it says ok and does nothing', messages, options: did })
  }
  return results
}

/** Whether the server has shown protocol version 2, or git's own name: such a one does what it says. */
async function isKnownGood(session: Session): Promise<boolean> {
  const seen = session.learned.advertisement ?? (await session.learned.receivePack?.catch(() => undefined))
  // A push that needs no look at the server comes from a snapshot, which an earlier look has given.
  if (session.learned.isCurrent || seen === undefined) return true
  return seen.version === 2 || (seen.capabilities.get('agent') ?? '').startsWith('git/')
}

const namesOf = (updates: readonly RefUpdate[]): string[] => updates.map(({ ref }) => ref)

function done(update: RefUpdate, messages: readonly string[], options: RefOptions): RefResult {
  return { ...update, status: 'ok', messages, options }
}

function refusal(report: PushReport, ref: string): string | undefined {
  const status = report.refs.get(ref)
  if (report.unpack === 'ok' && status === null) return undefined
  if (status !== undefined && status !== null) return report.unpack === 'ok' ? status : `${status} (${report.unpack})`
  return report.unpack === 'ok' ? 'the report does not mention the ref' : report.unpack
}

/**
 * Whether the refs are where the updates were to bring them.
 * @param isNew the updates bring commits that were made for them: a ref that holds one in its past has been there
 */
export async function haveLanded(session: Session, updates: readonly RefUpdate[], isNew: boolean): Promise<boolean> {
  let tips: ReadonlyMap<string, ObjectId>
  try {
    tips = await currentTips(session, namesOf(updates))
  } catch {
    // Still no answer: the first error stands, and the outcome stays unknown.
    return false
  }
  for (const update of updates) {
    const tip = tips.get(update.ref) ?? null
    if (tip !== update.new && !(isNew && (await hasPassed(session, update, tip)))) return false
  }
  return true
}

/** How far back a commit of ours is looked for when the ref has moved on since. */
const LOOK_BACK = 100

/** Whether the ref has been where the update was to bring it. */
async function hasPassed(session: Session, update: RefUpdate, tip: ObjectId | null): Promise<boolean> {
  if (tip === null || update.new === null || tip === update.old) return false
  try {
    return await holdsCommit(session, { wants: [tip], deepen: LOOK_BACK }, update.new)
  } catch (error) {
    if (!isGitError(error)) throw error
    return false
  }
}
