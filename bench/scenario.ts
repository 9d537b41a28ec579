import type { TestRepository } from '../test/kit/remote/index.ts'
import type { EngineKit } from './clients/engine-kit.ts'
import type { GitKit } from './clients/git-kit.ts'
import type { IsomorphicKit } from './clients/isomorphic-kit.ts'
import type { Layout, SizeName } from './layout.ts'

/** What a client is to do; the same for every client. Its process reads it from a file. */
export interface Task {
  readonly url: string
  /** Empty folder that the client may fill. */
  readonly scratch: string
  readonly put: readonly { readonly path: string; readonly content: string }[]
  readonly remove: readonly string[]
  /** File or folder that is read. */
  readonly path: string
  /** Ids of commits: an older one, and the tip of `main`. */
  readonly base: string
  readonly head: string
  /** How many commits `base` is behind `head`. */
  readonly apart: number
  /** Commits to be listed, or pushes to be made. */
  readonly count: number
  /** Branch that is written. */
  readonly branch: string
}

/** What a client found out, to be compared with the truth; nothing where it wrote. */
export type Result = undefined | number | readonly string[]
export type Operation = () => Promise<Result>

/** Gets ready and gives the operation, which alone is measured. */
export type Implementation<Kit> = (kit: Kit) => Operation | Promise<Operation>

/** Implementations by client; go-git's are in its own program. */
export interface Implementations {
  readonly engine?: Implementation<EngineKit>
  /** The engine without being told how deep the paths are. */
  readonly 'engine-levels'?: Implementation<EngineKit>
  readonly 'git-partial'?: Implementation<GitKit>
  readonly 'git-shallow'?: Implementation<GitKit>
  readonly isomorphic?: Implementation<IsomorphicKit>
  readonly 'go-git'?: true
}

export type ClientName = keyof Implementations

export interface Scenario {
  readonly name: string
  readonly title: string
  /** What a reader must know to read the figures. */
  readonly note?: string
  /** Default: all. */
  readonly sizes?: readonly SizeName[]
  /** Measured on the larger sizes with clients that clone first as well, whose cost is the clone's on every line. */
  readonly core?: true
  /** Milliseconds until a run is given up; default 300,000. */
  readonly timeout?: number
  /** Measured on request only, by `BENCH_LARGE=1`: it takes minutes. */
  readonly large?: true
  /** What the repository needs beyond the sample; before the client starts. */
  readonly seed?: (store: TestRepository) => Promise<void>
  readonly task: (layout: Layout) => Partial<Task>
  readonly clients: Implementations
  /** Somebody else's work, after the client got ready. */
  readonly meanwhile?: (store: TestRepository, layout: Layout) => Promise<void>
  /** What the client must find out. Default: nothing, and the branch must hold what was to be written. */
  readonly truth?: (store: TestRepository, task: Task) => Promise<Result>
}
