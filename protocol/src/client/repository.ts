import { GitError, isGitError } from '../format/errors.ts'
import { isObjectId, SHA1, SHA256 } from '../format/object-id.ts'
import type { ObjectId } from '../format/object-id.ts'
import { Mode, typeOfMode } from '../format/tree.ts'
import type { Credentials } from './http/credentials.ts'
import { REQUEST_TIMEOUT_MS } from './http/deadline.ts'
import { discover } from './wire/discovery.ts'
import type { Advertisement } from './wire/discovery.ts'
import { Edit } from './edit.ts'
import { resolveLimits } from './limits.ts'
import type { Limits } from './limits.ts'
import { lsRefs } from './wire/ls-refs.ts'
import type { Ref } from './wire/ls-refs.ts'
import { fetchBlobs } from './wire/object-forms.ts'
import { splitPath } from './path.ts'
import { currentTip } from './push.ts'
import { readCommit, readTrees } from './read/read-trees.ts'
import { HttpRemote } from './http/http-remote.ts'
import type { Remote, RequestRecord, Traffic } from './remote.ts'
import { newSession } from './session.ts'
import type { Session } from './session.ts'
import { notAFolder, Snapshot } from './snapshot.ts'
import type { ListedEntry } from './snapshot.ts'
import { checkRefName, fullBranchName } from './ref-name.ts'
import type { Transport } from './http/transport.ts'
import { advance } from './read/tree-delta.ts'
import { undiciTransport } from './http/undici-transport.ts'

export interface RepositoryOptions {
  /** Sent to this repository's URL only. Default: none. */
  readonly auth?: Credentials | undefined
  readonly limits?: Partial<Limits>
  /** Default: undici with connections kept open. Share one between repositories of a host. */
  readonly transport?: Transport
  /** Ends every request when it is aborted. */
  readonly signal?: AbortSignal
  /** Milliseconds that one request may take: connection, headers and the whole body. Default 300,000. */
  readonly requestTimeoutMs?: number
  /** Called after each HTTP request. */
  readonly onRequest?: (record: RequestRecord) => void
  /** Default `git/gitsync-0.1`: some hosts refuse user agents that do not begin with `git/`. */
  readonly userAgent?: string
}

export interface FileContent {
  readonly path: string
  readonly mode: number
  readonly oid: ObjectId
  readonly bytes: Buffer
}

/** A name for a commit: a full id, a full ref name, a branch, a tag, or `HEAD`. */
export type Revision = string

/**
 * A repository behind Git's Smart HTTP, read and edited without cloning it.
 * @example
 * const repo = openRepository('https://git.example.com/team/site.git', { auth: { bearer: token } })
 * const edit = await repo.edit('main')
 * edit.put('docs/index.md', '# Hello\n')
 * await edit.commit({ message: 'Say hello', author: { name: 'Ann', email: 'ann@example.com', date: new Date() } })
 * await edit.push()
 */
export function openRepository(url: string, options: RepositoryOptions = {}): Repository {
  const { transport = undiciTransport(), userAgent = 'git/gitsync-0.1', auth, signal, onRequest } = options
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = options
  const limits = resolveLimits(options.limits)
  return new Repository(
    new HttpRemote({ url, transport, limits, auth, userAgent, signal, requestTimeoutMs, onRequest }),
  )
}

export class Repository {
  readonly #session: Session

  constructor(remote: Remote) {
    this.#session = newSession(remote)
  }

  get url(): string {
    return this.#session.remote.url
  }

  /** All requests so far. */
  get traffic(): Traffic {
    return this.#session.remote.traffic
  }

