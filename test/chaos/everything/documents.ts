import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../../kit/apiserver/index.ts'
import { withoutServerFields } from '../oracle.ts'
import { idOf } from './selection.ts'
import type { Spec } from './specs.ts'

type Fields = Record<string, unknown>

/** What the documents of a file say, by the id of the object. Of text that holds no object nothing is said. */
export function documentsOf(text: string): ReadonlyMap<string, Fields> {
  const found = new Map<string, Fields>()
  for (const document of parseAllDocuments(text)) {
    const value: unknown = document.errors.length > 0 ? undefined : document.toJS()
    if (isObject(value)) found.set(idOf(value), value)
  }
  return found
}

export const isBroken = (text: string): boolean => parseAllDocuments(text).some(({ errors }) => errors.length > 0)

function isObject(value: unknown): value is KubeObject & Fields {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<KubeObject>
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string'
}

/** What a file is to say of an object, or says of it, as far as the GitSync has a word in it. */
export function meant(spec: Spec, given: Fields): Fields {
  const said = structuredClone(given)
  for (const pointer of spec.ignore) {
    const [first = '', last = ''] = pointer.slice(1).split('/')
    const parent = said[first] as Fields | undefined
    if (parent === undefined || !Object.hasOwn(parent, last)) continue
    delete parent[last]
  }
  // Whether an emptied map stands there is no difference that anybody means.
  if (spec.ignore.length > 0 && Object.keys((said['data'] as Fields | undefined) ?? {}).length === 0)
    delete said['data']
  return said
}

export function wanted(spec: Spec, object: KubeObject): Fields {
  const said = structuredClone(withoutServerFields(object)) as Fields
  if (object.kind === 'Service') {
    const service = (said['spec'] ?? {}) as Fields
    delete service['clusterIP']
    delete service['clusterIPs']
  }
  return meant(spec, said)
}
