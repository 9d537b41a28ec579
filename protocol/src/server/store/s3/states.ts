import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { GitError } from '../../../format/errors.ts'
import type { RepositoryName, RepositoryState } from '../repository-store.ts'
import { Turns } from '../turns.ts'
import type { Bucket, Condition } from './bucket.ts'
import { parseStateFile, printStateFile, written } from './state-file.ts'
import type { StateFile } from './state-file.ts'

/** Characters of states that are remembered. */
const REMEMBERED = 64 << 20
/** Tries to write one state, the first included. */
const ATTEMPTS = 20
/** Milliseconds of the longest pause after the first try; doubles with each further one. */
const BASE_MS = 40
const MAX_MS = 1_000

export interface Waiting {
  /** A number from 0 up to 1. */
  readonly random: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/** What is asked of the bucket. */
type Values = Pick<Bucket, 'get' | 'put'>

/** For which a state is recalled, in milliseconds: packs that it names are kept much longer. */
const RECALL_MS = 10 * 60_000

/** A state, and the ETag under which it was read or written. */
interface Seen extends StateFile {
  readonly etag: string
  /** When it was known to be the newest, by the process's own clock in milliseconds. */
  readonly at: number
}

type Change = (state: RepositoryState) => RepositoryState | undefined

/**
 * The states of repositories, a key for each, replaced only where they are what they were. A write whose answer was lost may have
 * been made, and others may have written since: the state names its last writes, so that it can be told.
 */
export class States {
  readonly #bucket: Values
  readonly #waiting: Waiting
  readonly #seen = new LRUCache<RepositoryName, Seen>({
    maxSize: REMEMBERED,
    sizeCalculation: ({ state }) => 1_000 + 150 * (state.refs.size + state.packs.length),
  })
  /** Writers of one process need not race each other. */
  readonly #turns = new Turns()

  constructor(bucket: Values, waiting: Waiting) {
    this.#bucket = bucket
    this.#waiting = waiting
  }

  /** As it was when it was last read or written here, unless that is long ago. */
  recall(name: RepositoryName): RepositoryState | undefined {
    const seen = this.#seen.get(name)
    return seen !== undefined && performance.now() - seen.at < RECALL_MS ? seen.state : undefined
  }

  async read(name: RepositoryName): Promise<RepositoryState | undefined> {
    return (await this.#look(name))?.state
  }

  create(name: RepositoryName, state: RepositoryState): Promise<boolean> {
    return this.#turns.take(name, async () => {
      const write = randomUUID()
      const made = await this.#write(name, written(state, write), { isNew: true })
      return made !== 'lost' || (await this.#look(name))?.writes.includes(write) === true
    })
  }

  change(name: RepositoryName, change: Change): Promise<RepositoryState | undefined> {
    return this.#turns.take(name, () => this.#change(name, change))
  }

  /**
   * Begins with what is remembered: where that is old, the write is refused, and where nothing would be written it is read to be sure.
   */
  async #change(name: RepositoryName, change: Change): Promise<RepositoryState | undefined> {
    const remembered = this.#seen.get(name)
    let before = remembered ?? (await this.#look(name))
    let isFresh = remembered === undefined
    for (let attempt = 1; attempt <= ATTEMPTS;) {
      const next = before && change(before.state)
      if (before === undefined || next === undefined) {
        if (isFresh) return before?.state
        before = await this.#look(name)
        isFresh = true
        continue
      }
      const write = randomUUID()
      const made = await this.#write(name, written(next, write, before.writes), before)
      if (made !== 'lost') return next
      before = await this.#look(name)
      isFresh = true
      if (before?.writes.includes(write) === true) return before.state
      await this.#pause(attempt++)
    }
    throw new GitError('StaleRef', `so many change ${name} at once that this change lost ${ATTEMPTS} times: try again`)
  }

  /** `lost`: somebody else has written, or nobody knows whether this was written: the state says. */
  async #write(name: RepositoryName, file: StateFile, condition: Condition): Promise<Seen | 'lost'> {
    const text = printStateFile(file)
    for (let attempt = 1; ; attempt++) {
      try {
        const etag = await this.#bucket.put(
          keyOf(name),
          text,
          'etag' in condition ? { etag: condition.etag } : condition,
        )
        if (etag === undefined) return 'lost'
        const seen = { ...file, etag, at: performance.now() }
        this.#seen.set(name, seen)
        return seen
      } catch (error) {
        // It may yet arrive. Only the same bytes may be sent again while what they replace is still there.
        if (!(await this.#isAsBefore(name, condition, error))) return 'lost'
        if (attempt >= 2) throw error
      }
      await this.#pause(attempt)
    }
  }

  async #isAsBefore(name: RepositoryName, condition: Condition, error: unknown): Promise<boolean> {
    const now = await this.#look(name).catch(() => {
      throw new Error(`nobody knows whether the change of ${name} was made: the bucket does not answer`, {
        cause: error,
      })
    })
    return now?.etag === ('etag' in condition ? condition.etag : undefined)
  }

  async #look(name: RepositoryName): Promise<Seen | undefined> {
    const known = this.#seen.get(name)
    const at = performance.now()
    const got = await this.#bucket.get(keyOf(name), known?.etag)
    if (got === 'same' && known !== undefined) {
      this.#seen.set(name, { ...known, at })
      return known
    }
    if (got === undefined || got === 'same') {
      this.#seen.delete(name)
      return undefined
    }
    const seen = { ...parseStateFile(got.text), etag: got.etag, at }
    this.#seen.set(name, seen)
    return seen
  }

  async #pause(attempt: number): Promise<void> {
    await this.#waiting.sleep(this.#waiting.random() * Math.min(MAX_MS, BASE_MS * 2 ** (attempt - 1)))
  }
}

const keyOf = (name: RepositoryName): string => `names/${name}.json`
