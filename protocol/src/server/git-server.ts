import { randomUUID } from 'node:crypto'
import { SHA1 } from '../format/object-id.ts'
import type { ObjectFormat } from '../format/object-id.ts'
import { loopbackOnly } from './access/authorizer.ts'
import type { Authorizer } from './access/authorizer.ts'
import { Maintenance } from './maintenance/maintenance.ts'
import type { MaintenanceOptions } from './maintenance/maintenance.ts'
import type { ObjectStore } from './pack/object-store.ts'
import { Packs } from './packs.ts'
import type { ReceiveLimits } from './receive-pack/receive-pack.ts'
import type { RepositoryName, RepositoryState, RepositoryStore } from './store/repository-store.ts'

export interface GitServerOptions {
  readonly store: RepositoryStore
  /** Default: whoever is on this machine may do everything, and nobody else anything. */
  readonly authorizer?: Authorizer
  /** Of repositories that a push creates. Default SHA-1. */
  readonly format?: ObjectFormat
  /** Branch that HEAD of a new repository stands for, until another one is pushed alone. Default `main`. */
  readonly defaultBranch?: string
  /** What the server calls itself. Default `gitsync`. */
  readonly agent?: string
  /** Default: 2,000,000 objects of 128 MiB at most, blobs of 10 GiB, deltas 4,096 deep, 10,000 refs; of objects 64 MiB are held. */
  readonly limits?: Partial<ReceiveLimits>
  /** Bytes of one push, commands and pack. Default 4 GiB. */
  readonly maxPushBytes?: number
  /** How packs are kept few. Default: see {@link MaintenanceOptions}. */
  readonly maintenance?: MaintenanceOptions
  /** Told of what should not happen. Default: nobody. */
  readonly onError?: (error: unknown) => void
}

/** A client may leave at any moment: that is nothing to tell of. */
const isClientGone = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_STREAM_PREMATURE_CLOSE'

/** What one push may bring. */
const DEFAULT_LIMITS: ReceiveLimits = {
  maxObjects: 2_000_000,
  maxObjectBytes: 128 << 20,
  maxHeldBytes: 64 << 20,
  maxDeltaDepth: 4096,
  maxRefs: 10_000,
}

/** A repository, as it is for the length of one request. */
export interface Opened {
  readonly name: RepositoryName
  readonly state: RepositoryState
  /** It is not in the store yet. */
  readonly isUnborn: boolean
  /** So it was when it was last seen here. */
  readonly isRecalled: boolean
}

/** Serves the repositories of a store. */
export class GitServer {
  readonly store: RepositoryStore
  readonly authorizer: Authorizer
  readonly agent: string
  readonly limits: ReceiveLimits
  readonly maxPushBytes: number
  readonly onError: (error: unknown) => void
  readonly maintenance: Maintenance
  readonly #format: ObjectFormat
  readonly #defaultBranch: string
  readonly #packs: Packs

  constructor(options: GitServerOptions) {
    const {
      store,
      format = SHA1,
      defaultBranch = 'main',
      agent = 'gitsync',
      limits,
      onError = () => undefined,
    } = options
    this.store = store
    this.authorizer = options.authorizer ?? loopbackOnly
    this.agent = agent
    this.limits = { ...DEFAULT_LIMITS, ...limits }
    this.maxPushBytes = options.maxPushBytes ?? 4 * 2 ** 30
    this.onError = (error) => {
      if (!isClientGone(error)) onError(error)
    }
    this.#format = format
    this.#defaultBranch = defaultBranch
    this.#packs = new Packs(store, this.limits.maxObjectBytes)
    const parts = { store, packs: this.#packs, limits: this.limits, onError: this.onError }
    this.maintenance = new Maintenance(parts, options.maintenance ?? {})
  }

  /** Undefined where there is none. @throws GitError where what is kept of it cannot be read */
  async open(name: RepositoryName): Promise<Opened | undefined> {
    const state = await this.store.read(name)
    return state && { name, state, isUnborn: false, isRecalled: false }
  }

  /** The same without a look at the store, as far as it remembers. */
  recall(name: RepositoryName): Opened | undefined {
    const state = this.store.recall?.(name)
    return state && { name, state, isUnborn: false, isRecalled: true }
  }

  /** @throws Error where a pack is missing or damaged, which no client can do anything about */
  async objectsOf(state: RepositoryState): Promise<ObjectStore> {
    try {
      return await this.#packs.objectsOf(state)
    } catch (error) {
      throw new Error(`the packs of repository ${state.id} cannot be read`, { cause: error })
    }
  }

  /** A repository that is not there: the first push that is taken makes it. */
  unborn(name: RepositoryName): Opened {
    const head = `refs/heads/${this.#defaultBranch}`
    const state = { id: randomUUID(), format: this.#format, head, refs: new Map(), packs: [], retired: [] }
    return { name, state, isUnborn: true, isRecalled: false }
  }

  /** Ends what goes on in the background. Requests, and the store, are for whoever brought them. */
  async close(): Promise<void> {
    await this.maintenance.close()
  }
}
