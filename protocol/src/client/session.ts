import { SHA1 } from '../format/object-id.ts'
import type { ObjectFormat } from '../format/object-id.ts'
import type { ObjectCache } from './cache/object-cache.ts'
import type { Advertisement } from './wire/discovery.ts'
import type { Remote } from './remote.ts'

/**
 * What has been learned about one repository's server. Servers differ in what they allow; each request form is tried
 * from the cheapest to the plainest once, and the one that worked is remembered here.
 */
export interface Session {
  readonly remote: Remote
  readonly cache: ObjectCache | undefined
  /** SHA-1 until the server says otherwise. */
  format: ObjectFormat
  /** What `git-upload-pack` offers. Absent until a reply was unexpected, or a capability is needed. */
  advertisement: Advertisement | undefined
  /** The look for it that is under way. */
  discovery: Promise<Advertisement> | undefined
  /** What `git-receive-pack` offers, or the look for it; absent until a capability is needed. */
  receivePack: Promise<Advertisement> | undefined
  /** A command of protocol version 2 has been answered: what is unexpected from now on is not the sign of an older server. */
  isCurrent: boolean
  /** Index into the forms of `object-forms.ts` from which to try. */
  treeForm: number
  commitForm: number
  blobForm: number
  /** The same for the forms of `read/fetch-history.ts`. */
  historyForm: number
  /** False once a server has refused a pack with deltas against objects it has. */
  thinPacks: boolean
  /** False once a commit with all trees down to a path was larger than `ONE_FETCH_BYTES` of `read-trees.ts`. */
  oneFetch: boolean
}

export function newSession(remote: Remote, cache?: ObjectCache): Session {
  return {
    remote,
    cache,
    format: SHA1,
    advertisement: undefined,
    discovery: undefined,
    receivePack: undefined,
    isCurrent: false,
    treeForm: 0,
    commitForm: 0,
    blobForm: 0,
    historyForm: 0,
    thinPacks: true,
    oneFetch: true,
  }
}
