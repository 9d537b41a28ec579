import { isGitError } from '@gitsync/protocol'
import type { Clock } from '../time/clock.ts'
import type { Connection } from './connection.ts'

/** Branches that one request asks for. */
const MAX_BRANCHES = 2_000

/** Who wants to know where a branch is. */
export interface TipListener {
  /** Short name. */
  readonly branch: string
  /** Called with what was found, null where there is no such branch, when somebody else has asked. */
  readonly seen: (tip: string | null) => void
}

/** What was asked of one repository last, and the answer by branch; null where there is none. */
interface Look {
  /** Milliseconds since the epoch. */
  readonly begunAt: number
  readonly found: Promise<ReadonlyMap<string, string | null>>
}

/**
 * Where the branches of repositories are. Whoever looks at one branch asks for every branch of the same repository, so that
 * a thousand GitSyncs with a branch each cost one request an interval.
 */
export class Tips {
  readonly #clock: Clock
  /** By connection. */
  readonly #listeners = new Map<string, Set<TipListener>>()
  readonly #last = new Map<string, Look>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns ends it */
  listen({ key }: Connection, listener: TipListener): () => void {
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size > 0) return
      this.#listeners.delete(key)
      this.#last.delete(key)
    }
  }

  /**
   * Where a branch is.
   * @param since milliseconds since the epoch: an answer to a request that began earlier does not count
   * @throws GitError as every request
   */
  async look(connection: Connection, branch: string, since: number): Promise<string | null> {
    const { key } = connection
    const last = this.#last.get(key)
    if (last !== undefined && last.begunAt >= since) {
      const tip = (await last.found.catch(() => undefined))?.get(branch)
      if (tip !== undefined) return tip
    }
    const others = [...(this.#listeners.get(key) ?? [])].filter((listener) => listener.branch !== branch)
    const asked = new Set([branch, ...others.map((listener) => listener.branch).slice(0, MAX_BRANCHES)])
    const look = { begunAt: this.#clock.now(), found: ask(connection, [...asked]) }
    this.#last.set(key, look)
    const found = await look.found
    for (const listener of others) {
      const tip = found.get(listener.branch)
      if (tip !== undefined) listener.seen(tip)
    }
    return found.get(branch) ?? null
  }
}

async function ask({ repository }: Connection, branches: readonly string[]): Promise<Map<string, string | null>> {
  const found = new Map<string, string | null>(branches.map((branch) => [branch, null]))
  try {
    for (const { name, oid } of await repository.refs({ prefix: branches.map((branch) => HEADS + branch) })) {
      if (name.startsWith(HEADS) && found.has(name.slice(HEADS.length))) found.set(name.slice(HEADS.length), oid)
    }
    return found
  } catch (error) {
    const [branch] = branches
    if (branch === undefined || branches.length === 1 || !isGitError(error, 'LimitExceeded')) throw error
    // Too many branches begin like one of these.
    return new Map([[branch, await repository.tip(branch)]])
  }
}

const HEADS = 'refs/heads/'
