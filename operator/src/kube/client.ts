import type { KubernetesObject } from '../objects/object.ts'
import { asList, asObject } from './answer.ts'
import type { ObjectList } from './answer.ts'
import type { KubeConnection } from './connection.ts'
import { createRequester } from './requester.ts'
import type { KubeRequest, Query, Requester, RequesterOptions, StreamOptions } from './requester.ts'
import { resourcePath, type ApiResource } from './resource.ts'

export interface ObjectOptions {
  readonly subresource?: string
  readonly query?: Query
  readonly signal?: AbortSignal | undefined
}

export interface DeleteOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  readonly signal?: AbortSignal | undefined
}

/** Such an answer holds kind, apiVersion and metadata alone. */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'

/** Every method throws {@link KubeError}. `namespace` is undefined for cluster-scoped kinds, and to list in all namespaces. */
export interface KubeClient extends Requester {
  get(
    resource: ApiResource,
    namespace: string | undefined,
    name: string,
    options?: ObjectOptions & Pick<StreamOptions, 'accept'>,
  ): Promise<KubernetesObject>
  /** One page; every item carries its apiVersion and kind. */
  list(
    resource: ApiResource,
    namespace?: string,
    query?: Query,
    options?: Pick<StreamOptions, 'accept' | 'signal'>,
  ): Promise<ObjectList>
  create(
    resource: ApiResource,
    namespace: string | undefined,
    object: object,
    options?: ObjectOptions,
  ): Promise<KubernetesObject>
  /** PUT; the object's resourceVersion, when it has one, must be the stored one. */
  replace(
    resource: ApiResource,
    namespace: string | undefined,
    name: string,
    object: object,
    options?: ObjectOptions,
  ): Promise<KubernetesObject>
  /** JSON merge patch, RFC 7396. */
  mergePatch(
    resource: ApiResource,
    namespace: string | undefined,
    name: string,
    patch: object,
    options?: ObjectOptions,
  ): Promise<KubernetesObject>
  delete(resource: ApiResource, namespace: string | undefined, name: string, options?: DeleteOptions): Promise<void>
}

/** The name under which fields are owned. */
const FIELD_MANAGER = 'gitsync-operator'

export function createKubeClient(connection: KubeConnection, options: RequesterOptions = {}): KubeClient {
  const requester = createRequester(connection, options)

  const write = async (
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: object,
    { query, signal }: ObjectOptions = {},
    contentType = 'application/json',
  ): Promise<KubernetesObject> =>
    asObject(
      await requester.request({
        method,
        path,
        body,
        contentType,
        signal,
        query: { fieldManager: FIELD_MANAGER, ...query },
      }),
      path,
    )

  return {
    ...requester,
    async get(resource, namespace, name, { subresource, query, signal, accept } = {}) {
      const path = resourcePath(resource, namespace, name, subresource)
      const request: KubeRequest = { method: 'GET', path, query, signal, ...(accept === undefined ? {} : { accept }) }
      return asObject(await requester.request(request), path)
    },
    async list(resource, namespace, query, { accept, signal } = {}) {
      const path = resourcePath(resource, namespace)
      const request: KubeRequest = { method: 'GET', path, query, signal, ...(accept === undefined ? {} : { accept }) }
      return asList(await requester.request(request), resource, path)
    },
    create: async (resource, namespace, object, o) =>
      write('POST', resourcePath(resource, namespace) + (o?.subresource ? `/${o.subresource}` : ''), object, o),
    replace: async (resource, namespace, name, object, o) =>
      write('PUT', resourcePath(resource, namespace, name, o?.subresource), object, o),
    mergePatch: async (resource, namespace, name, patch, o) =>
      write('PATCH', resourcePath(resource, namespace, name, o?.subresource), patch, o, 'application/merge-patch+json'),
    async delete(resource, namespace, name, { preconditions, propagationPolicy, signal } = {}) {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy }
      await requester.request({ method: 'DELETE', path: resourcePath(resource, namespace, name), body, signal })
    },
  }
}
