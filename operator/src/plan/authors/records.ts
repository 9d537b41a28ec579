import type { ObjectMeta } from '../../objects/object.ts'
import type { AuthorSource } from './source.ts'
import type { User } from './user.ts'

/** Told by admission before it happens, or by audit afterwards. */
export type RecordSource = Extract<AuthorSource, 'Stamp' | 'Audit'>

/** Takes what admission and audit tell. */
export interface RecordSink {
  /** An audit event has named the writer of this version. */
  wrote(uid: string, version: string, user: User): void
  /**
   * Somebody has asked to delete an object. Whether that is granted is not known yet: the last one who asks counts.
   * @param isTerminating the object waits for its finalizers already, so that asking again changes nothing
   */
  deleted(uid: string, user: User, told: RecordSource, isTerminating?: boolean): void
}

export function tellBoth(one: RecordSink, other: RecordSink): RecordSink {
  return {
    wrote(...record) {
      one.wrote(...record)
      other.wrote(...record)
    },
    deleted(...record) {
      one.deleted(...record)
      other.deleted(...record)
    },
  }
}

interface Deletion {
  readonly user: User
  readonly told: RecordSource
}

/** Writes and deletions remembered, each; some hundred bytes for one. */
const MAX_RECORDS = 10_000

/**
 * Who wrote which version of an object, and who deleted it. Bounded: the oldest are forgotten, and what they were for is
 * attributed by the next source. Nothing here survives a restart.
 */
export class AuthorRecords implements RecordSink {
  readonly #max: number
  readonly #writers = new Map<string, User>()
  readonly #deleters = new Map<string, Deletion>()
  readonly #listeners = new Set<() => void>()
  #isTelling = false

  /** @param max writes and deletions remembered, each. Default 10,000 */
  constructor(max = MAX_RECORDS) {
    this.#max = max
  }

  /** The first counts: whoever comes later was answered with a version that was there, and has changed nothing. */
  wrote(uid: string, version: string, user: User): void {
    if (this.#writers.has(`${uid}@${version}`)) return
    remember(this.#writers, `${uid}@${version}`, user, this.#max)
    this.#tell()
  }

  deleted(uid: string, user: User, told: RecordSource, isTerminating = false): void {
    if (isTerminating && this.#deleters.has(uid)) return
    remember(this.#deleters, uid, { user, told }, this.#max)
    this.#tell()
  }

  /** Calls back after records, once for those that come together. @returns a function that ends that */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    queueMicrotask(() => {
      this.#isTelling = false
      for (const listener of this.#listeners) listener()
    })
  }

  writer({ uid, resourceVersion }: Pick<ObjectMeta, 'uid' | 'resourceVersion'>): User | undefined {
    if (uid === undefined || resourceVersion === undefined) return undefined
    return this.#writers.get(`${uid}@${resourceVersion}`)
  }

  deleter({ uid }: Pick<ObjectMeta, 'uid'>, sources: ReadonlySet<AuthorSource>): User | undefined {
    const deletion = uid === undefined ? undefined : this.#deleters.get(uid)
    return deletion !== undefined && sources.has(deletion.told) ? deletion.user : undefined
  }
}

function remember<V>(map: Map<string, V>, key: string, value: V, max: number): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= max) break
    map.delete(oldest)
  }
}
