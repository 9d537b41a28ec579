import type { ObjectId } from '../../format/object-id.ts'
import type { RepositoryState } from '../store/repository-store.ts'

/** A ref as it is listed. */
export interface ListedRef {
  readonly name: string
  /** Undefined: HEAD stands for a branch that is not there yet. */
  readonly oid: ObjectId | undefined
  readonly peeled?: ObjectId | undefined
  /** Of HEAD. */
  readonly symref?: string
}

/** All refs, HEAD first, the others by their names as bytes. */
export function listedRefs({ refs, head }: RepositoryState): ListedRef[] {
  const names = [...refs.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return [
    { name: 'HEAD', oid: refs.get(head)?.oid, symref: head },
    ...names.map((name) => ({ name, oid: refs.get(name)?.oid, peeled: refs.get(name)?.peeled })),
  ]
}
