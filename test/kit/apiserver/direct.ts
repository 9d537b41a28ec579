import type { Cluster } from './cluster.ts'
import { convert } from './convert.ts'
import { ApiError } from './errors.ts'
import { copyOf, fieldsOf, textOf, type Fields } from './json.ts'
import type { Resource } from './kinds.ts'
import type { DeleteOptions, WriteOptions } from './objects.ts'
import type { KubeObject } from './object.ts'
import { mergePatch } from './patch.ts'

/** Which object. */
export interface ObjectRef {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

/** Reads and writes without HTTP, past authentication, RBAC and fault switches. Objects handed out are copies. */
export interface DirectAccess {
  /** Undefined when there is none. */
  get(ref: ObjectRef): KubeObject | undefined
  list(kind: { readonly apiVersion: string; readonly kind: string; readonly namespace?: string }): KubeObject[]
  /** Throws ApiError as a POST would answer. */
  create(object: object, options?: WriteOptions): KubeObject
  update(object: object, options?: WriteOptions): KubeObject
  updateStatus(object: object, options?: WriteOptions): KubeObject
  /** JSON merge patch. */
  patch(ref: ObjectRef, patch: object, options?: WriteOptions): KubeObject
  delete(ref: ObjectRef, options?: DeleteOptions): void
}

export function directAccess({ registry, objects, store }: Cluster): DirectAccess {
  const served = (apiVersion: string, kind: string): Resource => {
    const resource = registry.findKind(apiVersion, kind)
    if (resource === undefined)
      throw new ApiError(404, 'NotFound', `no matches for kind "${kind}" in version "${apiVersion}"`)
    return resource
  }
  const resourceOf = (object: Fields): Resource => served(textOf(object['apiVersion']), textOf(object['kind']))
  const metadataOf = (object: Fields): { name: string; namespace: string } => {
    const { name, namespace } = fieldsOf(object['metadata'])
    return { name: textOf(name), namespace: textOf(namespace) || 'default' }
  }
  const put = (given: object, options: WriteOptions): KubeObject => {
    const object = copyOf(given) as Fields
    const resource = resourceOf(object)
    const { name, namespace } = metadataOf(object)
    return copyOf(objects.update(resource, namespace, name, () => object, options).object)
  }
  return {
    get({ apiVersion, kind, name, namespace = 'default' }) {
      const resource = served(apiVersion, kind)
      const stored = store.get(resource.storage, resource.namespaced ? `${namespace}/${name}` : name)
      return stored === undefined ? undefined : copyOf(convert(stored.object, resource))
    },
    list({ apiVersion, kind, namespace }) {
      const resource = served(apiVersion, kind)
      const all = store.all(resource.storage).map(({ object }) => copyOf(convert(object, resource)))
      return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace)
    },
    create(given, options = {}) {
      const object = copyOf(given) as Fields
      return copyOf(objects.create(resourceOf(object), metadataOf(object).namespace, object, options).object)
    },
    update: (object, options = {}) => put(object, options),
    updateStatus: (object, options = {}) => put(object, { ...options, subresource: 'status' }),
    patch({ apiVersion, kind, name, namespace = 'default' }, patch, options = {}) {
      const resource = served(apiVersion, kind)
      const change = (current: KubeObject): unknown => mergePatch(current, copyOf(patch))
      return copyOf(objects.update(resource, namespace, name, change, options).object)
    },
    delete({ apiVersion, kind, name, namespace = 'default' }, options = {}) {
      objects.delete(served(apiVersion, kind), namespace, name, options)
    },
  }
}
