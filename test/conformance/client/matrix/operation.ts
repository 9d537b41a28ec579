import type { Files, Refs } from './seed.ts'
import type { Place, PlaceKind } from './world.ts'

/** How an operation that writes leaves the repository. */
export interface Left {
  /** All of them. */
  readonly refs: Refs
  /** All files of main; where it is not given, main's tree is not looked at. */
  readonly files?: Files
  /** The server said ok, did nothing, and was believed. */
  readonly deceived?: boolean
  /** What else must be true. */
  readonly check?: () => Promise<void>
}

/** An operation of the matrix, one row. */
export interface Operation {
  readonly name: string
  readonly on: PlaceKind
  /** Does it, and compares what comes back with what git says. */
  readonly run: (place: Place) => Promise<Left | void>
}
