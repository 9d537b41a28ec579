import type { PackLimits } from '../../format/pack-limits.ts'
import type { Packs } from '../packs.ts'
import type { KeptPack, RepositoryName, RepositoryState, RepositoryStore } from '../store/repository-store.ts'
import { mergePacks } from './merge-packs.ts'
import { packsToMerge } from './packs-to-merge.ts'

export interface MaintenanceOptions {
  /** Packs of a repository from which on the newest are merged. Default 10. */
  readonly maxPacks?: number
  /** Milliseconds for which merged packs are kept for those who read them, which is as long as an answer may take. Default an hour. */
  readonly keepRetiredMs?: number
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number
}

export interface MaintenanceParts {
  readonly store: RepositoryStore
  readonly packs: Packs
  readonly limits: PackLimits
  readonly onError: (error: unknown) => void
}

const MAX_PACKS = 10
const KEEP_RETIRED_MS = 60 * 60_000

/**
 * Keeps repositories quick to read while they are pushed to: the newest packs become one, and those that it stands for go once nobody reads
 * them. One repository at a time; where another process has done the same, its work counts, and this one's goes.
 */
export class Maintenance {
  readonly #parts: MaintenanceParts
  readonly #options: Required<MaintenanceOptions>
  readonly #waiting = new Set<RepositoryName>()
  readonly #timers = new Map<RepositoryName, NodeJS.Timeout>()
  #working: Promise<void> | undefined
  #isClosed = false

  constructor(
    parts: MaintenanceParts,
    { maxPacks = MAX_PACKS, keepRetiredMs = KEEP_RETIRED_MS, now = Date.now }: MaintenanceOptions,
  ) {
    this.#parts = parts
    this.#options = { maxPacks, keepRetiredMs, now }
  }

  /** There may be something to do for it. */
  kick(name: RepositoryName): void {
    if (this.#isClosed) return
    this.#waiting.add(name)
    this.#working ??= this.#work()
  }

  /** Until nothing is under way. */
  async idle(): Promise<void> {
    await this.#working
  }

  /** Ends what is under way, and begins nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#waiting.clear()
    for (const timer of this.#timers.values()) clearTimeout(timer)
    await this.#working
  }

  async #work(): Promise<void> {
    for (const name of this.#waiting) {
      this.#waiting.delete(name)
      try {
        await this.#maintain(name)
      } catch (error) {
        this.#parts.onError(error)
      }
    }
    this.#working = undefined
  }

  async #maintain(name: RepositoryName): Promise<void> {
    const { store, packs, limits } = this.#parts
    const { maxPacks } = this.#options
    const state = store.recall?.(name) ?? (await store.read(name))
    if (state === undefined) return
    await this.#removeRetired(name, state)
    const old = packsToMerge(state.packs, { maxPacks, maxObjects: limits.maxObjects })
    if (old.length === 0) return
    const objects = await packs.objectsOf({ ...state, packs: old })
    const merged = await mergePacks(store, state.id, objects, limits)
    const now = await store.change(name, (current) => this.#replace(current, state, old, merged))
    // Somebody else was faster.
    if (now?.packs.every(({ id }) => id !== merged.id) !== false) await store.remove(state.id, merged.id)
    else this.#lookAgain(name)
  }

  #replace(
    current: RepositoryState,
    { id }: RepositoryState,
    old: readonly KeptPack[],
    merged: KeptPack,
  ): RepositoryState | undefined {
    const gone = new Set(old.map((pack) => pack.id))
    const at = current.packs.findIndex((pack) => gone.has(pack.id))
    if (current.id !== id || current.packs.filter((pack) => gone.has(pack.id)).length < old.length) return undefined
    const retired = old.map((pack) => ({ id: pack.id, at: this.#options.now() }))
    return {
      ...current,
      packs: current.packs.toSpliced(at, old.length, merged),
      retired: [...current.retired, ...retired],
    }
  }

  async #removeRetired(name: RepositoryName, { id, retired }: RepositoryState): Promise<void> {
    const { now, keepRetiredMs } = this.#options
    const over = new Set(retired.filter(({ at }) => at + keepRetiredMs <= now()).map((pack) => pack.id))
    if (over.size > 0) {
      for (const pack of over) await this.#parts.store.remove(id, pack)
      await this.#parts.store.change(name, (state) =>
        state.id === id ? { ...state, retired: state.retired.filter((pack) => !over.has(pack.id)) } : undefined,
      )
    }
    if (retired.length > over.size) this.#lookAgain(name)
  }

  /** When what is retired now may go. */
  #lookAgain(name: RepositoryName): void {
    if (this.#isClosed || this.#timers.has(name)) return
    const look = (): void => {
      this.#timers.delete(name)
      this.kick(name)
    }
    this.#timers.set(name, setTimeout(look, this.#options.keepRetiredMs).unref())
  }
}
