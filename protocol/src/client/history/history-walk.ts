import { isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { Session } from '../session.ts'
import { DateQueue } from './date-queue.ts'
import { fetchHistory, WITH_TREES } from './fetch-history.ts'
import type { HistoryBatch, HistoryRequest } from './fetch-history.ts'
import { HistoryGraph } from './history-graph.ts'
import { LookAhead } from './look-ahead.ts'
import type { CommitInfo, PathState } from '../read/objects.ts'
import { PathReader, stateOf } from './path-entries.ts'
import type { PathEntry } from './path-entries.ts'

export interface WalkOptions {
  /** Commits to begin with, the first to come first among equally new ones. */
  readonly starts: readonly ObjectId[]
  /** A commit that a ref points to and that reaches all starts. */
  readonly tip: ObjectId
  /** Only commits that change what stands at this path. Empty: all commits. */
  readonly names: readonly string[]
  /** Milliseconds since 1970; the walk ends at older commits. */
  readonly since: number
  /** Milliseconds since 1970; newer commits are passed over. */
  readonly until: number
  readonly firstParent: boolean
  /** Generations that the first request reads. */
  readonly depth: number
  /** Commits come with what their signature is over. */
  readonly payloads: boolean
}

/** Where the walk goes from a commit, and whether the commit is shown. */
interface Step {
  readonly parents: readonly ObjectId[]
  readonly shown: boolean
}

const GROWTH = 4
const MAX_DEPTH = 4096
/** A batch of this size is not followed by a larger one. */
const MAX_COMMITS = 8192
const MAX_TREE_BYTES = 32 << 20
/** A batch of this size shows whether the folders on the way change with most commits; a larger one that much lies behind it. */
const MANY_COMMITS = 1024

/**
 * Walks history newest first and no parent before any of its children, while only the part read so far is known.
 *
 * A commit may come when every child of it has come. Whether a child hides in the part not read yet is decided by
 * reachability: history has no circles, so where a commit leads to all commits at which reading stopped, none of these
 * leads to it. Otherwise more is read. The order is therefore that of all the history (git-log, `--date-order`), however
 * much is read at once, and clocks that went wrong do not change that.
 */
export class HistoryWalk {
  readonly #session: Session
  readonly #options: WalkOptions
  readonly #graph = new HistoryGraph()
  readonly #paths: PathReader
  readonly #ahead: LookAhead
  readonly #entries = new Map<ObjectId, PathEntry>()
  readonly #steps = new Map<ObjectId, Step>()
  /** Met, but where to go from them is not known: they, or parents of theirs, have not been read. */
  readonly #pending: Set<ObjectId>
  /** How many children have yet to come. */
  readonly #waiting = new Map<ObjectId, number>()
  readonly #queue = new DateQueue()
  /** All their known children have come; not yet in the queue, as their date may not be known. */
  #arrivals: ObjectId[]
  /** Commits that no part of the history not read yet can lead to; null: all of them. */
  #certain: ReadonlySet<ObjectId> | null = new Set()
  #depth: number
  #trees: HistoryRequest['trees']
  #mayTakeAll = true
  #begun = false

  constructor(session: Session, options: WalkOptions) {
    this.#session = session
    this.#options = options
    this.#paths = new PathReader(session, options.names)
    this.#ahead = new LookAhead(session)
    this.#pending = new Set(options.starts)
    this.#arrivals = [...this.#pending]
    this.#depth = options.depth
    this.#trees = options.names.length === 0 ? 'none' : 'roots'
  }

  /** What a walk must start with to go on from here. */
  get open(): ObjectId[] {
    return [...this.#queue.list(), ...this.#arrivals]
  }

  /** @throws GitError as requests do; `ObjectMissing` */
  async next(): Promise<CommitInfo | undefined> {
    for (;;) {
      this.#admit()
      const oid = this.#queue.first
      const blocked = this.#arrivals.length > 0
      if (oid === undefined && !blocked) return undefined
      const step = oid === undefined ? undefined : this.#steps.get(oid)
      if (oid === undefined || blocked || step === undefined || this.#certain?.has(oid) === false) {
        await this.#readMore()
        continue
      }
      const commit = this.#withChange(this.#graph.get(oid))
      this.#pass(oid, step)
      if (commit !== undefined && step.shown) return commit
    }
  }

  /** With what it did to the path that is asked for. */
  #withChange(commit: CommitInfo | undefined): CommitInfo | undefined {
    if (commit === undefined || this.#options.names.length === 0) return commit
    const at = (oid: ObjectId | undefined): PathState | null => stateOf(this.#entries.get(oid ?? '') ?? null)
    return { ...commit, change: { before: at(commit.parents[0]), after: at(commit.oid) } }
  }

  #admit(): void {
    for (let oid = this.#arrivals[0]; oid !== undefined; oid = this.#arrivals[0]) {
      const commit = this.#graph.get(oid)
      if (commit === undefined) return
      this.#queue.add(oid, timeOf(commit))
      this.#arrivals.shift()
    }
  }

  #pass(oid: ObjectId, step: Step): void {
    this.#queue.shift()
    this.#graph.pass(oid)
    this.#entries.delete(oid)
    this.#steps.delete(oid)
    this.#waiting.delete(oid)
    for (const parent of step.parents) {
      const waiting = (this.#waiting.get(parent) ?? 1) - 1
      this.#waiting.set(parent, waiting)
      if (waiting === 0) this.#arrivals.push(parent)
    }
  }

  /** Ends the requests that are on their way. */
  close(): void {
    this.#ahead.drop()
  }

  async #readMore(): Promise<void> {
    const request = this.#requestFor(this.#frontier())
    const batch = await this.#fetch(request)
    this.#begun = true
    this.#graph.add(batch.commits)
    this.#grow(batch)
    if (batch.commits.size > MANY_COMMITS) this.#lookAhead()
    try {
      await this.#readEntries(batch)
    } catch (error) {
      // Servers that send no trees by id send them with their commits.
      if (!isGitError(error, 'ObjectMissing') || this.#session.learned.historyForm >= WITH_TREES) throw error
      this.#session.learned.historyForm = WITH_TREES
      this.#ahead.drop()
      await this.#readEntries(await fetchHistory(this.#session, request))
    }
    this.#explore()
    const free = (oid: ObjectId): boolean => (this.#waiting.get(oid) ?? 0) === 0
    this.#queue.keep(free)
    this.#arrivals = this.#arrivals.filter(free)
    this.#certain = this.#judge()
  }

  async #fetch(request: HistoryRequest): Promise<HistoryBatch> {
    try {
      return await this.#ahead.take(request)
    } catch (error) {
      if (request.trees !== 'all' || !isGitError(error, 'Unsupported', 'LimitExceeded')) throw error
      this.#trees = 'roots'
      this.#mayTakeAll = false
      return fetchHistory(this.#session, { ...request, trees: 'roots' })
    }
  }

  #requestFor(wants: readonly ObjectId[]): HistoryRequest {
    const { starts, tip, payloads } = this.#options
    const { cut } = this.#graph
    // Behind a single end lies nothing that has been read: the server would only search for it.
    const mayMeet = this.#begun && cut.length > 1
    return {
      wants,
      depth: this.#depth,
      haves: mayMeet ? starts : [],
      cut: mayMeet ? cut : [],
      trees: this.#trees,
      payloads,
      tip,
    }
  }

  /** Where reading has stopped at a single commit, and the walk does not end before it, it goes on there. */
  #lookAhead(): void {
    const [end, ...others] = this.#graph.cut
    const commit = this.#graph.get(end ?? '')
    if (commit === undefined || others.length > 0 || timeOf(commit) < this.#options.since) return
    const [parent, ...more] = commit.parents
    if (parent !== undefined && more.length === 0) this.#ahead.begin(this.#requestFor([parent]))
  }

  #grow({ commits, trees }: HistoryBatch): void {
    let treeBytes = 0
    for (const tree of trees.values()) treeBytes += tree.length
    const most = Math.floor((MAX_TREE_BYTES * commits.size) / Math.max(1, treeBytes))
    const grown = commits.size > MAX_COMMITS ? this.#depth : this.#depth * GROWTH
    this.#depth = Math.max(this.#options.depth, Math.min(grown, MAX_DEPTH, most))
  }

  async #readEntries({ commits, trees }: HistoryBatch): Promise<void> {
    if (this.#options.names.length === 0) return
    const roots = new Set([...commits.values()].map(({ tree }) => tree))
    const { entries, asked } = await this.#paths.entries(roots, trees)
    for (const { oid, tree } of commits.values()) this.#entries.set(oid, entries.get(tree) ?? null)
    // A server that finds folder by folder what changes all the time is slower than one that sends all there are.
    if (this.#mayTakeAll && commits.size >= MANY_COMMITS && asked > commits.size / 2) this.#trees = 'all'
  }

  /** Goes as far as what has been read allows. */
  #explore(): void {
    // A set gives what is added while it is gone through as well.
    for (const oid of this.#pending) {
      const commit = this.#graph.get(oid)
      const step = commit && this.#stepFrom(commit)
      if (step === undefined) continue
      this.#pending.delete(oid)
      this.#steps.set(oid, step)
      for (const parent of step.parents) {
        this.#waiting.set(parent, (this.#waiting.get(parent) ?? 0) + 1)
        if (!this.#steps.has(parent)) this.#pending.add(parent)
      }
    }
  }

  /** Git's default simplification of a path's history (git-log, "History Simplification"). Undefined: a parent has not been read. */
  #stepFrom(commit: CommitInfo): Step | undefined {
    const { names, since, until, firstParent } = this.#options
    const time = timeOf(commit)
    if (time < since) return { parents: [], shown: false }
    const parents = [...new Set(firstParent ? commit.parents.slice(0, 1) : commit.parents)]
    const shown = time <= until
    if (names.length === 0) return { parents, shown }
    const entry = this.#entries.get(commit.oid) ?? null
    for (const parent of parents) {
      if (!this.#graph.has(parent)) return undefined
      // What a parent has as well came from there: other parents add nothing to it.
      if ((this.#entries.get(parent) ?? null) === entry) return { parents: [parent], shown: false }
    }
    return { parents, shown: shown && (parents.length > 0 || entry !== null) }
  }

  /** Commits that must be read to go on from those that are pending. */
  #frontier(): ObjectId[] {
    const frontier = new Set<ObjectId>()
    for (const oid of this.#pending) {
      const commit = this.#graph.get(oid)
      for (const one of commit === undefined ? [oid] : commit.parents) if (!this.#graph.has(one)) frontier.add(one)
    }
    return [...frontier]
  }

  #judge(): ReadonlySet<ObjectId> | null {
    if (this.#pending.size === 0) return null
    const certain = this.#graph.aboveAll(this.#frontier())
    // Where the walk goes from a commit in doubt is open: perhaps to each that it leads to.
    for (const oid of this.#graph.belowAny(this.#pending)) certain.delete(oid)
    return certain
  }
}

/** Dates beyond what a computer can count are taken for 1970, as git does. */
function timeOf({ committer }: CommitInfo): number {
  const time = committer.date.getTime()
  return Number.isNaN(time) ? 0 : time
}
