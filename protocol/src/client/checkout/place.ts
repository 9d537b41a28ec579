import type { ObjectId } from '../../format/object-id.ts'
import { toRawName } from '../../format/tree.ts'
import type { ListedEntry } from '../snapshot.ts'

/** One file to write. */
export interface Place {
  readonly rawPath: string
  readonly mode: number
  readonly oid: ObjectId
}

export function placeOf({ path, rawPath = toRawName(path), mode, oid }: ListedEntry): Place {
  return { rawPath, mode, oid }
}
