import { GitError, isGitError } from '../../format/errors.ts'
import { checkInteger } from '../check-option.ts'
import { splitPath } from '../path.ts'
import type { Session } from '../session.ts'
import { decodeCursor, encodeCursor } from './history-cursor.ts'
import type { Position } from './history-cursor.ts'
import { HistoryWalk } from './history-walk.ts'
import { fetchPeeled } from '../read/objects.ts'
import type { CommitInfo } from '../read/objects.ts'
import { resolveRevision } from '../read/resolve.ts'

export interface HistoryOptions {
  /** Only commits that changed what is at this path, simplified as `git log -- path` does. Default: all commits. */
  readonly path?: string
  /** By the committer's clock, as git takes it; history behind an older commit is not looked at. Default: no bound. */
  readonly since?: Date
  /** By the committer's clock. Default: no bound. */
  readonly until?: Date
  /** Commits to show. Default: all. */
  readonly limit?: number
  /** Follow only the first parent of merges. Default false. */
  readonly firstParent?: boolean
  /** Generations that the first request reads; each further one reads four times as many. Default 64, or `limit` when that is less. */
  readonly batch?: number
  /** Commits that are signed come with what their signature is over, for `sshVerifier` and `openPgpVerifier`. Default false. */
  readonly payloads?: boolean
  /** Go on where an earlier call ended: its {@link History.cursor}. The other options must be the same but for `limit`, `batch` and `payloads`. */
  readonly cursor?: string
}

/** Generations of the first request. */
const BATCH = 64

/** Commits, newest first and children before their parents. Each iteration starts anew. */
export class History implements AsyncIterable<CommitInfo> {
  readonly #session: Session
  readonly #revision: string
  readonly #options: HistoryOptions
  readonly #names: readonly string[]
  #place: (() => string | null) | undefined

  /** @throws GitError `InvalidInput` */
  constructor(session: Session, revision: string, options: HistoryOptions) {
    this.#session = session
    this.#revision = revision
    this.#options = options
    this.#names = splitPath(options.path ?? '')
    const { limit = 1, batch = 1, since, until } = options
    for (const [field, value] of Object.entries({ limit, batch })) checkInteger(field, value, 1)
    for (const [field, date] of Object.entries({ since, until })) {
      if (date !== undefined && Number.isNaN(date.getTime())) throw invalid(field, String(date), 'must be a date')
    }
  }

  /**
   * Stands behind the last commit that was given; null when there are no more. Valid as long as its commits exist,
   * however the branch moves on.
   */
  get cursor(): string | null {
    return this.#place === undefined ? (this.#options.cursor ?? null) : this.#place()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CommitInfo, void, undefined> {
    const { limit = Number.POSITIVE_INFINITY } = this.#options
    let position = await this.#start()
    let walk = this.#walk(position)
    this.#place = () => {
      const { open } = walk
      return open.length === 0 ? null : encodeCursor({ ...position, open })
    }
    try {
      for (let shown = 0; shown < limit; shown++) {
        let commit: CommitInfo | undefined
        try {
          commit = await walk.next()
        } catch (error) {
          if (shown > 0 || !isGitError(error, 'UnexpectedType') || error.details.actual !== 'tag') throw error
          // The id that was given is a tag's.
          position = await this.#peeled(position)
          walk = this.#walk(position)
          commit = await walk.next()
        }
        if (commit === undefined) return
        yield commit
      }
    } finally {
      walk.close()
    }
  }

  async #start(): Promise<Position> {
    const { cursor, firstParent = false } = this.#options
    const path = this.#names.join('/')
    if (cursor !== undefined) {
      const position = decodeCursor(cursor, { path, firstParent })
      this.#session.formatOf(position.tip, 'cursor')
      return position
    }
    const { oid } = await resolveRevision(this.#session, this.#revision)
    return { tip: oid, open: [oid], path, firstParent }
  }

  async #peeled(position: Position): Promise<Position> {
    const { object } = await fetchPeeled(this.#session, position.tip)
    return { ...position, tip: object.oid, open: [object.oid] }
  }

  #walk({ tip, open, firstParent }: Position): HistoryWalk {
    const { since, until, limit = BATCH, payloads = false } = this.#options
    // Of a path's history nobody knows how far apart its commits are.
    const { batch = this.#names.length > 0 ? BATCH : Math.min(BATCH, limit) } = this.#options
    return new HistoryWalk(this.#session, {
      starts: open,
      tip,
      names: this.#names,
      since: since?.getTime() ?? Number.NEGATIVE_INFINITY,
      until: until?.getTime() ?? Number.POSITIVE_INFINITY,
      firstParent,
      depth: batch,
      payloads,
    })
  }
}

function invalid(field: string, actual: string | number, rule: string): GitError {
  return new GitError('InvalidInput', `${field} ${actual} ${rule}`, { field, actual })
}
