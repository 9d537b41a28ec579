import { GitError, isGitError } from '@gitsync/protocol'
import type { Change, CommitInfo, Repository } from '@gitsync/protocol'
import { LRUCache } from 'lru-cache'
import { RecentAnswers } from '../../controllers/recent-answers.ts'
import { isCalled } from '../../plan/person.ts'
import type { Clock } from '../../time/clock.ts'
import type { AuditedBranch } from '../audited.ts'
import { loggedCommit, sizeOf } from './logged-commit.ts'
import type { LoggedCommit } from './logged-commit.ts'
import { readableTexts } from './readable-texts.ts'

/** Which part of a branch's history is wanted. Equal ones are read once. */
export interface LogRequest {
  /** Only commits that changed something below this folder. Default: all. */
  readonly path?: string | undefined
  /** By the committer's clock, milliseconds since the epoch. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Only commits of an author whose name or address holds this text. */
  readonly author?: string | undefined
  /** A commit of the branch to begin at. Default: its tip. */
  readonly start?: string | undefined
  /** Go on behind the commit that had this cursor. Instead of `start`. */
  readonly cursor?: string | undefined
}

/** A stretch of history, newest first. Where commits are far between it may be short, or empty. */
export interface LogSegment {
  readonly entries: readonly { readonly commit: LoggedCommit; readonly cursor: string | null }[]
  /** Where the next one begins; null at the end. */
  readonly next: string | null
}

/** Commits of a segment: what a page shows, and a few more. */
const SEGMENT = 40
/** From the first one on, in milliseconds: what was found until then is given, as each request reads four times as much as the one before. */
const SEGMENT_MS = 1_000
/** From the first one that was passed over on, where none is found: whoever looks goes on from there. */
const NOTHING_MS = 3_000
/** Commits of the first request where many are passed over. */
const SPARSE_BATCH = 1024
/** Of everything that is kept. */
const MAX_BYTES = 24 << 20
const MAX_COMMIT_BYTES = 12 << 20
/** A branch is looked for once in so long, in milliseconds. */
const TIP_MS = 10_000
const MAX_TIPS = 2_000
/** What took too long is not tried for so long, in milliseconds. */
const TOO_LONG_MS = 300_000
/** A read is given up after so long, in milliseconds. */
const READ_MS = 30_000
/** The same where a folder's history is looked for that may be anywhere. */
const PATH_MS = 6_000
/** Of what commits that are read at once have changed: whoever can push makes as many files of a small tree as they like. */
const CHANGES = { maxBytes: 16 << 20 }
const NO_HISTORY: LogSegment = { entries: [], next: null }

/** Histories of branches, as far as somebody has looked at them. Commits never change: what has been read is not read again. */
export class BranchLogs {
  readonly #clock: Clock
  readonly #onUnexpected: (error: unknown) => void
  readonly #segments = new LRUCache<string, LogSegment>({ maxSize: MAX_BYTES, sizeCalculation: segmentSize })
  /** By branch and id: that a commit was seen in a branch's history says that it is of that branch. */
  readonly #commits = new LRUCache<string, LoggedCommit>({ maxSize: MAX_COMMIT_BYTES, sizeCalculation: sizeOf })
  readonly #tooLong: LRUCache<string, GitError>
  readonly #reading = new Map<string, Promise<LogSegment>>()
  readonly #tips: RecentAnswers<string | null>

  /** @param onUnexpected is told of errors that are not Git's, of which whoever looks learns nothing */
  constructor(clock: Clock, onUnexpected: (error: unknown) => void) {
    this.#clock = clock
    this.#onUnexpected = onUnexpected
    const perf = { now: () => clock.now() }
    this.#tooLong = new LRUCache({ max: MAX_TIPS, ttl: TOO_LONG_MS, ttlResolution: 0, perf })
    this.#tips = new RecentAnswers(clock, TIP_MS, MAX_TIPS)
  }

  /** Where the branch is; null when it does not exist. @throws GitError as reading does */
  async tip(branch: AuditedBranch): Promise<string | null> {
    if (branch.tip !== undefined) return branch.tip
    return await this.#tips.of(branch.key, () => this.#run(branch, (repo) => repo.tip(branch.branch)))
  }

  /**
   * A stretch of a branch's history: two requests, and one for each folder of the path, unless it is at hand. Where what is
   * asked for is far between, history is gone through in larger and larger steps, for a while.
   * @throws GitError as reading does; `RateLimited` where pages have read enough for now
   */
  async segment(branch: AuditedBranch, request: LogRequest): Promise<LogSegment> {
    const start = request.start ?? (await this.tip(branch))
    if (start === null) return NO_HISTORY
    const key = JSON.stringify([
      branch.key,
      request.cursor ?? start,
      request.path,
      request.since,
      request.until,
      request.author,
    ])
    const known = this.#segments.get(key)
    if (known !== undefined) return known
    const tooLong = this.#tooLong.get(key)
    if (tooLong !== undefined) throw tooLong
    const reading = this.#reading.get(key) ?? this.#read(branch, request, start)
    this.#reading.set(key, reading)
    try {
      const segment = await reading
      this.#segments.set(key, segment)
      for (const { commit } of segment.entries) this.#commits.set(commitKey(branch, commit.oid), commit)
      return segment
    } catch (error) {
      // Whoever looks again does not wait again for nothing.
      if (isGitError(error, 'Timeout')) this.#tooLong.set(key, error)
      throw error
    } finally {
      this.#reading.delete(key)
    }
  }

