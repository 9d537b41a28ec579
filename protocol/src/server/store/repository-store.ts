import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import type { RandomAccess } from '../pack/random-access.ts'

/** `owner/name`, without `.git`. */
export type RepositoryName = string

/** A ref, and what its tag stands for in the end where it is one of an annotated tag. */
export interface StoredRef {
  readonly oid: ObjectId
  readonly peeled?: ObjectId
}

/** A pack that is kept. */
export interface KeptPack {
  /** What it is kept under: never another one's, also where that has the same bytes. */
  readonly id: string
  /** Checksum of its bytes, hex. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly objects: number
}

/** A pack whose objects are in others now. Who began to read before may still need it. */
export interface RetiredPack {
  readonly id: string
  /** Since when, milliseconds since the epoch. */
  readonly at: number
}

/** A repository at one moment. */
export interface RepositoryState {
  /** Never another one's, and the same after it got another name. */
  readonly id: string
  readonly format: ObjectFormat
  /** Full name of the branch that HEAD stands for. */
  readonly head: string
  /** Full names, HEAD apart. */
  readonly refs: ReadonlyMap<string, StoredRef>
  /** The oldest first. */
  readonly packs: readonly KeptPack[]
  readonly retired: readonly RetiredPack[]
}

/** A pack on its way in, which nobody else sees. */
export interface StagedPack extends RandomAccess {
  append(bytes: Uint8Array): Promise<void>
  /** Writes over what is there. */
  overwrite(offset: number, bytes: Uint8Array): Promise<void>
  /** Leaves nothing of it behind. Does nothing once it was kept. */
  discard(): Promise<void>
}

/** Where repositories are: packs that never change, and of each repository one state that is replaced as a whole. */
export interface RepositoryStore {
  /** Undefined where there is none of that name. */
  read(name: RepositoryName): Promise<RepositoryState | undefined>
  /**
   * As it was a moment ago, without a look at what it is now: for what is asked for by ids, which mean the same for ever. Undefined
   * where that is not known. A store to which a look costs nothing has none.
   */
  recall?(name: RepositoryName): RepositoryState | undefined
  /** @returns false where there is one of that name */
  create(name: RepositoryName, state: RepositoryState): Promise<boolean>
  /**
   * Replaces the state of a repository by one made of the state that it has; called again where somebody else was faster.
   * @param change undefined: it stays as it is
   * @returns the state that it has then; undefined where there is no such repository any more
   */
  change(
    name: RepositoryName,
    change: (state: RepositoryState) => RepositoryState | undefined,
  ): Promise<RepositoryState | undefined>
  stage(repository: string): Promise<StagedPack>
  /** Keeps a staged pack, before a state names it. */
  keep(
    repository: string,
    pack: StagedPack,
    kept: Pick<KeptPack, 'id' | 'name'> & { readonly index: Buffer },
  ): Promise<void>
  /** @throws GitError `ObjectMissing` where it is not there */
  open(repository: string, pack: KeptPack): Promise<{ readonly file: RandomAccess; readonly index: Buffer }>
  /** Takes a pack away that no state names, or will. Does nothing where it is not there. */
  remove(repository: string, pack: string): Promise<void>
}
