import { LRUCache } from 'lru-cache'
import { parseCommit } from '../../format/commit.ts'
import { GitError } from '../../format/errors.ts'
import type { ObjectFormat, ObjectId, ObjectType } from '../../format/object-id.ts'
import { parseTag } from '../../format/tag.ts'
import { MultiPackIndex } from './multi-pack-index.ts'
import type { Location } from './multi-pack-index.ts'
import type { StoredObject } from './object-reader.ts'
import type { StoredPack } from './stored-pack.ts'

/** What walking a history needs of a commit. */
export interface CommitNode {
  readonly tree: ObjectId
  readonly parents: readonly ObjectId[]
  /** Of the committer, seconds since the epoch. */
  readonly time: number
}

const COMMITS = 100_000
/** Tags on tags. */
const MAX_PEEL = 64

/** The objects of a repository at one moment: those of its packs. */
export class ObjectStore {
  readonly format: ObjectFormat
  readonly packs: readonly StoredPack[]
  readonly #index: Pick<MultiPackIndex, 'locate'>
  readonly #commits = new LRUCache<ObjectId, CommitNode>({ max: COMMITS })

  /** @param index of these packs, where there is one already */
  constructor(
    packs: readonly StoredPack[],
    format: ObjectFormat,
    index: Pick<MultiPackIndex, 'locate'> = new MultiPackIndex(packs.map((pack) => pack.index)),
  ) {
    this.packs = packs
    this.format = format
    this.#index = index
  }

  /** These and those of another pack, which is looked in last. */
  with(pack: StoredPack): ObjectStore {
    const locate = (oid: ObjectId): Location | undefined => {
      const there = this.locate(oid)
      if (there !== undefined) return there
      const offset = pack.offsetOf(oid)
      return offset === undefined ? undefined : { pack: this.packs.length, offset }
    }
    return new ObjectStore([...this.packs, pack], this.format, { locate })
  }

  has(oid: ObjectId): boolean {
    return this.locate(oid) !== undefined
  }

  /** In the first pack that has it: always the same, so that deltas copied from there never lead in a circle. */
  locate(oid: ObjectId): Location | undefined {
    return this.#index.locate(oid)
  }

  /** Undefined where there is none. @throws GitError `Malformed`, `LimitExceeded` */
  async find(oid: ObjectId): Promise<StoredObject | undefined> {
    const at = this.locate(oid)
    return at && (await this.packs[at.pack]?.objectAt(at.offset))
  }

  /** @throws GitError `ObjectMissing`, `Malformed`, `LimitExceeded` */
  async read(oid: ObjectId): Promise<StoredObject> {
    const found = await this.find(oid)
    if (found === undefined) throw new GitError('ObjectMissing', `object ${oid} is missing`, { oid })
    return found
  }

  /** Undefined for what is no commit, or not there. */
  async commit(oid: ObjectId): Promise<CommitNode | undefined> {
    const known = this.#commits.get(oid)
    if (known !== undefined) return known
    if ((await this.typeOf(oid)) !== 'commit') return undefined
    const { tree, parents, committer } = parseCommit((await this.read(oid)).bytes)
    const { date } = committer
    const node = { tree, parents, time: Number.isNaN(date.getTime()) ? 0 : Math.floor(date.getTime() / 1000) }
    this.#commits.set(oid, node)
    return node
  }

  /** Found by headers alone. Undefined where there is none. */
  async typeOf(oid: ObjectId): Promise<ObjectType | undefined> {
    const at = this.locate(oid)
    return at && (await this.packs[at.pack]?.typeAt(at.offset))
  }

  /** What an annotated tag stands for in the end; the object itself where it is no tag. */
  async peel(
    oid: ObjectId,
  ): Promise<{ readonly oid: ObjectId; readonly type: ObjectType; readonly tags: readonly ObjectId[] }> {
    const tags: ObjectId[] = []
    for (let at = oid; ;) {
      const type = await this.typeOf(at)
      if (type === undefined) throw new GitError('ObjectMissing', `object ${at} is missing`, { oid: at })
      if (type !== 'tag') return { oid: at, type, tags }
      if (tags.push(at) > MAX_PEEL)
        throw new GitError('LimitExceeded', `tag ${oid} leads on more than ${MAX_PEEL} times`, { oid })
      at = parseTag((await this.read(at)).bytes).object
    }
  }
}
