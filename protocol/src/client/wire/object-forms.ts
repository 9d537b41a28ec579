import { GitError, isGitError } from '../../format/errors.ts'
import type { ObjectId, ObjectType } from '../../format/object-id.ts'
import type { GitObject, StreamedBlob } from '../../format/pack-reader.ts'
import { fetchObjects } from './fetch.ts'
import type { FetchReadOptions, FetchRequest, FetchStreamingOptions } from './fetch.ts'
import type { Session } from '../session.ts'

/**
 * The ladder: for each purpose the forms of request from the cheapest to the plainest. A server that refuses one, or
 * leaves out what was wanted, is asked in the next; the form that worked is remembered in the session.
 */
type Form = (wants: readonly ObjectId[], commit: ObjectId) => FetchRequest

const TREE_FORMS: readonly Form[] = [
  // git itself: exactly the wanted trees.
  (wants) => ({ wants, inner: true, filter: 'tree:0' }),
  // Servers that count the wanted tree as depth one.
  (wants) => ({ wants, inner: true, filter: 'tree:1' }),
  // Everything below the wanted trees but files.
  (wants) => ({ wants, inner: true, filter: 'blob:none' }),
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

const BLOB_FORMS: readonly Form[] = [
  (wants) => ({ wants, inner: true }),
  (_wants, commit) => ({ wants: [commit], deepen: 1 }),
]

/** False once a server was found to refuse every filter. */
export function takesFilters({ learned }: Session): boolean {
  return learned.commitForm < COMMIT_FORMS.length - 1
}

/** The commit, and its root tree where the server sends it along. */
export async function fetchCommit(session: Session, oid: ObjectId): Promise<Map<ObjectId, GitObject>> {
  return cached(session, [oid], async (missing) => {
    const { form, found } = await climb(session, COMMIT_FORMS, session.learned.commitForm, missing, oid, {
      skipBlobs: true,
    })
    session.learned.commitForm = form
    return found
  })
}

/**
 * Trees by id; more may come along.
 * @param options.closure all trees below the wanted ones are wanted as well
 * @throws GitError `ObjectMissing`, `Malformed` for what is no tree
 */
export async function fetchTrees(
  session: Session,
  oids: readonly ObjectId[],
  commit: ObjectId,
  options: { readonly closure?: boolean } = {},
): Promise<Map<ObjectId, Buffer>> {
  const start = options.closure === true ? Math.max(CLOSURE_START, session.learned.treeForm) : session.learned.treeForm
  const found = await cached(session, oids, async (missing) => {
    const { form, found } = await climb(session, TREE_FORMS, start, missing, commit, { skipBlobs: true })
    if (form > start) session.learned.treeForm = form
    return found
  })
  return ofType('tree', oids, found)
}

/** @throws GitError `ObjectMissing`, `Malformed` for what is no blob */
export async function fetchBlobs(
  session: Session,
  oids: readonly ObjectId[],
  commit: ObjectId,
): Promise<Map<ObjectId, Buffer>> {
  const found = await cached(session, oids, async (missing) => {
    const { form, found } = await climb(session, BLOB_FORMS, session.learned.blobForm, missing, commit, {})
    session.learned.blobForm = form
    return found
  })
  return ofType('blob', oids, found)
}

/** The entry of a tree may name any object, whatever its mode says. */
function ofType(
  type: ObjectType,
  wanted: readonly ObjectId[],
  found: ReadonlyMap<ObjectId, GitObject>,
): Map<ObjectId, Buffer> {
  for (const oid of wanted) checkType(type, found.get(oid))
  const objects = [...found.values()].filter((object) => object.type === type)
  return new Map(objects.map(({ oid, bytes }) => [oid, bytes]))
}

/** @throws GitError `Malformed` */
function checkType(expected: ObjectType, object: GitObject | undefined): void {
  if (object === undefined || object.type === expected) return
  const { oid, type: actual } = object
  const what = `the entry of a tree names ${oid} as a ${expected}, and it is a ${actual}`
  throw new GitError('Malformed', what, { oid, expected, actual })
}

/**
 * The same one by one as they arrive, for contents that are too much to hold; large ones are taken by `large`. Blobs that
 * were not asked for may come as well, and one may come twice.
 * @throws GitError `ObjectMissing`, `Malformed` for what is no blob
 */
export async function* eachBlob<T>(
  session: Session,
  oids: readonly ObjectId[],
  commit: ObjectId,
  options: FetchStreamingOptions<T>,
): AsyncGenerator<GitObject | StreamedBlob<T>> {
  const { cache, format } = session
  const held = (await cache?.get(oids, format)) ?? []
  const wanted = new Set(oids)
  const missing = new Set(oids)
  for (const object of held) {
    checkType('blob', object)
    missing.delete(object.oid)
  }
  yield* held
  if (missing.size === 0) return
  async function* fetch(request: FetchRequest): AsyncGenerator<GitObject | StreamedBlob<T>> {
    for await (const object of fetchObjects(session, request, options)) {
      if (!('streamed' in object) && wanted.has(object.oid)) checkType('blob', object)
      yield object
    }
  }
  session.learned.blobForm = yield* ascend(session, {
    forms: BLOB_FORMS,
    start: session.learned.blobForm,
    oids: [...missing],
    commit,
    fetch,
  })
}

/** What the cache has, and what `fetch` brings of the rest, which the cache is given. */
async function cached(
  { cache, format }: Session,
  oids: readonly ObjectId[],
  fetch: (missing: readonly ObjectId[]) => Promise<Map<ObjectId, GitObject>>,
): Promise<Map<ObjectId, GitObject>> {
  if (cache === undefined) return fetch(oids)
  const held = new Map((await cache.get(oids, format)).map((object) => [object.oid, object]))
  const missing = oids.filter((oid) => !held.has(oid))
  if (missing.length === 0) return held
  const found = await fetch(missing)
  await cache.set([...found.values()])
  return new Map([...held, ...found])
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
  const fetch = (request: FetchRequest): AsyncGenerator<GitObject> => fetchObjects(session, request, options)
  const steps = ascend(session, { forms, start, oids, commit, fetch })
  for (;;) {
    const step = await steps.next()
    if (step.done) return { form: step.value, found }
    found.set(step.value.oid, step.value)
  }
}

interface Ascent<T> {
  readonly forms: readonly Form[]
  /** Index of the first form to try. */
  readonly start: number
  readonly oids: readonly ObjectId[]
  readonly commit: ObjectId
  readonly fetch: (request: FetchRequest) => AsyncGenerator<T>
}

/** Yields what the forms bring until nothing is missing, and returns the last form's index. */
async function* ascend<T extends { readonly oid: ObjectId }>(
  session: Session,
  { forms, start, oids, commit, fetch }: Ascent<T>,
): AsyncGenerator<T, number> {
  const missing = new Set(oids)
  let refusal: GitError | undefined
  for (const [index, form] of forms.entries()) {
    if (index < start) continue
    try {
      for await (const object of fetch(form([...missing], commit))) {
        missing.delete(object.oid)
        yield object
      }
    } catch (error) {
      if (!isGitError(error, 'Unsupported')) throw error
      refusal = error
    }
    if (missing.size === 0) return index
  }
  const [first = ''] = missing
  throw new GitError('ObjectMissing', `${session.remote.url} does not send ${missing.size} objects, ${first} first`, {
    oid: first,
    ...(refusal?.details.remote === undefined ? {} : { remote: refusal.details.remote, cause: refusal }),
  })
}
