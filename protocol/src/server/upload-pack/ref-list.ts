import type { ObjectId } from '../../format/object-id.ts'
import { toRawName } from '../../format/tree.ts'
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
  const named = [...refs].map(([name, ref]) => ({ name, raw: toRawName(name), ...ref }))
  named.sort((a, b) => (a.raw < b.raw ? -1 : 1))
  return [
    { name: 'HEAD', oid: refs.get(head)?.oid, symref: head },
    ...named.map(({ name, oid, peeled }) => ({ name, oid, peeled })),
  ]
}

/** Whether a name begins with one of these, however many they are; with none, any does. */
export function beginsWithOneOf(prefixes: readonly string[]): (name: string) => boolean {
  if (prefixes.length === 0) return () => true
  const known = new Set(prefixes)
  const lengths = [...new Set(prefixes.map(({ length }) => length))]
  return (name) => lengths.some((length) => length <= name.length && known.has(name.slice(0, length)))
}