  /** What the server says it can do: one request, the first time. */
  async capabilities(): Promise<Advertisement> {
    return (this.#session.advertisement ??= await discover(this.#session.remote))
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
   * Entries of a folder in Git's order, submodules as type `commit`.
   * @throws GitError `RefNotFound`, `PathNotFound`, `UnexpectedType`, and as every request
   */
  async tree(
    revision: Revision,
    options: { readonly path?: string; readonly recursive?: boolean } = {},
  ): Promise<ListedEntry[]> {
    const { path = '', recursive = false } = options
    const names = splitPath(path)
    const snapshot = await this.#at(revision, [names], recursive)
    const entry = snapshot.entryAt(names)
    if (entry === null || entry === 'unread') throw pathNotFound(path, revision)
    if (entry.mode !== Mode.tree) throw notAFolder(path, entry.mode)
    return [...snapshot.list(path, recursive)]
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
    const parsed = paths.map((path) => splitPath(path))
    const snapshot = await this.#at(
      revision,
      parsed.map((names) => names.slice(0, -1)),
    )
    const entries = parsed.map((names, index) => {
      const path = paths[index] ?? ''
      const entry = snapshot.entryAt(names)
      if (entry === null || entry === 'unread') throw pathNotFound(path, revision)
      const actual = typeOfMode(entry.mode)
      if (actual !== 'blob') {
        throw new GitError('UnexpectedType', `${JSON.stringify(path)} is a ${actual}, not a file`, {
          path,
          expected: 'blob',
          actual,
        })
      }
      return { path, mode: entry.mode, oid: entry.oid }
    })
    const contents = await this.blobs(
      snapshot,
      entries.map(({ oid }) => oid),
    )
    return entries.map((entry) => ({ ...entry, bytes: contents.get(entry.oid) as Buffer }))
  }

  /**
   * Begins changes to a branch. Without `base` one request looks where the branch is; with it there is none.
   * In an empty repository the branch that does not exist yet is created.
   * @param branch a branch name, short or full
   * @param options.base the branch as an earlier push or {@link Repository.snapshot} left it
   * @param options.create the branch must not exist; it starts from `from`, or empty without it
   * @param options.depth folders below the root that will be changed, when that is known: fewer requests, more bytes
   * @throws GitError `RefNotFound`, `RefExists`
   */
  async edit(
    branch: string,
    options: {
      readonly base?: Snapshot
      readonly create?: true
      readonly from?: Revision
      readonly depth?: number
    } = {},
  ): Promise<Edit> {
    const { base, create, from, depth = 0 } = options
    if (base !== undefined) return new Edit(this.#session, base)
    if (create === undefined) return new Edit(this.#session, await this.snapshot(branch, { depth }))
    const ref = fullBranchName(branch)
    if ((await currentTip(this.#session, ref)) !== null) {
      throw new GitError('RefExists', `${ref} exists already`, { ref })
    }
    return new Edit(this.#session, await this.#start(ref, from))
  }

  /**
   * The branch as it is now, its root tree read: the base of edits, and of {@link Repository.read}.
   * @param options.depth folders below the root that will be read next; lets the server send them along
   * @param options.orFrom a branch that does not exist starts at this revision, and is created by the first push
   * @throws GitError `RefNotFound`; not in an empty repository, where the snapshot is empty as well
   */
  async snapshot(
    branch: string,
    options: { readonly depth?: number; readonly orFrom?: Revision } = {},
  ): Promise<Snapshot> {
    const ref = fullBranchName(branch)
    const refs = await lsRefs(this.#session, [ref, 'HEAD'])
    const oid = refs.find(({ name }) => name === ref)?.oid ?? null
    if (oid !== null) return readCommit(this.#session, ref, oid, options.depth)
    const head = refs.find(({ name }) => name === 'HEAD')
    // Without `unborn`, a server is silent about a HEAD that leads nowhere, whether there are branches or not.
    const empty =
      (head === undefined || head.oid === null) &&
      (head?.symref === ref || (await lsRefs(this.#session, ['refs/heads/'])).length === 0)
    if (empty) return this.#empty(ref)
    if (options.orFrom !== undefined) return this.#start(ref, options.orFrom)
    throw new GitError('RefNotFound', `${ref} does not exist in ${this.url}`, { ref })
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

  /** Contents by id, one request for all. @throws GitError `ObjectMissing` */
  async blobs(snapshot: Snapshot, oids: readonly ObjectId[]): Promise<Map<ObjectId, Buffer>> {
    const contents = new Map<ObjectId, Buffer>()
    if (oids.length === 0 || snapshot.commit === null) return contents
    const wants = [...new Set(oids)]
    const found = await fetchBlobs(this.#session, wants, snapshot.commit)
    for (const oid of wants) {
      const object = found.get(oid)
      if (object !== undefined) contents.set(oid, object.bytes)
    }
    return contents
  }

  #empty(ref: string): Snapshot {
    return Snapshot.empty(ref, this.#session.format).at({ maxEntries: this.#session.remote.limits.maxEntries })
  }

  /** A branch that does not exist, as it would be when created from a revision. */
  async #start(ref: string, from: Revision | undefined): Promise<Snapshot> {
    if (from === undefined) return this.#empty(ref)
    const start = await this.#at(from, [])
    return start.at({ ref, tip: null })
  }

  async #at(revision: Revision, folders: readonly (readonly string[])[], recursive = false): Promise<Snapshot> {
    const { ref, oid } = await this.#resolve(revision)
    const depth = Math.max(0, ...folders.map((names) => names.length))
    const snapshot = await readCommit(this.#session, ref, oid, recursive ? 0 : depth)
    return readTrees(this.#session, snapshot, { folders, recursive })
  }

  async #resolve(revision: Revision): Promise<{ ref: string; oid: ObjectId }> {
    if (isObjectId(revision)) {
      this.#session.format = revision.length === 64 ? SHA256 : SHA1
      return { ref: revision, oid: revision }
    }
    checkRefName(revision, 'revision')
    const names =
      revision === 'HEAD' || revision.startsWith('refs/')
        ? [revision]
        : [`refs/heads/${revision}`, `refs/tags/${revision}`]
    const refs = await lsRefs(this.#session, names)
    for (const name of names) {
      const ref = refs.find((candidate) => candidate.name === name)
      if (ref?.oid) return { ref: name, oid: ref.peeled ?? ref.oid }
    }
    throw new GitError('RefNotFound', `${this.url} has no branch, tag or commit ${JSON.stringify(revision)}`, {
      ref: revision,
    })
  }
}

function pathNotFound(path: string, revision: Revision): GitError {
  return new GitError('PathNotFound', `${JSON.stringify(path)} does not exist in ${revision}`, { path })
}
