import { parseCommit } from '../../format/commit.ts'
import { GitError, isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { Session } from '../session.ts'
import { fetchObjects } from '../wire/fetch.ts'
import type { FetchRequest } from '../wire/fetch.ts'
import { unexpected } from '../read/objects.ts'
import type { CommitInfo } from '../read/objects.ts'

/** A stretch of history that is to be read. */
export interface HistoryRequest {
  /** Commits that it begins with. */
  readonly wants: readonly ObjectId[]
  /** Generations from the wanted commits on; with merges there are more commits than that. */
  readonly depth: number
  /** Commits that have been read, with all that they reach up to those of `cut`. */
  readonly haves: readonly ObjectId[]
  /** Commits that have been read without some of their parents. */
  readonly cut: readonly ObjectId[]
  /** Root trees are wanted as well. */
  readonly roots: boolean
  /** A commit that a ref points to and that reaches all others. */
  readonly tip: ObjectId
}

export interface HistoryBatch {
  readonly commits: ReadonlyMap<ObjectId, CommitInfo>
  /** Trees that came along: root trees, or all. */
  readonly trees: ReadonlyMap<ObjectId, Buffer>
}

type Form = (request: HistoryRequest) => FetchRequest

/** From the cheapest to the plainest, as in `object-forms.ts`. */
const FORMS: readonly Form[] = [
  // What has been read is not sent again, where branches that were cut meet it.
  ({ wants, depth, haves, cut, roots }) => ({
    wants,
    haves,
    shallow: cut,
    deepen: depth,
    filter: roots ? 'tree:1' : 'tree:0',
  }),
  ({ wants, depth }) => ({ wants, deepen: depth, filter: 'blob:none' }),
  ({ wants, depth }) => ({ wants, deepen: depth }),
  // Servers that send nothing but what refs point to.
  ({ tip, depth }) => ({ wants: [tip], deepen: depth, filter: 'blob:none' }),
  ({ tip, depth }) => ({ wants: [tip], deepen: depth }),
]

/** From here on, all trees come with their commits. */
export const WITH_TREES = 1
const FROM_TIP = 3
/** The deepest that git counts (upload-pack, `INFINITE_DEPTH`): all of the history. */
const WHOLE = 0x7fffffff

/** @throws GitError `ObjectMissing`; `UnexpectedType` for a wanted object that is no commit; and as every request */
export async function fetchHistory(session: Session, request: HistoryRequest): Promise<HistoryBatch> {
  let refusal: GitError | undefined
  for (const [index, form] of FORMS.entries()) {
    if (index < session.learned.historyForm) continue
    try {
      const batch = await (index < FROM_TIP ? read(session, form(request)) : fromTip(session, form, request))
      if (request.wants.every((oid) => batch.commits.has(oid))) {
        session.learned.historyForm = index
        return batch
      }
    } catch (error) {
      if (!isGitError(error, 'Unsupported')) throw error
      refusal = error
    }
  }
  const [oid = ''] = request.wants
  throw new GitError('ObjectMissing', `${session.remote.url} does not send the history from commit ${oid} on`, {
    oid,
    ...(refusal === undefined ? {} : { cause: refusal }),
  })
}

/** How far below the tip the wanted commits are is unknown: as deep as needed. */
async function fromTip(session: Session, form: Form, request: HistoryRequest): Promise<HistoryBatch> {
  for (let { depth } = request; ; depth = Math.min(depth * 4, WHOLE)) {
    const batch = await read(session, form({ ...request, depth }))
    if (depth === WHOLE || request.wants.every((oid) => reaches(batch, oid, request.depth))) return batch
  }
}

/** Whether a commit and so many generations behind it were sent, or all there are. */
function reaches({ commits }: HistoryBatch, start: ObjectId, depth: number): boolean {
  let oid: ObjectId | undefined = start
  for (let done = 0; done < depth && oid !== undefined; done++) {
    const commit = commits.get(oid)
    if (commit === undefined) return false
    oid = commit.parents[0]
  }
  return true
}

async function read(session: Session, request: FetchRequest): Promise<HistoryBatch> {
  const commits = new Map<ObjectId, CommitInfo>()
  const trees = new Map<ObjectId, Buffer>()
  for await (const { oid, type, bytes } of fetchObjects(session, request, { skipBlobs: true })) {
    if (type !== 'commit' && request.wants.includes(oid)) throw unexpected(oid, { oid, type }, 'commit')
    if (type === 'commit') commits.set(oid, { oid, ...parseCommit(bytes) })
    else if (type === 'tree') trees.set(oid, bytes)
  }
  return { commits, trees }
}
