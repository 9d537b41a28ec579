import { GitError } from '../format/errors.ts'
import { serializeCommit } from '../format/commit.ts'
import { checkIdentity } from '../format/identity.ts'
import type { Identity } from '../format/identity.ts'
import { isObjectId, objectId } from '../format/object-id.ts'
import type { ObjectId } from '../format/object-id.ts'
import { Mode } from '../format/tree.ts'
import { checkMessage } from './message.ts'
import { splitPath } from './path.ts'
import { currentTip } from './tips.ts'
import { pushRef } from './push.ts'
import type { PackContents, PushOptions } from './push.ts'
import { readCommitInfo } from './read/objects.ts'
import { signCommit } from './sign/sign-object.ts'
import type { Signer } from './sign/signer.ts'
import { deleteFile, deleteFolder, moveEntry, putFile, setFileMode } from './stage/changes.ts'
import { checkFileMode, filePath, movePaths } from './stage/check.ts'
import { KnownContents } from './stage/known-contents.ts'
import { proveComplete } from './stage/prove-complete.ts'
import { stagedEntry, stagedFile, stagedList } from './stage/read-staged.ts'
import type { StagedContent, StagedView } from './stage/read-staged.ts'
import { Stage } from './stage/stage.ts'
import { WaitingContents } from './stage/waiting.ts'
import type { Writing } from './stage/waiting.ts'
import type { NewObjects } from './stage/write-trees.ts'
import type { Session } from './session.ts'
import type { ListedEntry, Snapshot } from './snapshot.ts'
import type { RefOptions } from './wire/report-status.ts'

export interface CommitOptions {
  /** Ends up with exactly one line break at its end. */
  readonly message: string
  readonly author: Identity
  /** Default: the author. */
  readonly committer?: Identity
  /** Branches, tags or commits that this commit merges; parents after the first. What they hold is up to the staged changes. */
  readonly mergeParents?: readonly string[]
  /** Default: not signed. Unsigned, the same inputs give the same commit. */
  readonly sign?: Signer
}

export interface PutOptions {
  /** File, executable or symlink, see {@link Mode}. Default: an executable stays one, all else becomes a plain file. */
  readonly mode?: number
  /** A folder at the path, or a file where it needs a folder, makes way; otherwise it fails the commit. Default false. */
  readonly replace?: boolean
}

export interface EditPushOptions extends Omit<PushOptions, 'atomic'> {
  /**
   * Where the branch is believed to be; null: it does not exist. The push happens only if it is there. Default: where it
   * was when the edit began. Another place than that loses commits, and needs `force`.
   */
  readonly expect?: ObjectId | null
  /** Push even if commits get lost; without `expect`, wherever the branch is (one request more). Default false. */
  readonly force?: boolean
  /** Everything but the push itself; default false. */
  readonly dryRun?: boolean
}

