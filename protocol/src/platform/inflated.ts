import { GitError } from '../format/errors.ts'

/** One zlib stream, whole. */
export interface Inflated {
  readonly bytes: Buffer
  /** How much of the input the stream took: packs do not say. */
  readonly consumed: number
}

/** What one piece of input gave. */
export interface InflateStep {
  readonly output: readonly Buffer[]
  /** Bytes of the piece that belong to the stream; fewer than there are only once it has ended. */
  readonly consumed: number
  readonly ended: boolean
}

export function damaged(how: string): GitError {
  return new GitError('Malformed', `an object of the pack ${how}`)
}
