import { parseCommit } from '../format/commit.ts'
import { isGitError } from '../format/errors.ts'
import type { ObjectId } from '../format/object-id.ts'
import { fetchObjects } from './wire/fetch.ts'
import type { FetchRequest } from './wire/fetch.ts'
import type { Session } from './session.ts'

/** Commits alone, from servers that can; then with their trees; then with everything. */
const FILTERS: readonly Pick<FetchRequest, 'filter'>[] = [{ filter: 'tree:0' }, { filter: 'blob:none' }, {}]

/**
 * Whether the server's answer holds a commit, or one whose parent it is.
 * @throws GitError `LimitExceeded`, `Unsupported` where the server answers in no form, and as every request
 */
export async function holdsCommit(session: Session, request: FetchRequest, commit: ObjectId): Promise<boolean> {
  for (const [index, filter] of FILTERS.entries()) {
    try {
      for await (const { oid, type, bytes } of fetchObjects(session, { ...request, ...filter }, { skipBlobs: true })) {
        if (oid === commit || (type === 'commit' && parseCommit(bytes).parents.includes(commit))) return true
      }
      return false
    } catch (error) {
      if (!isGitError(error, 'Unsupported') || index === FILTERS.length - 1) throw error
    }
  }
  return false
}

/** Commits of some ten thousand changes. */
const MAX_BYTES = 4 << 20

/**
 * Whether a commit of the server has another among its ancestors, or is it. One request, and the commits between them;
 * false also where the server does not show it within 4 MiB.
 */
export async function descendsFrom(session: Session, commit: ObjectId, ancestor: ObjectId): Promise<boolean> {
  if (commit === ancestor) return true
  try {
    // What the ancestor reaches is left out: if the answer reaches the ancestor, one of its commits has it as a parent.
    const request = { wants: [commit], haves: [ancestor], maxBytes: MAX_BYTES }
    return await holdsCommit(session, request, ancestor)
  } catch (error) {
    if (isGitError(error, 'Unsupported', 'LimitExceeded')) return false
    throw error
  }
}

/**
 * The same from the other end: the server is asked for what the other commit has beyond the first one, which is nothing
 * where the first one reaches it. One request, whatever lies between.
 * @throws GitError `ObjectMissing` or another for a commit that the server does not have or send, and as every request
 */
export async function reaches(session: Session, commit: ObjectId, other: ObjectId): Promise<boolean> {
  if (commit === other) return true
  const request = { wants: [other], haves: [commit] }
  for (const [index, filter] of FILTERS.entries()) {
    try {
      for await (const _object of fetchObjects(session, { ...request, ...filter }, { skipBlobs: true })) return false
      return true
    } catch (error) {
      if (!isGitError(error, 'Unsupported') || index === FILTERS.length - 1) throw error
    }
  }
  return false
}