  /**
   * A commit of the branch; undefined for one that is not in its history, whether or not the repository has it elsewhere.
   * @throws GitError as reading does
   */
  async commit(branch: AuditedBranch, oid: string): Promise<LoggedCommit | undefined> {
    const known = this.#commits.get(commitKey(branch, oid))
    if (known !== undefined) return known
    const tip = await this.tip(branch)
    if (tip === null) return undefined
    const commit = await this.#run(branch, async (repo) => {
      try {
        const commit = await repo.commit(oid)
        if (commit.oid !== oid || !(await repo.contains(tip, oid))) return undefined
        const [logged] = await this.#logged(repo, [commit])
        return logged
      } catch (error) {
        if (isGitError(error, 'ObjectMissing', 'RefNotFound', 'UnexpectedType', 'InvalidInput')) return undefined
        throw error
      }
    })
    if (commit !== undefined) this.#commits.set(commitKey(branch, oid), commit)
    return commit
  }

  /** Everything that a commit changed below a folder. @throws GitError as reading does */
  changesBelow(branch: AuditedBranch, { oid, parents }: LoggedCommit, path: string): Promise<readonly Change[]> {
    const [parent] = parents
    return this.#run(branch, async (repo) => {
      if (parent !== undefined) return await repo.compare(parent, oid, path === '.' ? {} : { path })
      const entries = await repo.tree(oid, { path: path === '.' ? '' : path, recursive: true })
      return entries.map(({ path, oid, mode }): Change => ({ status: 'A', path, oid, mode }))
    })
  }

  /** Texts of files that a commit has, or had before, by id, as far as people read them. @throws GitError as reading does */
  texts(branch: AuditedBranch, commit: string, oids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (oids.length === 0) return Promise.resolve(new Map())
    return this.#run(branch, async (repo) => readableTexts(await repo.blobs(await repo.snapshotAt(commit), oids)))
  }

  /** What is wrong with a branch, in words for whoever may see it. */
  inWords(error: unknown): string {
    if (isGitError(error, 'RateLimited')) return error.message
    if (isGitError(error, 'RefNotFound')) return 'the branch does not exist'
    if (isGitError(error, 'Timeout')) return 'the host does not answer in time'
    if (isGitError(error)) return `it cannot be read now (${error.code})`
    this.#onUnexpected(error)
    return 'it cannot be read now'
  }

  #run<T>(branch: AuditedBranch, read: (repo: Repository) => Promise<T>): Promise<T> {
    const { repository, allowance } = branch.read()
    return allowance.run(() => this.#within(READ_MS, repository, read))
  }

  /**
   * Reads for so long, in milliseconds. That whoever looks waits no longer is called off, and not the host's deadline: it says
   * nothing of the host to those who write.
   * @throws GitError `Timeout`
   */
  async #within<T>(ms: number, repository: Repository, read: (repo: Repository) => Promise<T>): Promise<T> {
    const end = new AbortController()
    const cancel = this.#clock.after(ms, () => end.abort())
    try {
      return await read(repository.with({ signal: end.signal }))
    } catch (error) {
      if (!end.signal.aborted || !isGitError(error, 'Aborted')) throw error
      throw new GitError('Timeout', `there is no answer within ${ms / 1000} s`, { limit: 'signal', cause: error })
    } finally {
      cancel()
    }
  }

  /** With what they changed, as far as it can be looked through. */
  async #logged(repository: Repository, commits: readonly CommitInfo[]): Promise<LoggedCommit[]> {
    try {
      const changes = await this.#within(READ_MS, repository, (repo) => repo.changes(commits, CHANGES))
      return commits.map((commit) => loggedCommit(commit, changes.get(commit.oid)))
    } catch (error) {
      if (!isGitError(error, 'LimitExceeded')) throw error
      if (commits.length <= 1) return commits.map((commit) => loggedCommit(commit, undefined))
      // One that is too large hides none of the others.
      const half = Math.ceil(commits.length / 2)
      const newer = await this.#logged(repository, commits.slice(0, half))
      return [...newer, ...(await this.#logged(repository, commits.slice(half)))]
    }
  }

  #read(branch: AuditedBranch, request: LogRequest, start: string): Promise<LogSegment> {
    const { path, since, until, author, cursor } = request
    const isSparse = until !== undefined || author !== undefined
    const { repository, allowance } = branch.read()
    return allowance.run(async () => {
      const found: { commit: CommitInfo; cursor: string | null }[] = []
      const next = await this.#within(path === undefined ? READ_MS : PATH_MS, repository, async (repo) => {
        const history = repo.history(start, {
          ...(isSparse ? { batch: SPARSE_BATCH } : { limit: SEGMENT }),
          ...(path === undefined ? {} : { path }),
          ...(since === undefined ? {} : { since: new Date(since) }),
          ...(until === undefined ? {} : { until: new Date(until) }),
          ...(cursor === undefined ? {} : { cursor }),
        })
        let end: number | undefined
        try {
          for await (const commit of history) {
            end ??= this.#clock.now() + NOTHING_MS
            if (author === undefined || isCalled(commit.author, author)) {
              if (found.length === 0) end = this.#clock.now() + SEGMENT_MS
              found.push({ commit, cursor: history.cursor })
            }
            if (found.length >= SEGMENT || this.#clock.now() >= end) break
          }
        } catch (error) {
          // What has been found is given; the rest is looked for from there.
          if (found.length === 0 || !isGitError(error, 'Timeout', 'Aborted')) throw error
        }
        return history.cursor
      })
      const logged = await this.#logged(
        repository,
        found.map(({ commit }) => commit),
      )
      const entries = logged.map((commit, index) => ({ commit, cursor: found[index]?.cursor ?? null }))
      return { entries, next }
    })
  }
}

const commitKey = (branch: AuditedBranch, oid: string): string => `${branch.key} ${oid}`

const segmentSize = ({ entries }: LogSegment): number =>
  entries.reduce((sum, { commit, cursor }) => sum + sizeOf(commit) + 2 * (cursor?.length ?? 0), 200)
