import { createHash } from 'node:crypto'
import type { Person } from './person.ts'

/** The commit that last changed a file. */
export interface LastChange {
  readonly commit: string
  readonly author: Person
  readonly committer: Person
  /** When it was committed, milliseconds since the epoch. */
  readonly time: number
}

/** A file that somebody else has changed, or removed, and that is not as its object wants it. */
export interface ForeignEdit {
  /** Below the GitSync's folder. */
  readonly path: string
  /** Content id of the file in Git; null where it was removed. */
  readonly oid: string | null
  readonly change: LastChange
}

/** Foreign edits that were found, and what was done about them. */
export interface Drift {
  readonly outcome: 'Overwritten' | 'Adopted' | 'Stalled'
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly files: number
  /** One of the commits that made them; absent where nobody asked. */
  readonly commit?: string
}

/** Paths that a message names. */
const SHOWN = 3

/**
 * Stands for just these edits: the answer that lets them be written over says nothing of the next ones. The same after a
 * restart.
 */
export function overwriteToken(edits: readonly ForeignEdit[]): string {
  const lines = edits.map(({ path, oid, change }) => `${path}\0${oid ?? ''}\0${change.commit}`)
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 12)
}

/** Which files were changed, by whom, and in which commit, for a person. */
export function describeEdits(edits: readonly ForeignEdit[]): string {
  const shown = edits.slice(0, SHOWN).map(({ path, oid, change: { commit, author } }) => {
    const what = oid === null ? 'removed' : 'changed'
    return `${path} was ${what} by ${author.name} in ${commit.slice(0, 12)}`
  })
  const more = edits.length > SHOWN ? `, and ${edits.length - SHOWN} more files` : ''
  return `${shown.join('; ')}${more}`
}