/** What a push did. `snapshot` is the branch as it is now: the base of a next edit that needs no reading. */
export type PushOutcome =
  | {
      readonly status: 'pushed'
      readonly ref: string
      readonly old: ObjectId | null
      readonly commit: ObjectId
      readonly messages: readonly string[]
      /** What the server did instead of updating the ref, if it did. */
      readonly options: RefOptions
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
 * Changes happen in the order in which they are asked for, each on what the ones before have left; what is wrong with one
 * shows when they are committed. Only the trees on the way to what changes are read.
 */
export class Edit {
  readonly #session: Session
  /** The branch with every tree that the server has shown: what the proof before the push rests on. */
  #base: Snapshot
  #current: Snapshot
  readonly #known = new KnownContents()
  readonly #stage = new Stage(this.#known)
  readonly #waiting: WaitingContents
  /** Contents that are streaming in. */
  #streaming = 0
  /** What deltas of contents are made against: the server has these. */
  readonly #deltaBases = new Set<ObjectId>()
  #objects: NewObjects = new Map()
  #queue: Promise<unknown> = Promise.resolve()

  /** @param writing where contents wait for the push; default `auto` */
  constructor(session: Session, base: Snapshot, writing: Writing = 'auto') {
    this.#session = session
    this.#waiting = new WaitingContents(writing)
    session.format = base.format
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
   * @param options.old what the file holds now, if that is known: only what differs is sent then, as it is of a file that
   *   {@link Edit.file} has read
   * @throws GitError `InvalidInput` for an impossible path or mode
   */
  put(
    path: string,
    content: Uint8Array | string,
    options: PutOptions & { readonly old?: Uint8Array | string } = {},
  ): void {
    const { mode, replace = false, old } = options
    const { format } = this.#session
    if (mode !== undefined) checkFileMode(mode)
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    const oid = objectId(format, 'blob', bytes)
    if (old !== undefined) this.#known.add(typeof old === 'string' ? Buffer.from(old) : old, format)
    this.#stage.add(putFile(filePath(path), { oid, content: { type: 'blob', bytes }, mode }, replace))
  }

  /**
   * Writes a file of any size from a stream, which is read to its end first: the change happens after those that are asked
   * for meanwhile. What an edit that is never pushed has taken in is let go by {@link Edit.close}.
   * @param options.size bytes in all, where that is known: saves looking at them twice
   * @throws GitError `InvalidInput` for an impossible path or mode, or another size; whatever the stream throws
   * @example
   * await edit.putStream('video.mp4', createReadStream('video.mp4'))
   */
  async putStream(
    path: string,
    chunks: AsyncIterable<Uint8Array>,
    options: PutOptions & { readonly size?: number } = {},
  ): Promise<void> {
    const { mode, replace = false, size } = options
    if (mode !== undefined) checkFileMode(mode)
    const names = filePath(path)
    this.#streaming += 1
    try {
      const content = await this.#waiting.spool(chunks, this.#session.format, size)
      this.#stage.add(putFile(names, { oid: content.oid, content, mode }, replace))
    } finally {
      this.#streaming -= 1
    }
  }

  /**
   * Points a submodule at a commit of its own repository, which this one does not have and nobody looks at.
   * @param options.replace as for {@link Edit.put}
   * @throws GitError `InvalidInput`
   */
  putSubmodule(path: string, commit: ObjectId, options: { readonly replace?: boolean } = {}): void {
    if (!isObjectId(commit)) {
      throw new GitError('InvalidInput', `a submodule needs a full commit id, not ${JSON.stringify(commit)}`, {
        field: 'commit',
        path,
      })
    }
    this.#stage.add(putFile(filePath(path), { oid: commit, mode: Mode.gitlink }, options.replace ?? false))
  }

  /**
   * Changes what a file is, not what it holds.
   * @param mode see {@link Mode}: file, executable or symlink
   * @throws GitError `InvalidInput`
   */
  setMode(path: string, mode: number): void {
    checkFileMode(mode)
    this.#stage.add(setFileMode(filePath(path), mode))
  }

  /**
   * Removes a file or a submodule; folders that become empty vanish.
   * @param options.ifExists where there is no file nothing happens; otherwise it fails the commit
   * @throws GitError `InvalidInput` for an impossible path
   */
  delete(path: string, options: { readonly ifExists?: boolean } = {}): void {
    this.#stage.add(deleteFile(filePath(path), options.ifExists ?? false))
  }

  /**
   * Removes a folder with everything in it, unread; the root (`''`) is everything there is.
   * @param options.ifExists where there is no folder nothing happens; otherwise it fails the commit
   * @throws GitError `InvalidInput` for an impossible path
   */
  deleteTree(path: string, options: { readonly ifExists?: boolean } = {}): void {
    this.#stage.add(deleteFolder(splitPath(path), options.ifExists ?? false))
  }

  /**
   * Moves a file, a submodule or a folder; contents and modes stay.
   * @param options.replace what is at `to` makes way; otherwise it fails the commit (`TargetExists`)
   * @throws GitError `InvalidInput` for an impossible path, or one inside the other's
   */
  move(from: string, to: string, options: { readonly replace?: boolean } = {}): void {
    this.#stage.add(moveEntry('any', ...movePaths(from, to), options.replace ?? false))
  }

  /** The same for what must be a folder. Nothing inside is read; what has been staged inside before goes along. */
  moveTree(from: string, to: string, options: { readonly replace?: boolean } = {}): void {
    this.#stage.add(moveEntry('tree', ...movePaths(from, to), options.replace ?? false))
  }

  /**
   * A file with the staged changes made.
   * @throws GitError `PathNotFound`, `UnexpectedType`, and as {@link Edit.commit}
   */
  async file(path: string): Promise<StagedContent> {
    const file = await stagedFile(this.#session, await this.#view(), path)
    this.#known.add(file.bytes, this.#session.format)
    return file
  }

  /**
   * Entries of a folder with the staged changes made, in Git's order; a folder that does not exist has none.
   * @param options.recursive files and submodules below it instead of folders; default false
   * @throws GitError `UnexpectedType`, and as {@link Edit.commit}
   */
  async list(path = '', options: { readonly recursive?: boolean } = {}): Promise<ListedEntry[]> {
    return stagedList(this.#session, await this.#view(), path, options.recursive ?? false)
  }

  /** Whether there is a file, a folder or a submodule with the staged changes made. @throws GitError as {@link Edit.commit} */
  async exists(path: string): Promise<boolean> {
    return (await stagedEntry(this.#session, await this.#view(), path)) !== null
  }

  /**
   * Makes a commit of what is staged, on top of the one before. Nothing is sent yet.
   * @returns its id, or null when the staged changes leave every file as it is and nothing is merged
   * @throws GitError `InvalidInput`, `PathNotFound`, `UnexpectedType`, `TargetExists`, and as reading does; the changes stay
   *   staged then
   */
  commit(options: CommitOptions): Promise<ObjectId | null> {
    // What is asked for from now on belongs to the next commit.
    const { end } = this.#stage
    return this.#inTurn(async () => {
      const { message, author, committer = author, mergeParents = [], sign } = options
      checkIdentity('author', author)
      checkIdentity('committer', committer)
      checkMessage(message)
      const merged = await this.#mergeParents(mergeParents)
      const { before, after, added } = await this.#stage.on(this.#session, this.#current, this.#base.commit, end)
      const shown = [...before.trees].filter(([oid]) => !this.#objects.has(oid))
      this.#base = this.#base.withTrees(new Map([...this.#base.trees, ...shown]))
      let commit: ObjectId | null = null
      if (after.root === before.root && merged.length === 0) this.#current = before
      else {
        const parents = [...(before.commit === null ? [] : [before.commit]), ...merged]
        const bytes = serializeCommit({ tree: after.root, parents, author, committer, message })
        const { format } = this.#session
        const signed = sign === undefined ? bytes : await signCommit(bytes, sign, format)
        await this.#waiting.settle(added, format)
        commit = this.#append(signed, after, added)
      }
      this.#stage.drop(end)
      return commit
    })
  }

  /**
   * Sends the commits: one request. Afterwards the edit goes on from there.
   * @throws GitError `InvalidInput` when changes are staged that no commit holds, `StaleRef` when the branch is not where
   *   it should be, `Rejected`, `IncompletePack`, `Unsupported`, and as every request; the commits stay, for another push
   */
  push(options: EditPushOptions = {}): Promise<PushOutcome> {
    return this.#inTurn(async () => {
      const { ref } = this
      const snapshot = this.#current
      if (!this.#stage.isEmpty)
        throw new GitError('InvalidInput', 'there are changes that no commit holds: commit before the push')
      if (snapshot.commit === null || snapshot.commit === snapshot.tip) {
        return { status: 'up-to-date', ref, commit: snapshot.commit, snapshot }
      }
      proveComplete(this.#objects, this.#base)
      const old = await this.#lease(options)
      const { commit } = snapshot
      const after = snapshot.at({ tip: commit }).pruned()
      const outcome = { status: 'pushed', ref, old, commit, snapshot: after } as const
      if (options.dryRun === true) return { ...outcome, messages: [], options: {} }
      const pack = packContents(this.#objects)
      const pushed = await pushRef(this.#session, { ref, old, new: commit }, { ...options, pack })
      this.#base = after
      this.#current = after
      this.#objects = new Map()
      this.#deltaBases.clear()
      // What streams in for a next commit waits in the same place.
      if (this.#stage.isEmpty && this.#streaming === 0) await this.#waiting.clear()
      return { ...outcome, messages: pushed.messages, options: pushed.options }
    })
  }

  /** Lets go of contents that wait for a push. A push that succeeds does so itself; the edit must not be used afterwards. */
  async close(): Promise<void> {
    await this.#queue
    await this.#waiting.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** One commit or push after the other, even if nobody waits for them. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(task)
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  async #view(): Promise<StagedView> {
    const { commit } = this.#base
    const { after, added } = await this.#stage.on(this.#session, this.#current, commit, this.#stage.end)
    const held: StagedView['held'] = (oid) => {
      const object = added.get(oid) ?? this.#objects.get(oid)
      return object?.whole ?? object?.entry
    }
    return { snapshot: after, commit, held }
  }

  async #mergeParents(revisions: readonly string[]): Promise<ObjectId[]> {
    const parents: ObjectId[] = []
    for (const revision of revisions) {
      // Reading it proves that the server has it.
      const { oid: commit } = await readCommitInfo(this.#session, revision)
      if (commit === this.#current.commit || parents.includes(commit)) {
        throw new GitError('InvalidInput', `mergeParents: ${JSON.stringify(revision)} is a parent already`, {
          field: 'mergeParents',
          oid: commit,
        })
      }
      parents.push(commit)
    }
    return parents
  }

  async #lease({ expect, force = false }: EditPushOptions): Promise<ObjectId | null> {
    const { ref } = this
    const { tip } = this.#current
    if (expect === undefined) return force ? currentTip(this.#session, ref) : tip
    if (expect === tip || force) return expect
    const [expected, actual] = [expect ?? 'nothing', tip ?? 'nothing']
    throw new GitError('StaleRef', `${ref} was at ${actual} when the edit began, not at ${expected}`, {
      ref,
      expected,
      actual,
    })
  }

  #append(commit: Buffer, after: Snapshot, added: NewObjects): ObjectId {
    const { format } = this.#session
    for (const [oid, object] of added) {
      // What comes back would be a delta of its own delta, which no server can resolve.
      if (this.#objects.has(oid) || this.#base.trees.has(oid) || this.#deltaBases.has(oid)) continue
      this.#objects.set(oid, object)
      if (object.entry.type === 'ref-delta') this.#deltaBases.add(object.entry.base)
    }
    if (after.root === format.emptyTree) {
      this.#objects.set(after.root, { entry: { type: 'tree', bytes: Buffer.alloc(0) } })
    }
    const oid = objectId(format, 'commit', commit)
    this.#objects.set(oid, { entry: { type: 'commit', bytes: commit } })
    this.#current = after.at({ commit: oid })
    return oid
  }
}

function packContents(objects: NewObjects): PackContents {
  const all = [...objects.values()]
  return { thin: all.map(({ entry }) => entry), whole: all.map(({ entry, whole }) => whole ?? entry) }
}
