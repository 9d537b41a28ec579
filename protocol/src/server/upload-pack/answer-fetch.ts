import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { ObjectStore } from '../pack/object-store.ts'
import type { RepositoryState } from '../store/repository-store.ts'
import type { FetchRequest } from './fetch-request.ts'
import { packStream } from './pack-stream.ts'
import { selectCommits } from './select-commits.ts'
import { selectObjects } from './select-objects.ts'
import { boundary } from './shallow.ts'
import type { Boundary } from './shallow.ts'

export interface Fetch {
  readonly boundary: Boundary
  /** Made when it is asked for: the last and longest part of an answer. */
  readonly pack: (common: readonly ObjectId[]) => AsyncIterable<Buffer>
}

/** What a request is answered with. @throws GitError `ObjectMissing` where something is wanted that is not there */
export async function answerFetch(state: RepositoryState, objects: ObjectStore, request: FetchRequest): Promise<Fetch> {
  const { wants, shallow, filter, flags } = request
  const tips: ObjectId[] = []
  const asked: ObjectId[] = []
  for (const want of wants) {
    if (!objects.has(want)) throw new GitError('ObjectMissing', `upload-pack: not our ref ${want}`, { oid: want })
    const { oid, type, tags } = await objects.peel(want)
    asked.push(...tags)
    if (type === 'commit') tips.push(oid)
    else asked.push(oid)
  }
  const edge = await boundary(objects, request, tips)
  return {
    boundary: edge,
    async *pack(common) {
      const commits = await selectCommits(objects, [...tips, ...edge.wants], { haves: common, shallow }, edge.cut)
      const selection = await selectObjects(objects, commits, { asked, filter })
      const tags = flags.has('include-tag') ? await tagsOf(state, objects, new Set(commits.commits)) : []
      yield* packStream(objects, { ...selection, objects: new Set([...selection.objects, ...tags]) }, { flags })
    },
  }
}

/** Tags of what is sent, so that nobody has to ask for them, and tags that these are of. */
async function tagsOf(
  { refs }: RepositoryState,
  objects: ObjectStore,
  sent: ReadonlySet<ObjectId>,
): Promise<ObjectId[]> {
  const tags: ObjectId[] = []
  for (const { oid, peeled } of refs.values())
    if (peeled !== undefined && sent.has(peeled)) tags.push(...(await objects.peel(oid)).tags)
  return tags
}
