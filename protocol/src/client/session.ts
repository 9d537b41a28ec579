import { SHA1 } from '../format/object-id.ts'
import type { ObjectFormat } from '../format/object-id.ts'
import type { Advertisement } from './wire/discovery.ts'
import type { Remote } from './remote.ts'

/**
 * What has been learned about one repository's server. Servers differ in what they allow; each request form is tried
 * from the cheapest to the plainest once, and the one that worked is remembered here.
 */
export interface Session {
  readonly remote: Remote
  /** SHA-1 until the server says otherwise. */
  format: ObjectFormat
  /** Absent until a reply was unexpected, or a capability is needed. */
  advertisement: Advertisement | undefined
  /** Index into the forms of `object-forms.ts` from which to try. */
  treeForm: number
  commitForm: number
  blobForm: number
  /** False once a server has refused a pack with deltas against objects it has. */
  thinPacks: boolean
  /** False once a commit with all trees down to a path was larger than `ONE_FETCH_BYTES` of `read-trees.ts`. */
  oneFetch: boolean
}

export function newSession(remote: Remote): Session {
  return {
    remote,
    format: SHA1,
    advertisement: undefined,
    treeForm: 0,
    commitForm: 0,
    blobForm: 0,
    thinPacks: true,
    oneFetch: true,
  }
}
