/** Which parts of an object are sensitive. */
import { parseApiVersion, type KubernetesObject } from '../../objects/object.ts'
import { isRecord } from '../tree.ts'
import { follow, type Pointer } from './pointer.ts'

/** Of a Secret nothing else is shown; a field that a later Kubernetes adds is not either. */
const SHOWN_OF_SECRETS = new Set(['apiVersion', 'kind', 'metadata', 'type', 'immutable'])
/** Always named, so that a rule made of them is the same for all Secrets. */
const SECRET_FIELDS = ['data', 'stringData']

export function isSecret({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'Secret' && parseApiVersion(apiVersion).group === ''
}

/**
 * Pointers to all that is sensitive in the object. Annotations of a Secret are: controllers leave copies of the whole object
 * there, of which the removed `last-applied-configuration` is only the best known.
 */
export function sensitivePointers(object: KubernetesObject, marked: readonly Pointer[]): readonly Pointer[] {
  if (!isSecret(object)) return marked
  const fields = Object.keys(object).filter((key) => !SHOWN_OF_SECRETS.has(key))
  const own = new Set([...SECRET_FIELDS, ...fields])
  return [['metadata', 'annotations'], ...[...own].map((key) => [key]), ...marked]
}

/** Where a value is: keys of maps and indexes of lists. */
export type Position = readonly (string | number)[]

/** Every place that a pointer leads to; what is below such a place is not looked into. */
export function* places(
  value: unknown,
  pointers: readonly Pointer[],
  at: Position = [],
): Generator<{ readonly at: Position; readonly value: unknown }> {
  if (pointers.length === 0) return
  if (pointers.some((pointer) => pointer.length === 0)) {
    yield { at, value }
    return
  }
  for (const [part, inner] of partsOf(value)) yield* places(inner, follow(pointers, String(part)), [...at, part])
}

/** Keys or indexes of a value that has parts. */
function partsOf(value: unknown): readonly (readonly [string | number, unknown])[] {
  if (Array.isArray(value)) return [...value.entries()]
  return isRecord(value) ? Object.entries(value) : []
}
