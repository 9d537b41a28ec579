import { GitError } from '../format/errors.ts'
import { formatOfId, SHA1 } from '../format/object-id.ts'
import type { ObjectFormat, ObjectId } from '../format/object-id.ts'
import type { ObjectCache } from './cache/object-cache.ts'
import type { Advertisement } from './wire/discovery.ts'
import type { Remote } from './remote/remote.ts'

export interface SessionOptions {
  readonly cache?: ObjectCache | undefined
  readonly oneFetchBytes: number
}

/**
 * What has been learned about one repository's server. Servers differ in what they allow; each request form is tried
 * from the cheapest to the plainest once, and the one that worked is remembered here.
 */
export interface Learned {
  /** Undefined until the server has shown it: written by {@link Session.learn}. */
  format: ObjectFormat | undefined
  /** What `git-upload-pack` offers. Absent until a reply was unexpected, or a capability is needed. */
  advertisement: Advertisement | undefined
  /** The look for it, once it has begun. */
  discovery: Promise<Advertisement> | undefined
  /** What `git-receive-pack` offers, or the look for it; absent until a capability is needed. */
  receivePack: Promise<Advertisement> | undefined
  /** A command of protocol version 2 has been answered: what is unexpected from now on is not the sign of an older server. */
  isCurrent: boolean
  /** Index into the forms of `object-forms.ts` from which to try. */
  treeForm: number
  commitForm: number
  blobForm: number
  /** The same for the forms of `history/fetch-history.ts`. */
  historyForm: number
  /** False once a server has refused a pack with deltas against objects it has. */
  thinPacks: boolean
  /** Bytes of a commit with all trees down to a path; 0 once one was larger, or the server refuses that form. */
  oneFetchBytes: number
}

/** One repository on a server, with what is known about that. */
export class Session {
  readonly remote: Remote
  readonly cache: ObjectCache | undefined
  readonly learned: Learned

  /** @param learned shared by all who talk to the same server; default: nothing yet */
  constructor(remote: Remote, { cache, oneFetchBytes }: SessionOptions, learned: Learned = nothingYet(oneFetchBytes)) {
    this.remote = remote
    this.cache = cache
    this.learned = learned
  }

  /** The same server under another signal: what either learns, both know. */
  with(signal: AbortSignal): Session {
    const { remote, cache, learned } = this
    return new Session(remote.with(signal), { cache, oneFetchBytes: learned.oneFetchBytes }, learned)
  }

  /** The repository's hash function: SHA-1 until the server says otherwise. */
  get format(): ObjectFormat {
    return this.learned.format ?? SHA1
  }

  /** The same; undefined until the server has shown it. */
  get learnedFormat(): ObjectFormat | undefined {
    return this.learned.format
  }

  /** Whether the server is known to speak nothing newer than version 1. */
  get isOld(): boolean {
    const { advertisement } = this.learned
    return advertisement !== undefined && advertisement.version < 2
  }

  /** Remembers what the server has shown. Only what it answers tells: an id that a caller gives may be wrong. */
  learn(format: ObjectFormat): void {
    this.learned.format = format
  }

  /**
   * The hash function that makes ids like this one, which a caller has given.
   * @throws GitError `InvalidInput` once the server is known to have another
   */
  formatOf(oid: ObjectId, field = 'revision'): ObjectFormat {
    const format = formatOfId(oid)
    const { learnedFormat } = this
    if (learnedFormat === undefined || learnedFormat === format) return format
    const { name, zero } = learnedFormat
    throw new GitError(
      'InvalidInput',
      `${field} must be an id of ${zero.length} digits, as ${this.remote.url} is a ${name} repository, not ${oid}`,
      { field, actual: oid, expected: zero.length },
    )
  }
}

function nothingYet(oneFetchBytes: number): Learned {
  return {
    format: undefined,
    advertisement: undefined,
    discovery: undefined,
    receivePack: undefined,
    isCurrent: false,
    treeForm: 0,
    commitForm: 0,
    blobForm: 0,
    historyForm: 0,
    thinPacks: true,
    oneFetchBytes,
  }
}
