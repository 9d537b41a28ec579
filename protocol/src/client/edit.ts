import { serializeCommit } from '../format/commit.ts'
import { GitError } from '../format/errors.ts'
import { checkIdentity } from '../format/identity.ts'
import { isObjectId, objectId } from '../format/object-id.ts'
import type { ObjectId } from '../format/object-id.ts'
import { Mode } from '../format/tree.ts'
import type { CommitOptions, EditPushOptions, PushOutcome, PutOptions } from './edit-options.ts'
import { leaseOf } from './lease.ts'
import { readMergeParents } from './merge-parents.ts'
import { checkMessage } from './message.ts'
import { splitPath } from './path.ts'
import { pushRef } from './push.ts'
import { mayHaveLanded } from './receive-pack.ts'
import { signCommit } from './sign/sign-object.ts'
import { deleteFile, deleteFolder, moveEntry, putFile, setFileMode } from './stage/changes.ts'
import { checkBase, checkFileMode, filePath, movePaths } from './stage/check.ts'
import { KnownContents } from './stage/known-contents.ts'
import { Outgoing } from './stage/outgoing.ts'
import { stagedEntry, stagedFile, stagedList } from './stage/read-staged.ts'
import type { StagedContent, StagedView } from './stage/read-staged.ts'
import { Stage } from './stage/stage.ts'
import { WaitingContents } from './stage/waiting.ts'
import type { Writing } from './stage/waiting.ts'
import type { Session } from './session.ts'
import type { ListedEntry, Snapshot } from './snapshot.ts'

/** Calls that build on each other: those behind a commit that fails, asked for before anybody could know, fail with it. */
interface Line {
  failure?: { readonly error: unknown }
}

