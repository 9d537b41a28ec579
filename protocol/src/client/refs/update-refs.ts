import { GitError } from '../../format/errors.ts'
import { isObjectId } from '../../format/object-id.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { causeOf } from '../cause-of.ts'
import { refusalOf } from '../push-result.ts'
import type { RefResult, RefUpdate } from '../push-result.ts'
import { pushRefs } from '../push.ts'
import type { PackContents, PushOptions } from '../push.ts'
import { currentTips } from '../tips.ts'
import { checkFullRefName } from '../ref-name.ts'
import type { Session } from '../session.ts'
import { setbackOf } from './setback.ts'

/** What a ref is to become. */
export interface RefChange {
  /** Full name: `refs/heads/main`. */
  readonly ref: string
  /**
   * Where the ref must be for the change to happen; null: it must not exist. Default: where it is when the change begins,
   * one request more for all refs together.
   */
  readonly old?: ObjectId | null
  /** An object that the server has; null deletes the ref. */
  readonly new: ObjectId | null
}

export interface UpdateRefsOptions extends PushOptions {
  /**
   * Branches may lose commits, and tags may move. Default false: a branch moves only to a descendant, which costs a request
   * for each, and a tag not at all.
   */
  readonly force?: boolean
}

/**
 * Creates, updates and deletes refs in one request.
 * @returns each of `changes` as it has happened, in their order; a ref that was in its place already is among them
 * @throws GitError `InvalidInput`, `RefNotFound` for a deletion of what does not exist, `NotFastForward`, `RefExists` for a
 *   tag that would move, all before anything is sent; `StaleRef` or `Rejected` for the first ref that the server left
 *   alone, with what became of all of them in `details.refs`: without `atomic` the others have changed; as {@link pushRefs}
 */
export async function updateRefs(
  session: Session,
  changes: readonly RefChange[],
  options: UpdateRefsOptions & { readonly pack?: PackContents } = {},
): Promise<RefResult[]> {
  const { force = false } = options
  checkChanges(session, changes)
  const updates = await withLeases(session, changes)
  if (!force) for (const update of updates) await checkForward(session, update)

  // What is where it should be already is no change: a push of it would be refused here and there.
  const moving = updates.filter((update, index) => changes[index]?.old !== undefined || update.old !== update.new)
  const pushed = moving.length === 0 ? [] : await pushRefs(session, moving, options)
  const byRef = new Map(pushed.map((result) => [result.ref, result]))
  const results = updates.map(
    (update): RefResult => byRef.get(update.ref) ?? { ...update, status: 'ok', messages: [], options: {} },
  )
  const refusal = refusalOfAny(results, options.atomic === true ? pushed : [])
  if (refusal !== undefined) throw refusal
  return results
}

/** @param atomic those of which all or none were to change: a server that offers that may not keep its word */
function refusalOfAny(results: readonly RefResult[], atomic: readonly RefResult[]): GitError | undefined {
  const cause = causeOf(results)
  const refusal = cause && refusalOf(cause)
  if (refusal === undefined) return undefined
  const refs = results.map(({ ref, status, reason, actual }) => ({
    ref,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(actual === undefined ? {} : { actual }),
  }))
  const broken = atomic.filter(({ status }) => status === 'ok').map(({ ref }) => ref)
  const words =
    broken.length === 0 ? '' : `; the server has changed ${broken.join(', ')} all the same, in spite of atomic`
  return new GitError(refusal.code, refusal.message + words, { ...refusal.details, refs })
}

function checkChanges(session: Session, changes: readonly RefChange[]): void {
  const seen = new Set<string>()
  for (const { ref, old, new: next } of changes) {
    checkFullRefName(ref)
    if (seen.has(ref))
      throw new GitError('InvalidInput', `${ref} is to change twice in one push`, { field: 'ref', ref })
    seen.add(ref)
    for (const [field, oid] of Object.entries({ old, new: next })) {
      if (oid === null || oid === undefined) continue
      if (isObjectId(oid) && !/^0+$/.test(oid)) {
        session.formatOf(oid, field)
        continue
      }
      const message = `${field} of ${ref} must be a full object id or null, not ${JSON.stringify(oid)}`
      throw new GitError('InvalidInput', message, { field, ref, actual: oid })
    }
    if (old === null && next === null) {
      throw new GitError('InvalidInput', `${ref} is to be deleted where it must not exist`, { field: 'old', ref })
    }
  }
}

async function withLeases(session: Session, changes: readonly RefChange[]): Promise<RefUpdate[]> {
  const unknown = changes.filter(({ old }) => old === undefined).map(({ ref }) => ref)
  const tips = unknown.length === 0 ? new Map<string, ObjectId>() : await currentTips(session, unknown)
  return changes.map(({ ref, old = tips.get(ref) ?? null, new: next }) => {
    if (old === null && next === null) throw new GitError('RefNotFound', `${ref} does not exist`, { ref })
    return { ref, old, new: next }
  })
}

/** @throws GitError `NotFastForward`, `RefExists` */
async function checkForward(session: Session, update: RefUpdate): Promise<void> {
  const setback = await setbackOf(session, update)
  if (setback === undefined) return
  const { ref } = update
  const { reason, from, to } = setback
  if (reason === 'the tag would move') {
    throw new GitError('RefExists', `${ref} exists already; force: true moves it`, { ref, actual: from })
  }
  const what = `${ref} at ${from} would lose commits at ${to}; force: true moves it`
  throw new GitError('NotFastForward', what, { ref, expected: from, actual: to })
}
