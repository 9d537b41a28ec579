import { GitError } from '../../../format/errors.ts'
import { parseState, printState } from '../manifest.ts'
import type { RepositoryState } from '../repository-store.ts'

/** A state as it is kept in a bucket. */
export interface StateFile {
  readonly state: RepositoryState
  /** The last writes, the newest last: whose answer was lost finds its own here, also after others wrote on. */
  readonly writes: readonly string[]
}

/** Writes that may come between one whose answer was lost and the look at what became of it. */
const REMEMBERED = 64

/** The file after one more write. */
export function written(state: RepositoryState, write: string, before: readonly string[] = []): StateFile {
  return { state, writes: [...before, write].slice(-REMEMBERED) }
}

/** A line of JSON with the writes, and the state. No two are alike: a value that was there once never comes back. */
export function printStateFile({ state, writes }: StateFile): string {
  return `${JSON.stringify({ writes })}\n${printState(state)}`
}

/** @throws GitError `Malformed` */
export function parseStateFile(text: string): StateFile {
  const end = text.indexOf('\n')
  return { writes: parseWrites(text.slice(0, end)), state: parseState(text.slice(end + 1)) }
}

function parseWrites(line: string): readonly string[] {
  try {
    const { writes } = JSON.parse(line) as { writes?: unknown }
    if (Array.isArray(writes) && writes.every((write) => typeof write === 'string')) return writes
  } catch {
    // Said below.
  }
  throw new GitError('Malformed', 'the state of a repository lacks its writes')
}