/**
 * Changes to one branch, staged in memory, committed in as many commits as wanted, pushed in one request.
 * Changes happen in the order in which they are asked for, each on what the ones before have left; what is wrong with one
 * shows when they are committed. Only the trees on the way to what changes are read.
 *
 * Paths are text. A file whose name is not UTF-8 (`rawPath` in listings) keeps its name and its bytes in every commit, but
 * cannot be named here: it is moved and deleted along with a folder around it, and in no other way.
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
  readonly #outgoing = new Outgoing()
  #queue: Promise<unknown> = Promise.resolve()
  #line: Line = {}
  /** A push has ended without an answer: the branch may have got its commits nevertheless. */
  #isInDoubt = false

  /**
   * @param writing where contents wait for the push; default `auto`
   * @throws GitError `InvalidInput` for a base that the server does not have: of a dry run, or of another repository
   */
  constructor(session: Session, base: Snapshot, writing: Writing = 'auto') {
    checkBase(session, base)
    session.learn(base.format)
    this.#session = session
    this.#waiting = new WaitingContents(writing, session.remote.limits.maxSpillBytes)
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
   * Writes a file. An executable stays one unless `mode` says otherwise; a symlink becomes a file. The content is copied:
   * what becomes of the caller's bytes later changes nothing.
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
    const { format } = this.#base
    if (mode !== undefined) checkFileMode(mode)
    const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : Buffer.from(content)
    const oid = objectId(format, 'blob', bytes)
    if (old !== undefined) this.#known.add(typeof old === 'string' ? Buffer.from(old) : old, format)
    this.#stage.add(putFile(filePath(path), { oid, content: { type: 'blob', bytes }, mode }, replace))
  }

  /**
   * Writes a file of any size from a stream, which is read to its end first: the change happens after those that are asked
   * for meanwhile. Chunks are copied as they come. What an edit that is never pushed has taken in is let go by
   * {@link Edit.close}.
   * @param options.size bytes in all, where that is known: saves looking at them twice
   * @throws GitError `InvalidInput` for an impossible path or mode, or another size; `LimitExceeded` where there is
   *   no room to keep it, see {@link Writing}; whatever the stream throws
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
      const content = await this.#waiting.spool(chunks, this.#base.format, size)
      this.#stage.add(putFile(names, { oid: content.oid, content, mode }, replace))
    } finally {
      this.#streaming -= 1
    }
  }

  /**
   * Writes a file whose content the repository has, at whatever path or branch: nothing of it is sent. A folder that holds
   * it must have been read in the snapshot that the edit begins with, of this commit or another: see
   * {@link Snapshot.withTrees}; the push proves that.
   * @throws GitError `InvalidInput` for an impossible id, path or mode
   */
  putExisting(path: string, oid: ObjectId, { mode, replace = false }: PutOptions = {}): void {
    if (mode !== undefined) checkFileMode(mode)
    if (!isObjectId(oid)) {
      const message = `a file needs the full id of its content, not ${JSON.stringify(oid)}`
      throw new GitError('InvalidInput', message, { field: 'oid', path })
    }
    this.#stage.add(putFile(filePath(path), { oid, mode }, replace))
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
   * @param options.ifExists where there is no file nothing happens, a folder of that name included, which stays; otherwise
   *   it fails the commit
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
    this.#known.add(file.bytes, this.#base.format)
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
   *
   * Where it fails its changes stay staged, for another commit or for {@link Edit.reset}. Commits and pushes that were asked
   * for meanwhile fail with it: they would take its changes for theirs, or do without them.
   * @returns its id, or null when the staged changes leave every file as it is, nothing is merged and `allowEmpty` is not set
   * @throws GitError `InvalidInput`, `PathNotFound`, `UnexpectedType`, `TargetExists`, and as reading does; whatever the
   *   signer throws
   */
  commit(options: CommitOptions): Promise<ObjectId | null> {
    // What is asked for from now on belongs to the next commit.
    const { end } = this.#stage
    const line = this.#line
    return this.#inTurn(line, async () => {
      try {
        const commit = await this.#commit(options, end)
        this.#stage.drop(end)
        return commit
      } catch (error) {
        line.failure = { error }
        if (this.#line === line) this.#line = {}
        throw error
      }
    })
  }

  /**
   * Forgets the changes that have been staged so far and that no commit holds. Commits stay, those too that were asked for
   * before.
   */
  reset(): Promise<void> {
    const { end } = this.#stage
    this.#line = {}
    return this.#inTurn(this.#line, async () => this.#stage.drop(end))
  }

  /**
   * Sends the commits that were asked for before: one request. Afterwards the edit goes on from there.
   * @throws GitError `InvalidInput` when changes are staged that no commit holds, `StaleRef` when the branch is not where
   *   it should be, `Rejected`, `IncompletePack`, `Unsupported`, and as every request; the commits stay, for another push
   */
  push(options: EditPushOptions = {}): Promise<PushOutcome> {
    const { end } = this.#stage
    return this.#inTurn(this.#line, async () => {
      const { ref } = this
      const snapshot = this.#current
      if (this.#stage.hasBefore(end))
        throw new GitError('InvalidInput', 'there are changes that no commit holds: commit before the push')
      const { commit } = snapshot
      if (commit === null || commit === snapshot.tip) return { status: 'up-to-date', ref, commit, snapshot }
      const pack = this.#outgoing.pack(this.#base)
      const old = await leaseOf(this.#session, snapshot, options)
      if (options.dryRun === true) {
        return { status: 'dry-run', ref, old, commit, snapshot: snapshot.at({ commit: null }).pruned() }
      }
      const pushing = pushRef(
        this.#session,
        { ref, old, new: commit },
        { ...options, pack, isRepeated: this.#isInDoubt },
      )
      const pushed = await pushing.catch((error: unknown) => {
        this.#isInDoubt ||= mayHaveLanded(error)
        throw error
      })
      const after = snapshot.at({ tip: commit }).pruned()
      this.#base = after
      this.#current = after
      this.#outgoing.clear()
      this.#isInDoubt = false
      // What streams in for a next commit waits in the same place.
      if (this.#stage.isEmpty && this.#streaming === 0) await this.#waiting.clear()
      return { status: 'pushed', ref, old, commit, messages: pushed.messages, options: pushed.options, snapshot: after }
    })
  }

  /**
   * Lets go of contents that wait for a push; a push that succeeds does so itself. Changes and commits that have not been
   * pushed are lost, and the edit must not be used afterwards.
   */
  async close(): Promise<void> {
    await this.#queue
    await this.#waiting.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** One commit or push after the other, even if nobody waits for them. */
  #inTurn<T>(line: Line, task: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => {
      if (line.failure !== undefined) throw line.failure.error
      return task()
    })
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  async #commit(options: CommitOptions, end: number): Promise<ObjectId | null> {
    const { message, author, committer = author, mergeParents = [], allowEmpty = false, sign } = options
    checkIdentity('author', author)
    checkIdentity('committer', committer)
    checkMessage(message)
    const merged = await readMergeParents(this.#session, mergeParents, this.#current.commit)
    const { before, after, added } = await this.#stage.on(this.#session, this.#current, this.#base.shown, end)
    const shown = [...before.trees].filter(([oid]) => this.#outgoing.get(oid) === undefined)
    this.#base = this.#base.withTrees(new Map([...this.#base.trees, ...shown]))
    if (after.root === before.root && merged.length === 0 && !allowEmpty) {
      this.#current = before
      return null
    }
    const parents = [...(before.commit === null ? [] : [before.commit]), ...merged]
    const bytes = serializeCommit({ tree: after.root, parents, author, committer, message })
    const { format } = after
    const signed = sign === undefined ? bytes : await signCommit(bytes, sign, format)
    await this.#waiting.settle(added, format)
    const commit = this.#outgoing.add(signed, after, added, this.#base)
    this.#current = after.at({ commit })
    return commit
  }

  async #view(): Promise<StagedView> {
    const { shown } = this.#base
    const { after, added } = await this.#stage.on(this.#session, this.#current, shown, this.#stage.end)
    const held: StagedView['held'] = (oid) => {
      const object = added.get(oid) ?? this.#outgoing.get(oid)
      return object?.whole ?? object?.entry
    }
    return { snapshot: after, shown, held }
  }
}
