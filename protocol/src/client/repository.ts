import { isGitError } from '../format/errors.ts'
import type { ObjectId } from '../format/object-id.ts'
import { Mode } from '../format/tree.ts'
import type { CheckedOut, CheckoutOptions } from './checkout/checkout.ts'
import { compare } from './compare/compare.ts'
import { reaches } from './ancestry.ts'
import { commitChanges } from './compare/commit-changes.ts'
import type { ChangedCommit, ChangesOptions } from './compare/commit-changes.ts'
import type { Comparand, CompareOptions } from './compare/compare.ts'
import type { Change } from './compare/diff-trees.ts'
import type { Edit } from './edit.ts'
import { startEdit } from './edit-start.ts'
import type { EditStart } from './edit-start.ts'
import { History } from './history/history.ts'
import type { HistoryOptions } from './history/history.ts'
import { mirror } from './mirror/mirror.ts'
import type { MirroredRef, MirrorOptions } from './mirror/mirror.ts'
import { splitPath } from './path.ts'
import type { PushOptions } from './push.ts'
import type { RefResult } from './push-result.ts'
import { fileAt, folderOf, pathNotFound } from './read/file-entry.ts'
import { filtersOf } from './read/filters.ts'
import { readCommitInfo, readTagInfo } from './read/objects.ts'
import type { CommitInfo, TagInfo } from './read/objects.ts'
import { readBlob } from './read/read-blob.ts'
import type { FileStream } from './read/read-blob.ts'
import { readBranch } from './read/read-branch.ts'
import { readBlobs, readFiles } from './read/read-files.ts'
import type { FileContent } from './read/read-files.ts'
import { readRevision } from './read/read-revision.ts'
import { readTrees } from './read/read-trees.ts'
import { resolveRevision } from './read/resolve.ts'
import type { Revision } from './read/resolve.ts'
import { withSizes } from './read/sizes.ts'
import { advance } from './read/tree-delta.ts'
import { fullBranchName } from './ref-name.ts'
import { createBranch, deleteRef, renameBranch } from './refs/branch.ts'
import { createTag } from './refs/tag.ts'
import type { CreateTagOptions } from './refs/tag.ts'
import { updateRefs } from './refs/update-refs.ts'
import type { RefChange, UpdateRefsOptions } from './refs/update-refs.ts'
import type { Traffic } from './remote/remote.ts'
import type { Session } from './session.ts'
import { notAFolder } from './snapshot.ts'
import type { ListedEntry, Snapshot } from './snapshot.ts'
import { currentTip } from './tips.ts'
import { discover, learn } from './wire/discovery.ts'
import type { Advertisement } from './wire/discovery.ts'
import { lsRefs } from './wire/ls-refs.ts'
import type { Ref } from './wire/ls-refs.ts'

