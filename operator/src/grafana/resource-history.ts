/** Dashboards as resources, over https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/resource-history/ */
import { DASHBOARD_GROUP } from '../dashboard/dashboard-resource.ts'
import { apiPath } from '../forge/api-client.ts'
import type { ApiClient } from '../forge/api-client.ts'
import { Fields } from '../forge/fields.ts'
import { ForgeError, ifFound, isForgeError } from '../forge/forge-error.ts'
import type { DashboardVersion } from './grafana.ts'
import { readListing, readResource } from './resource-version.ts'
import type { AskedResource, ResourceListing, ResourceSchema, ResourceVersion } from './resource-version.ts'
import { isSameVersion } from './source-trailer.ts'

/** Versions of the first page: one that is new, and the one before, which is known. Each has its whole content. */
const FIRST_PAGE = 2
const GROWTH = 5
const LARGEST_PAGE = 50
/** Pages that one list may have: of the largest dashboards one version fills a page. */
const MAX_PAGES = 10_000
/** Grafana's have some eighty characters. */
const MAX_TOKEN = 4_096

/** The dashboards of one organisation, in one schema. */
export class ResourceHistory {
  readonly #client: ApiClient
  readonly #url: string
  readonly #schema: ResourceSchema
  #namespace: Promise<string> | undefined

  constructor(client: ApiClient, { url, schema }: { readonly url: string; readonly schema: ResourceSchema }) {
    this.#client = client
    this.#url = url
    this.#schema = schema
  }

  /** The newest version, one request. @throws ForgeError `NotFound` only where there is no such dashboard */
  async newest(uid: string): Promise<ResourceListing> {
    for await (const version of this.#list(uid, 1, readListing)) return version
    throw new ForgeError('Malformed', `dashboard ${uid} has no version`)
  }

  /** Its versions, the newest first; each page is a request. @throws ForgeError */
  versions(uid: string): AsyncGenerator<ResourceVersion> {
    return this.#list(uid, FIRST_PAGE, readResource)
  }

  async *#list<T extends ResourceListing>(
    uid: string,
    firstPage: number,
    read: (item: unknown, asked: AskedResource) => T,
  ): AsyncGenerator<T> {
    let limit = firstPage
    let largest = LARGEST_PAGE
    let next: string | undefined = ''
    let last: T | undefined
    for (let asked = 0; next !== undefined; asked++) {
      if (asked === MAX_PAGES)
        throw new ForgeError('Malformed', `the versions of dashboard ${uid} do not end after ${MAX_PAGES} pages`)
      let answer: unknown
      try {
        answer = await this.#page(uid, limit, next)
      } catch (error) {
        if (!isForgeError(error, 'LimitExceeded') || limit === 1) throw error
        largest = limit = Math.ceil(limit / 4)
        continue
      }
      const list = new Fields(answer, 'history')
      for (const item of list.list('items')) {
        const version = read(item, { uid, schema: this.#schema })
        // What changed neither spec nor folder is listed once more under the same number.
        if (last !== undefined && version.version >= last.version) continue
        last = version
        yield version
      }
      next = nextOf(list)
      limit = Math.min(limit * GROWTH, largest)
    }
    if (last === undefined) await this.#whyEmpty(uid)
  }

  /** One version; undefined where there is none such any more. @throws ForgeError */
  async find(uid: string, wanted: DashboardVersion): Promise<ResourceVersion | undefined> {
    const { revision } = wanted
    if (revision !== undefined) {
      const found = await this.#atRevision(uid, revision)
      if (isSameVersion(found, wanted)) return found
    }
    for await (const version of this.versions(uid)) {
      if (isSameVersion(version, wanted)) return version
      if (version.version < wanted.version) return undefined
    }
    return undefined
  }

  /** As it is now; undefined where there is no such dashboard. @throws ForgeError */
  async now(uid: string): Promise<ResourceListing | undefined> {
    const found = await ifFound(this.#send([uid]))
    if (found !== undefined) return readListing(found, { uid, schema: this.#schema })
    // That there are none of these at all is answered like this, too.
    await this.#isServed()
    return undefined
  }

  async #page(uid: string, limit: number, next: string): Promise<unknown> {
    const query = {
      labelSelector: 'grafana.app/get-history=true',
      fieldSelector: `metadata.name=${uid}`,
      limit: String(limit),
      ...(next === '' ? {} : { continue: next }),
    }
    const answer = this.#send([], query)
    // Of a dashboard that is not there some releases have an empty list, others none.
    return next === '' ? ((await ifFound(answer)) ?? { items: [] }) : await answer
  }

  async #atRevision(uid: string, resourceVersion: string): Promise<ResourceVersion | undefined> {
    try {
      const found = await this.#send([uid], { resourceVersion })
      return readResource(found, { uid, schema: this.#schema })
    } catch (error) {
      // Whatever became of it, the list says.
      if (isForgeError(error, 'NotFound', 'Rejected', 'Malformed')) return undefined
      throw error
    }
  }

  /** @throws ForgeError `NotFound` where there is no such dashboard */
  async #whyEmpty(uid: string): Promise<void> {
    if ((await this.now(uid)) === undefined)
      throw new ForgeError('NotFound', `there is no dashboard ${uid} in ${await this.#namespaceNow()}`)
  }

  /** @throws ForgeError `InvalidInput` where Grafana has no such resources */
  async #isServed(): Promise<void> {
    if ((await ifFound(this.#send([], { limit: '1' }))) !== undefined) return
    throw new ForgeError(
      'InvalidInput',
      `spec.source.grafana.schema: ${this.#url} has no dashboards of ${DASHBOARD_GROUP}/${this.#schema} in namespace ${await this.#namespaceNow()}, which later releases of Grafana have; take Classic there`,
    )
  }

  async #send(name: readonly string[], query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const namespace = await this.#namespaceNow()
    const path = apiPath('apis', DASHBOARD_GROUP, this.#schema, 'namespaces', namespace, 'dashboards', ...name)
    return await this.#client.send({ method: 'GET', path, query })
  }

  async #namespaceNow(): Promise<string> {
    this.#namespace ??= this.#readNamespace()
    try {
      return await this.#namespace
    } catch (error) {
      this.#namespace = undefined
      throw error
    }
  }

  /** https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/apis/#namespace-namespace */
  async #readNamespace(): Promise<string> {
    const answer = await this.#client.send({ method: 'GET', path: apiPath('api', 'org') })
    const id = new Fields(answer, 'organisation').number('id')
    if (id < 1) throw new ForgeError('Malformed', 'organisation.id: a number was expected')
    return id === 1 ? 'default' : `org-${id}`
  }
}

function nextOf(list: Fields): string | undefined {
  const token = list.has('metadata') ? list.fields('metadata').text('continue') : ''
  if (token.length > MAX_TOKEN) throw new ForgeError('Malformed', 'history.metadata.continue: it is too long')
  return token === '' ? undefined : token
}
