import { parseCommit, signedPayload } from '../../format/commit.ts'
import { GitError, isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { PackLimits } from '../../format/pack-limits.ts'
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
  /** Trees that are wanted as well. */
  readonly trees: 'none' | 'roots' | 'all'
  /** What signatures are over is wanted as well. */
  readonly payloads: boolean
  /** A commit that a ref points to and that reaches all others. */
  readonly tip: ObjectId
}

export interface HistoryBatch {
  readonly commits: ReadonlyMap<ObjectId, CommitInfo>
  /** Trees that came along: root trees, or all. */
  readonly trees: ReadonlyMap<ObjectId, Buffer>
}

type Form = (request: HistoryRequest) => FetchRequest

const FILTERS: Readonly<Record<HistoryRequest['trees'], string>> = { none: 'tree:0', roots: 'tree:1', all: 'blob:none' }

/** Of an answer with all trees: of its pack, and of what is held of that. Where it is more, folders cost less one by one. */
const MAX_PACK_BYTES = 16 << 20
const MAX_HELD_BYTES = 64 << 20

/** What has been read is not sent again, where branches that were cut meet it. */
const cheapest: Form = ({ wants, depth, haves, cut, trees }) => ({
  wants,
  haves,
  shallow: cut,
  deepen: depth,
  filter: FILTERS[trees],
})

/** From the cheapest to the plainest, as in `object-forms.ts`. */
const FORMS: readonly Form[] = [
  cheapest,
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

/**
 * @throws GitError `ObjectMissing`; `UnexpectedType` for a wanted object that is no commit; and as every request. With all
 *   trees, from servers that could leave them out: `Unsupported`, `LimitExceeded`, where they do better without
 */
export async function fetchHistory(session: Session, request: HistoryRequest): Promise<HistoryBatch> {
  if (request.trees === 'all' && session.learned.historyForm < WITH_TREES) {
    const limits = { maxHeldBytes: Math.min(MAX_HELD_BYTES, session.remote.limits.maxHeldBytes) }
    const batch = await read(session, { ...cheapest(request), maxBytes: MAX_PACK_BYTES }, request, limits)
    if (hasAll(batch, request)) return batch
    throw new GitError('Unsupported', `${session.remote.url} does not send a history with its trees`)
  }
  let refusal: GitError | undefined
  for (const [index, form] of FORMS.entries()) {
    if (index < session.learned.historyForm) continue
    try {
      const batch = await (index < FROM_TIP ? read(session, form(request), request) : fromTip(session, form, request))
      if (hasAll(batch, request)) {
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

const hasAll = ({ commits }: HistoryBatch, { wants }: HistoryRequest): boolean => wants.every((oid) => commits.has(oid))

/** How far below the tip the wanted commits are is unknown: as deep as needed. */
async function fromTip(session: Session, form: Form, request: HistoryRequest): Promise<HistoryBatch> {
  for (let { depth } = request; ; depth = Math.min(depth * 4, WHOLE)) {
    const batch = await read(session, form({ ...request, depth }), request)
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

async function read(
  session: Session,
  request: FetchRequest,
  { payloads }: Pick<HistoryRequest, 'payloads'>,
  limits: Partial<PackLimits> = {},
): Promise<HistoryBatch> {
  const commits = new Map<ObjectId, CommitInfo>()
  const trees = new Map<ObjectId, Buffer>()
  for await (const { oid, type, bytes } of fetchObjects(session, request, { skipBlobs: true, limits })) {
    if (type !== 'commit' && request.wants.includes(oid)) throw unexpected(oid, { oid, type }, 'commit')
    if (type === 'commit') commits.set(oid, commitInfo(oid, bytes, payloads))
    else if (type === 'tree') trees.set(oid, bytes)
  }
  return { commits, trees }
}

function commitInfo(oid: ObjectId, bytes: Buffer, payloads: boolean): CommitInfo {
  const commit = parseCommit(bytes)
  const isWanted = payloads && commit.signature !== undefined
  return { oid, ...commit, ...(isWanted ? { payload: signedPayload(bytes) } : {}) }
}
