import { deltaResultSize } from '../../format/delta.ts'
import type { StoredPack } from './stored-pack.ts'

/** Bytes of the object that begins there, without its deltas being applied. @throws GitError `Malformed`, `LimitExceeded` */
export async function sizeOf(pack: StoredPack, offset: number): Promise<number> {
  const entry = await pack.entries.entryAt(offset)
  return typeof entry.kind === 'string' ? entry.size : deltaResultSize(await pack.entries.dataOf(entry))
}
