import { GitError, isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { GitObject } from '../../format/pack-reader.ts'
import { fetchObjects } from './fetch.ts'
import type { FetchReadOptions, FetchRequest } from './fetch.ts'
import type { Session } from '../session.ts'

/**
 * The ladder: for each purpose the forms of request from the cheapest to the plainest. A server that refuses one, or
 * leaves out what was wanted, is asked in the next; the form that worked is remembered in the session.
 */
type Form = (wants: readonly ObjectId[], commit: ObjectId) => FetchRequest

const TREE_FORMS: readonly Form[] = [
  // git itself: exactly the wanted trees.
  (wants) => ({ wants, filter: 'tree:0' }),
  // Servers that count the wanted tree as depth one.
  (wants) => ({ wants, filter: 'tree:1' }),
  // Everything below the wanted trees but files.
  (wants) => ({ wants, filter: 'blob:none' }),
  // Servers that send nothing but what refs point to.
  (_wants, commit) => ({ wants: [commit], deepen: 1, filter: 'blob:none' }),
  // No filters at all: files are dropped while they stream by.
  (_wants, commit) => ({ wants: [commit], deepen: 1 }),
]

/** Every tree below the wanted ones in one answer. */
const CLOSURE_START = 2

const COMMIT_FORMS: readonly Form[] = [
  (wants) => ({ wants, deepen: 1, filter: 'tree:1' }),
  (wants) => ({ wants, deepen: 1, filter: 'blob:none' }),
  (wants) => ({ wants, deepen: 1 }),
]

const BLOB_FORMS: readonly Form[] = [(wants) => ({ wants }), (_wants, commit) => ({ wants: [commit], deepen: 1 })]

/** The commit, and its root tree where the server sends it along. */
export async function fetchCommit(session: Session, oid: ObjectId): Promise<Map<ObjectId, GitObject>> {
  const { form, found } = await climb(session, COMMIT_FORMS, session.commitForm, [oid], oid, { skipBlobs: true })
  session.commitForm = form
  return found
}

/**
 * Trees by id; more may come along.
 * @param options.closure all trees below the wanted ones are wanted as well
 * @throws GitError `ObjectMissing`
 */
export async function fetchTrees(
  session: Session,
  oids: readonly ObjectId[],
  commit: ObjectId,
  options: { readonly closure?: boolean } = {},
): Promise<Map<ObjectId, GitObject>> {
  const start = options.closure === true ? Math.max(CLOSURE_START, session.treeForm) : session.treeForm
  const { form, found } = await climb(session, TREE_FORMS, start, oids, commit, { skipBlobs: true })
  if (form > start) session.treeForm = form
  return found
}

/** @throws GitError `ObjectMissing` */
export async function fetchBlobs(
  session: Session,
  oids: readonly ObjectId[],
  commit: ObjectId,
): Promise<Map<ObjectId, GitObject>> {
  const { form, found } = await climb(session, BLOB_FORMS, session.blobForm, oids, commit, {})
  session.blobForm = form
  return found
}

interface Climbed {
  readonly form: number
  readonly found: Map<ObjectId, GitObject>
}

async function climb(
  session: Session,
  forms: readonly Form[],
  start: number,
  oids: readonly ObjectId[],
  commit: ObjectId,
  options: FetchReadOptions,
): Promise<Climbed> {
  const found = new Map<ObjectId, GitObject>()
  let refusal: GitError | undefined
  let missing = oids
  for (const [index, form] of forms.entries()) {
    if (index < start) continue
    try {
      for await (const object of fetchObjects(session, form(missing, commit), options)) found.set(object.oid, object)
    } catch (error) {
      if (!isGitError(error, 'Unsupported')) throw error
      refusal = error
    }
    missing = missing.filter((oid) => !found.has(oid))
    if (missing.length === 0) return { form: index, found }
  }
  const [first = ''] = missing
  throw new GitError('ObjectMissing', `${session.remote.url} does not send ${missing.length} objects, ${first} first`, {
    oid: first,
    ...(refusal?.details.remote === undefined ? {} : { remote: refusal.details.remote, cause: refusal }),
  })
}
