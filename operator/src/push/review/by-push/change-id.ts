import { createHash } from 'node:crypto'
import { trailerOf } from './trailers.ts'

const hash = (text: string): string => `I${createHash('sha1').update(text).digest('hex')}`

/** The first of the changes that bring a head into a base. @param owner see `ownerOf` */
export const firstChangeId = (owner: string, base: string): string => hash(`gitsync change of ${owner} for ${base}`)

/**
 * The change after one that is over. Each follows from the one before, so that whoever knows none of them finds the same
 * ones again.
 */
export const nextChangeId = (id: string): string => hash(`gitsync change after ${id}`)

/** What a commit says of its change. */
export function changeIdOf(message: string): string | undefined {
  const id = trailerOf(message, 'Change-Id')
  return id !== undefined && /^I[0-9a-f]{40}$/.test(id) ? id : undefined
}
