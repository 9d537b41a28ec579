import { randomUUID } from 'node:crypto'
import { SHA1 } from '../format/object-id.ts'
import type { ObjectFormat } from '../format/object-id.ts'
import { loopbackOnly } from './access/authorizer.ts'
import type { Authorizer } from './access/authorizer.ts'
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
  /** Told of what should not happen. Default: nobody. */
  readonly onError?: (error: unknown) => void
}

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
  readonly objects: ObjectStore
}

/** Serves the repositories of a store. */
export class GitServer {
  readonly store: RepositoryStore
  readonly authorizer: Authorizer
  readonly agent: string
  readonly limits: ReceiveLimits
  readonly maxPushBytes: number
  readonly onError: (error: unknown) => void
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
    this.onError = onError
    this.#format = format
    this.#defaultBranch = defaultBranch
    this.#packs = new Packs(store, this.limits.maxObjectBytes)
  }

  /** Undefined where there is none. */
  async open(name: RepositoryName): Promise<Opened | undefined> {
    const state = await this.store.read(name)
    return state && { name, state, objects: await this.#packs.objectsOf(state) }
  }

  /** As {@link GitServer.open}, for who pushes: a push makes what is not there. */
  async openOrCreate(name: RepositoryName): Promise<Opened | undefined> {
    const found = await this.open(name)
    if (found !== undefined) return found
    const state = this.newState()
    if (await this.store.create(name, state)) return { name, state, objects: await this.#packs.objectsOf(state) }
    return await this.open(name)
  }

  /** What a repository is before anything was pushed. */
  newState(): RepositoryState {
    const head = `refs/heads/${this.#defaultBranch}`
    return { id: randomUUID(), format: this.#format, head, refs: new Map(), packs: [] }
  }
}
