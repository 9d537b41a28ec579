/** The records of a branch, newest first. */
import type { CommitInfo, Repository } from '@gitsync/protocol'
import { OPERATOR } from '../plan/person.ts'
import { matches } from './filter.ts'
import type { AuditFilter } from './filter.ts'
import type { MoveSource, Origin } from './moved-from.ts'
import { recordsOf } from './record.ts'
import type { AuditRecord } from './record.ts'

/** What of a repository is read. */
export type TrailSource = MoveSource & Pick<Repository, 'history'>

export interface TrailOptions extends AuditFilter {
  /** A file, followed where it moved; or a folder. Default: everything. */
  readonly path?: string | undefined
  /** Records; the last commit is always whole, so that there may be more. Default: all. */
  readonly limit?: number | undefined
  /** Addresses of committers that are the operator. Default: the operator's own when no spec names another. */
  readonly operators?: readonly string[] | undefined
}

/**
 * What was changed in a branch, and by whom: a record for each object of each commit, newest first. Only commits are read,
 * in batches that grow, and of a path the folders on the way to it: some 4,096 commits for a request in the end. What is held does not
 * grow with the history. Each iteration starts anew.
 *
 * Times are the author's: when something was changed. What was committed before `since` is not looked at.
 * @example
 * for await (const { time, author, object } of new AuditTrail(repository, 'main', { namespace: 'shop', limit: 50 })) …
 */
export class AuditTrail implements AsyncIterable<AuditRecord> {
  readonly #repository: TrailSource
  readonly #revision: string
  readonly #options: TrailOptions
  #unsaid = 0
  #commits = 0

  constructor(repository: TrailSource, revision: string, options: TrailOptions = {}) {
    this.#repository = repository
    this.#revision = revision
    this.#options = options
  }

  /** Commits left out since nothing in them says what they are of: a filter by namespace, kind or name cannot tell. */
  get unsaid(): number {
    return this.#unsaid
  }

  /** Commits that were looked at. */
  get commits(): number {
    return this.#commits
  }

  /** @throws GitError as reading does */
  async *[Symbol.asyncIterator](): AsyncGenerator<AuditRecord, void, undefined> {
    const { limit = Number.POSITIVE_INFINITY } = this.#options
    const operators = new Set((this.#options.operators ?? [OPERATOR.email]).map((email) => email.toLowerCase()))
    this.#unsaid = 0
    this.#commits = 0
    let shown = 0
    for await (const { commit, path, oldPath } of this.#follow()) {
      this.#commits++
      const records = recordsOf(commit, { operators, path, oldPath })
      const wanted = records.map((record) => ({ record, match: matches(record, this.#options) }))
      if (wanted.some(({ match }) => match === 'unsaid')) this.#unsaid++
      for (const { record, match } of wanted) {
        if (match !== 'yes') continue
        shown++
        yield record
      }
      if (shown >= limit) return
    }
  }

  /** Commits, with the name that the file has in each. */
  async *#follow(): AsyncGenerator<Followed, void, undefined> {
    const { since } = this.#options
    let place: Place | undefined = { revision: this.#revision, path: this.#options.path }
    while (place !== undefined) {
      const { revision, path }: Place = place
      place = undefined
      const history = this.#repository.history(revision, {
        ...(path === undefined ? {} : { path }),
        // Who commits later than changes were made does so afterwards.
        ...(since === undefined ? {} : { since }),
      })
      for await (const commit of history) {
        const origin: Origin | undefined = appears(commit) ? await this.#originOf(commit, path ?? '') : undefined
        const [parent] = commit.parents
        if (origin === undefined || parent === undefined) {
          yield { commit, path, oldPath: undefined }
          continue
        }
        place = { revision: parent, path: origin.path }
        const change = { before: origin.state, after: commit.change?.after ?? null }
        yield { commit: { ...commit, change }, path, oldPath: origin.path }
        break
      }
    }
  }

  async #originOf(commit: CommitInfo, path: string): Promise<Origin | undefined> {
    // Who follows nothing reads no files, and needs nothing that does.
    const { movedFrom } = await import('./moved-from.ts')
    return movedFrom(this.#repository, commit, path)
  }
}

/** Where a history begins, and what the file or folder is called there. */
interface Place {
  readonly revision: string
  readonly path: string | undefined
}

interface Followed {
  readonly commit: CommitInfo
  readonly path: string | undefined
  readonly oldPath: string | undefined
}

const TYPE = 0o170000
const FILE = 0o100000

const appears = ({ change }: CommitInfo): boolean =>
  change?.before === null && change.after !== null && (change.after.mode & TYPE) === FILE
