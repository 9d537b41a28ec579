import type { Session } from '../session.ts'
import type { ListedEntry } from '../snapshot.ts'
import { objectSizes } from '../wire/object-info.ts'

/** The same entries; files with their sizes, where the server tells. */
export async function withSizes(session: Session, entries: readonly ListedEntry[]): Promise<ListedEntry[]> {
  const files = entries.filter(({ type }) => type === 'blob')
  const sizes = await objectSizes(
    session,
    files.map(({ oid }) => oid),
  )
  return entries.map((entry) => {
    const size = entry.type === 'blob' ? sizes?.get(entry.oid) : undefined
    return size === undefined ? entry : { ...entry, size }
  })
}
