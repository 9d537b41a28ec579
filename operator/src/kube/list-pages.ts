import { KubeError, isKubeError } from './errors.ts'
import type { ObjectList } from './answer.ts'
import type { KubeClient } from './client.ts'
import type { Query } from './requester.ts'
import type { ApiResource } from './resource.ts'

export interface PagesOptions {
  /** Undefined lists in all namespaces. */
  readonly namespace: string | undefined
  readonly query?: Query
  /** Objects per page. Default 500. */
  readonly pageSize?: number
  /** Default `application/json`. */
  readonly accept?: string
  readonly signal?: AbortSignal
  /** Called before the first page, and again when the list has to start over. */
  readonly begin: () => void
  readonly page: (page: ObjectList) => void
}

/**
 * Lists everything as it is now: no resourceVersion is sent, because an older answer from a cache could bring back what is
 * gone since. Pages that outlive the server's history are read anew in one.
 * @returns the list's version
 * @throws KubeError
 */
export async function listPages(
  client: Pick<KubeClient, 'list'>,
  resource: ApiResource,
  { namespace, query, pageSize = 500, begin, page: each, ...options }: PagesOptions,
): Promise<string> {
  let limit: number | undefined = pageSize
  for (;;) {
    begin()
    let next: string | undefined
    let version: string | undefined
    try {
      do {
        const page = await client.list(resource, namespace, { ...query, limit, continue: next }, options)
        if (options.signal?.aborted === true) throw new KubeError('Aborted', `LIST ${resource.plural}: called off`)
        version ??= page.resourceVersion
        each(page)
        next = page.continue
      } while (next !== undefined)
      return version
    } catch (error) {
      if (next === undefined || !isKubeError(error, 'Gone')) throw error
      limit = undefined
    }
  }
}

/** Everything of a kind at once. @throws KubeError */
export async function listAll(
  client: Pick<KubeClient, 'list'>,
  resource: ApiResource,
  options: Pick<PagesOptions, 'namespace' | 'query'> & { readonly onPage?: (page: ObjectList) => void },
): Promise<ObjectList['items']> {
  const { onPage, ...where } = options
  const found: ObjectList['items'][number][] = []
  await listPages(client, resource, {
    ...where,
    begin: () => found.splice(0),
    page: (page) => {
      for (const object of page.items) found.push(object)
      onPage?.(page)
    },
  })
  return found
}
