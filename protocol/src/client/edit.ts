import { GitError } from '../format/errors.ts'
import { serializeCommit } from '../format/commit.ts'
import type { Commit } from '../format/commit.ts'
import { checkIdentity } from '../format/identity.ts'
import type { Identity } from '../format/identity.ts'
import { objectId } from '../format/object-id.ts'
import type { ObjectId } from '../format/object-id.ts'
import type { PackEntry } from '../format/pack-writer.ts'
import { splitPath } from './path.ts'
import { proveComplete } from './stage/prove-complete.ts'
import { pushRef } from './push.ts'
import { readTrees } from './read/read-trees.ts'
import type { Session } from './session.ts'
import type { Snapshot } from './snapshot.ts'
import { Stage, writeStage } from './stage/stage.ts'
import type { NewObjects } from './stage/stage.ts'

export interface CommitOptions {
  /** Ends up with exactly one line break at its end. */
  readonly message: string
  readonly author: Identity
  /** Default: the author. */
  readonly committer?: Identity
}

/** What a push did. `snapshot` is the branch as it is now: the base of a next edit that needs no reading. */
export type PushOutcome =
  | {
      readonly status: 'pushed'
      readonly ref: string
      readonly old: ObjectId | null
      readonly commit: ObjectId
      readonly messages: readonly string[]
      readonly snapshot: Snapshot
    }
  | {
      readonly status: 'up-to-date'
      readonly ref: string
      readonly commit: ObjectId | null
      readonly snapshot: Snapshot
    }

/**
 * Changes to one branch, staged in memory, committed in as many commits as wanted, pushed in one request.
 * Only the trees on the way to what changes are read.
 */
export class Edit {
  readonly #session: Session
  /** The branch with every tree that the server has shown: what the proof before the push rests on. */
  #base: Snapshot
  #stage = new Stage()
  #current: Snapshot
  readonly #objects: NewObjects = new Map()

  constructor(session: Session, base: Snapshot) {
    this.#session = session
    this.#base = base
    this.#current = base
  }

  /** Full name of the branch. */
  get ref(): string {
    return this.#base.ref
  }

  /** The newest commit: of this edit, or of the branch. */
  get tip(): ObjectId | null {
    return this.#current.commit
  }

  /**
   * Writes a file. An executable stays one unless `mode` says otherwise; a symlink becomes a file.
   * @param options.mode see {@link Mode}: file, executable or symlink
   * @param options.replace a folder at the path, or a file where the path needs a folder, makes way; otherwise it fails
   *   the commit
   * @throws GitError `InvalidInput` for an impossible path
   */
  put(
    path: string,
    content: Uint8Array | string,
    options: { readonly mode?: number; readonly replace?: boolean } = {},
  ): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    const oid = objectId(this.#session.format, 'blob', bytes)
    this.#stage.set(filePath(path), {
      deleted: false,
      oid,
      bytes,
      mode: options.mode,
      replace: options.replace ?? false,
    })
  }

  /**
   * Removes a file; folders that become empty vanish.
   * @param options.ifExists a path that does not exist fails the commit, unless this is true
   * @throws GitError `InvalidInput` for an impossible path
   */
  delete(path: string, options: { readonly ifExists?: boolean } = {}): void {
    this.#stage.set(filePath(path), { deleted: true, ifExists: options.ifExists ?? false })
  }

  /**
   * Makes a commit of what is staged, on top of the one before. Nothing is sent yet.
   * @returns its id, or null when the staged changes leave every file as it is
   * @throws GitError `InvalidInput`, `PathNotFound`, `UnexpectedType`, and as reading does
   */
  async commit(options: CommitOptions): Promise<ObjectId | null> {
    const { message, author, committer = author } = options
    checkIdentity('author', author)
    checkIdentity('committer', committer)
    if (message.trim() === '')
      throw new GitError('InvalidInput', 'a commit message must not be empty', { field: 'message' })
    if (message.includes('\0'))
      throw new GitError('InvalidInput', 'a commit message must not hold NUL', { field: 'message' })

    const current = await this.#read(this.#stage)
    const shown = [...current.trees].filter(([oid]) => !this.#objects.has(oid))
    this.#base = this.#base.withTrees(new Map([...this.#base.trees, ...shown]))
    const added: NewObjects = new Map()
    const root = writeStage(this.#stage, current, added)
    this.#stage = new Stage()
    this.#current = current
    if (root === current.root) return null

    const parents = current.commit === null ? [] : [current.commit]
    return this.#append({ tree: root, parents, author, committer, message }, added)
  }

  /**
   * Sends the commits: one request.
   * @throws GitError `StaleRef` when the branch has moved, `Rejected`, `IncompletePack`, and as every request
   */
  async push(options: { readonly dryRun?: boolean } = {}): Promise<PushOutcome> {
    const { ref } = this
    const snapshot = this.#current
    if (!this.#stage.isEmpty)
      throw new GitError('InvalidInput', 'there are changes that no commit holds: commit before the push')
    if (snapshot.commit === null || snapshot.commit === snapshot.tip) {
      return { status: 'up-to-date', ref, commit: snapshot.commit, snapshot }
    }
    proveComplete(this.#objects, this.#base)
    const { tip: old, commit } = snapshot
    const after = snapshot.at({ tip: commit }).pruned()
    const outcome = { status: 'pushed', ref, old, commit, snapshot: after } as const
    if (options.dryRun === true) return { ...outcome, messages: [] }
    const pushed = await pushRef(this.#session, { ref, old, new: commit }, packContents(this.#objects))
    return { ...outcome, messages: pushed.messages }
  }

  /** Reads what the commit needs. After a first commit, folders may exist that only this edit knows: they need no reading. */
  #read(stage: Stage): Promise<Snapshot> {
    return readTrees(this.#session, this.#current, { folders: [...stage.touched()] })
  }

  #append(commit: Commit, added: NewObjects): ObjectId {
    const trees = new Map(this.#current.trees)
    for (const [oid, object] of added) {
      // A tree that comes back would be a delta of its own delta, which no server can resolve.
      if (!this.#objects.has(oid) && !this.#base.trees.has(oid)) this.#objects.set(oid, object)
      if (object.tree !== undefined) trees.set(oid, object.tree.bytes)
    }
    if (commit.tree === this.#session.format.emptyTree) {
      this.#objects.set(commit.tree, { entry: { type: 'tree', bytes: Buffer.alloc(0) } })
    }
    const bytes = serializeCommit(commit)
    const oid = objectId(this.#session.format, 'commit', bytes)
    this.#objects.set(oid, { entry: { type: 'commit', bytes } })
    this.#current = this.#current.withTrees(trees).at({ commit: oid, root: commit.tree })
    return oid
  }
}

function filePath(path: string): string[] {
  const names = splitPath(path)
  if (names.length === 0)
    throw new GitError('InvalidInput', 'the path of a file must not be empty', { field: 'path', path })
  return names
}

function packContents(objects: NewObjects): { thin: PackEntry[]; whole: PackEntry[] } {
  const all = [...objects.values()]
  return {
    thin: all.map(({ entry }) => entry),
    whole: all.map(({ entry, tree }) => (tree === undefined ? entry : { type: 'tree', bytes: tree.bytes })),
  }
}