/** What can be done with one repository. See {@link openRepository}. */
export class Repository {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  /**
   * The same repository for one operation or a few: over the same connections and credentials, with all that has been
   * learned about the server. Costs no request.
   * @param options.signal ends these requests as the repository's own signal does. Edits and histories that begin here end with it
   * @example
   * const file = await repo.with({ signal: AbortSignal.timeout(2_000) }).file('main', 'README.md')
   */
  with({ signal }: { readonly signal: AbortSignal }): Repository {
    return new Repository(this.#session.with(signal))
  }

  get url(): string {
    return this.#session.remote.url
  }

  /** All requests so far. */
  get traffic(): Traffic {
    return this.#session.remote.traffic
  }

  /** Ends connections that only this repository uses, and the requests on them; another request opens others. */
  async close(): Promise<void> {
    await this.#session.remote.close?.()
  }

  /** For `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** What the server says it can do: one request, the first time. */
  async capabilities(): Promise<Advertisement> {
    return learn(this.#session)
  }

  /** Whether these credentials may push here at all; protected branches are another matter. */
  async writable(): Promise<boolean> {
    try {
      await discover(this.#session.remote, 'git-receive-pack')
      return true
    } catch (error) {
      if (isGitError(error, 'Unauthorized', 'Forbidden')) return false
      throw error
    }
  }

  /** One request. Annotated tags come with the object they stand for. */
  refs(options: { readonly prefix?: string | readonly string[] } = {}): Promise<Ref[]> {
    const { prefix = [] } = options
    return lsRefs(this.#session, typeof prefix === 'string' ? [prefix] : prefix)
  }

  /** The default branch; its `oid` is null in an empty repository. Null when the server does not tell. One request. */
  async head(): Promise<{ readonly branch: string; readonly oid: ObjectId | null } | null> {
    const refs = await lsRefs(this.#session, ['HEAD'])
    const head = refs.find(({ name }) => name === 'HEAD')
    return head?.symref === undefined ? null : { branch: head.symref, oid: head.oid }
  }

  /**
   * A commit, by branch, tag, full id or `HEAD`. Two requests; one for an id.
   * @throws GitError `RefNotFound`, `UnexpectedType`, and as every request
   * @example
   * const { oid, author, message, signature } = await repo.commit('main')
   */
  commit(revision: Revision): Promise<CommitInfo> {
    return readCommitInfo(this.#session, revision)
  }

  /**
   * A tag, by name or, if it is annotated, by id; `peeled` is where it leads in the end. Two requests; one for an id.
   * @throws GitError `RefNotFound`, `UnexpectedType`, and as every request
   * @example
   * const { annotated, message, peeled } = await repo.tag('v1.2')
   */
  tag(name: string): Promise<TagInfo> {
    return readTagInfo(this.#session, name)
  }

  /**
   * Entries of a folder in Git's order, submodules as type `commit`.
   * @param revision names a commit or a tree
   * @param options.sizes files come with their `size`, where the server tells: one request more, and one to find out.
   *   Other servers cause no error; entries then have no size
   * @throws GitError `RefNotFound`, `PathNotFound`, `UnexpectedType`, and as every request
   * @example
   * for (const { path, mode, oid } of await repo.tree('main', { path: 'docs', recursive: true })) …
   */
  async tree(
    revision: Revision,
    options: { readonly path?: string; readonly recursive?: boolean; readonly sizes?: boolean } = {},
  ): Promise<ListedEntry[]> {
    const { path = '', recursive = false } = options
    const names = splitPath(path)
    const snapshot = await this.#at(revision, [names], recursive)
    const entry = snapshot.entryAt(names)
    if (entry === null || entry === 'unread') throw pathNotFound(path, revision)
    if (entry.mode !== Mode.tree) throw notAFolder(path, entry.mode)
    const entries = [...snapshot.list(path, recursive)]
    return options.sizes === true ? withSizes(this.#session, entries) : entries
  }

  /**
   * Commits, newest first and children before their parents, whatever their dates: the order of `git log --date-order`,
   * which is that of `git log` where clocks are right. With `path` the commits that `git log -- path` shows.
   *
   * Commits are read without their files, in batches that grow; with `path` the folders on the way to it as well, and
   * `change` says what stood there before and after.
   * `limit` and `cursor` make pages; a page reads nothing that an earlier one has shown.
   * @throws GitError `InvalidInput` at once; while it is gone through `RefNotFound`, `UnexpectedType`, and as every request
   * @example
   * const page = repo.history('main', { path: 'docs', limit: 20 })
   * for await (const { oid, message } of page) console.log(oid.slice(0, 7), message.split('\n')[0])
   * const next = page.cursor === null ? undefined : repo.history('main', { path: 'docs', limit: 20, cursor: page.cursor })
   */
  history(revision: Revision, options: HistoryOptions = {}): History {
    return new History(this.#session, revision, options)
  }

  /**
   * Whether a commit is in the history of a revision: what `git merge-base --is-ancestor` says. One request for an id as the
   * revision, whatever lies between; two for a name.
   * @param commit a full id, of a commit that the repository has
   * @throws GitError `RefNotFound`, and as every request for a commit that the server does not have or does not send
   */
  async contains(revision: Revision, commit: ObjectId): Promise<boolean> {
    const { oid } = await resolveRevision(this.#session, revision)
    return reaches(this.#session, oid, commit)
  }

  /**
   * Files and submodules that two revisions do not have in common, in the order of their paths' bytes: what
   * `git diff-tree -r` lists. A mode that changes alone is an `M` with equal ids; a file that becomes a folder is
   * deleted, and the folder's files are added. Equal folders are not looked into.
   * @param base a revision, or a snapshot, of which folders that have been read are not fetched
   * @returns changes that lead from `base` to `head`
   * @throws GitError `RefNotFound`, `UnexpectedType`, and as every request
   * @example
   * for (const { status, path } of await repo.compare('v1.0', 'main', { renames: true })) console.log(status, path)
   */
  compare(base: Comparand, head: Comparand, options: CompareOptions = {}): Promise<Change[]> {
    return compare(this.#session, base, head, options)
  }

  /**
   * What each of some commits changed against its first parent, as `git diff-tree -r --root` says: for commits that a
   * history has given. One request for all of them; what is held is one commit's folders, and those that the others changed.
   * @returns commit → changes, in the order of their paths' bytes
   * @throws GitError `ObjectMissing`, `LimitExceeded`, and as every request
   * @example
   * const commits: CommitInfo[] = []
   * for await (const commit of repo.history('main', { limit: 50 })) commits.push(commit)
   * const changes = await repo.changes(commits)
   * for (const { oid } of commits) console.log(oid, changes.get(oid)?.map(({ status, path }) => `${status} ${path}`))
   */
  changes(commits: readonly ChangedCommit[], options: ChangesOptions = {}): Promise<Map<ObjectId, readonly Change[]>> {
    return commitChanges(this.#session, commits, options)
  }

  /** @throws GitError as {@link Repository.files} */
  async file(revision: Revision, path: string): Promise<FileContent> {
    const [file] = await this.files(revision, [path])
    if (file === undefined) throw pathNotFound(path, revision)
    return file
  }

  /**
   * Several files with one request for all contents.
   * @throws GitError `RefNotFound`, `PathNotFound` for the first path that is missing, `UnexpectedType` for one that is no file
   */
  async files(revision: Revision, paths: readonly string[]): Promise<FileContent[]> {
    return readFiles(this.#session, await this.#at(revision, paths.map(folderOf)), paths, revision)
  }

  /**
   * One file as a stream, for contents of any size: nothing but a few chunks is held.
   * @throws GitError as {@link Repository.files}, and `LimitExceeded` beyond `maxBlobBytes` or `maxResponseBytes`
   * @example
   * const { chunks } = await repo.readBlob('main', 'video.mp4')
   * await pipeline(chunks, createWriteStream('video.mp4'))
   */
  async readBlob(revision: Revision, path: string): Promise<FileStream> {
    const snapshot = await this.#at(revision, [folderOf(path)])
    const entry = fileAt(snapshot, path, revision)
    return { ...entry, ...(await readBlob(this.#session, entry.oid, snapshot.shown ?? entry.oid)) }
  }

  /**
   * Which paths Git passes through a filter on their way to a disk and back, by the `.gitattributes` files of a revision;
   * the paths need not exist. The engine runs no filters: of a path with the filter `lfs` it reads and writes the pointer.
   * The requests of a read of these paths.
   * @returns path → name of its filter; paths without one are left out
   * @throws GitError `RefNotFound`, `InvalidInput`, and as every request
   * @example
   * const filters = await repo.filters('main', ['logo.psd'])
   * if (filters.get('logo.psd') === 'lfs') throw new Error('logo.psd belongs into Git LFS')
   */
  async filters(revision: Revision, paths: readonly string[]): Promise<Map<string, string>> {
    return filtersOf(this.#session, await this.#at(revision, paths.map(folderOf)), paths)
  }

  /**
   * Begins changes to a branch. Without `base` one request looks where the branch is; with it there is none.
   * In an empty repository the branch that does not exist yet is created.
   * @param branch a branch name, short or full
   * @throws GitError `RefNotFound`, `RefExists`, `InvalidInput` for a base of another branch
   */
  edit(branch: string, options: EditStart = {}): Promise<Edit> {
    return startEdit(this.#session, branch, options)
  }

  /**
   * The branch as it is now, its root tree read: the base of edits, and of {@link Repository.read}.
   * @param options.depth folders below the root that will be read next; lets the server send them along
   * @param options.orFrom a branch that does not exist starts at this revision, and is created by the first push
   * @throws GitError `RefNotFound`; not in an empty repository, where the snapshot is empty as well
   */
  snapshot(branch: string, options: { readonly depth?: number; readonly orFrom?: Revision } = {}): Promise<Snapshot> {
    return readBranch(this.#session, branch, options)
  }

  /**
   * Any revision as it is, its root tree read: for {@link Repository.read} and {@link Repository.compare}, not for edits.
   * @throws GitError `RefNotFound`, `UnexpectedType`
   */
  snapshotAt(revision: Revision): Promise<Snapshot> {
    return this.#at(revision, [])
  }

  /** Reads folders of a snapshot's commit that it has not read yet. A folder that does not exist is no error. */
  read(
    snapshot: Snapshot,
    options: {
      readonly folders: readonly string[]
      readonly recursive?: boolean
      readonly seeds?: ReadonlyMap<ObjectId, Buffer>
    },
  ): Promise<Snapshot> {
    const folders = options.folders.map((path) => splitPath(path))
    return readTrees(this.#session, snapshot, { ...options, folders })
  }

  /** Where the branch is now: one request. Null when it does not exist. */
  tip(branch: string): Promise<ObjectId | null> {
    return currentTip(this.#session, fullBranchName(branch))
  }

  /** Moves a snapshot to another commit of its branch; costs what differs, not what is there. */
  advance(snapshot: Snapshot, tip: ObjectId): Promise<Snapshot> {
    return advance(this.#session, snapshot, tip)
  }

  /**
   * Contents by id, one request for all.
   * @throws GitError `ObjectMissing`, `Malformed` for an id of something else than a file, `LimitExceeded`, and as every request
   */
  blobs(snapshot: Snapshot, oids: readonly ObjectId[]): Promise<Map<ObjectId, Buffer>> {
    return readBlobs(this.#session, snapshot, oids)
  }

  /**
   * Writes files of a commit below a folder of this machine: whole files or none, executables as such, never outside.
   * @throws GitError `TargetExists` for a folder that holds something, `UnsafePath`, `UnexpectedType`, and as reading does
   * @example
   * await repo.checkout('main', './site', { include: ['docs/**'], onProgress: ({ files, totalFiles }) => … })
   */
  async checkout(revision: Revision, folder: string, options: CheckoutOptions = {}): Promise<CheckedOut> {
    // Disks are not everywhere, and not every user of a repository writes to one.
    const { checkout } = await import('#platform/checkout')
    return checkout(this.#session, revision, folder, options)
  }

  /**
   * Creates, updates and deletes refs in one request; `new` must be an object that the server has.
   * @returns all of them, as they have happened
   * @throws GitError `InvalidInput`, `RefNotFound`, `NotFastForward`, `RefExists` before anything is sent; `StaleRef` or
   *   `Rejected` for the first that the server left alone, with what became of each in `details.refs`: without `atomic` the
   *   others have happened; `Unsupported`, and as every request
   * @example
   * await repo.push([{ ref: 'refs/heads/main', new: commit }, { ref: 'refs/heads/old', new: null }], { atomic: true })
   */
  push(changes: readonly RefChange[], options: UpdateRefsOptions = {}): Promise<RefResult[]> {
    return updateRefs(this.#session, changes, options)
  }

  /** @throws GitError `RefNotFound` for `from`, `RefExists`, and as {@link Repository.push} */
  createBranch(name: string, from: Revision, options: Omit<PushOptions, 'atomic'> = {}): Promise<RefResult> {
    return createBranch(this.#session, name, from, options)
  }

  /**
   * Gives a branch another name, in one step.
   * @throws GitError `RefNotFound`, `RefExists`, `Unsupported` for a server that cannot do both at once, and as
   *   {@link Repository.push}
   */
  renameBranch(from: string, to: string, options: Omit<PushOptions, 'atomic'> = {}): Promise<RefResult> {
    return renameBranch(this.#session, from, to, options)
  }

  /**
   * Brings refs of this repository to another one, and the objects they need. The pack goes straight from one server to the
   * other: nothing is stored, and what is held does not grow with it.
   *
   * Two requests when there is nothing to do; else three more, and one for each branch that moves unless `force` is set.
   * @returns what became of each ref that differs; refs that are equal are left out
   * @throws GitError `Unsupported` where the hash functions differ, or `atomic` is wanted and not offered; `RefNotFound`
   *   instead of pruning everything; `Rejected` where the target cannot unpack what it gets; and as every request
   * @example
   * const results = await openRepository(from).mirrorTo(openRepository(to, { auth }), { prune: true })
   */
  mirrorTo(target: Repository, options: MirrorOptions = {}): Promise<MirroredRef[]> {
    return mirror(this.#session, target.#session, options)
  }

  /**
   * Creates a tag: a light one, or with a message an annotated one.
   * @throws GitError `RefNotFound` for `revision`, `RefExists` without `force`, and as {@link Repository.push}
   * @example
   * await repo.createTag('v1.0', 'main', { message: 'First release', tagger: ann, sign: await sshSigner(key) })
   */
  createTag(name: string, revision: Revision, options: CreateTagOptions = {}): Promise<RefResult> {
    return createTag(this.#session, name, revision, options)
  }

  /**
   * @param ref a full name
   * @param options.expect the ref is deleted only if it is here. Default: wherever it is, one request more
   * @throws GitError `RefNotFound`, and as {@link Repository.push}
   */
  deleteRef(
    ref: string,
    options: Omit<PushOptions, 'atomic'> & { readonly expect?: ObjectId } = {},
  ): Promise<RefResult> {
    return deleteRef(this.#session, ref, options)
  }

  #at(revision: Revision, folders: readonly (readonly string[])[], recursive = false): Promise<Snapshot> {
    return readRevision(this.#session, revision, { folders, recursive })
  }
}
