import { apiPath } from '../forge/api-client.ts'
import type { ApiClient } from '../forge/api-client.ts'
import { Fields } from '../forge/fields.ts'
import { isForgeError } from '../forge/forge-error.ts'
import { MAX_NAME } from './taken.ts'

/** Of all that a Grafana has. */
const MAX_LOGINS = 10_000
/** A person may be renamed, in milliseconds. */
const FRESH_MS = 3_600_000
/** What Grafana calls whom it does not know any more. */
const NOBODY = 'Anonymous'
/** Other identities are no accounts: what was provisioned, or saved without a login. */
const HAS_LOGIN = /^(?:user|service-account):./

interface Known {
  readonly login: string
  readonly at: number
}

/** It would be answered the same again: 500 is what a release says that cannot make a version of it. */
const isFinal = (error: unknown): boolean =>
  isForgeError(error, 'Forbidden', 'NotFound', 'Rejected', 'LimitExceeded', 'Malformed') ||
  (isForgeError(error, 'ServerError') && error.status === 500)

/** Logins of those who saved versions: resources have identities, the classic list of versions has logins. */
export class Logins {
  readonly #client: ApiClient
  readonly #now: () => number
  readonly #known = new Map<string, Known>()

  /** @param now milliseconds since the epoch */
  constructor(client: ApiClient, now: () => number) {
    this.#client = client
    this.#now = now
  }

  /**
   * @param saved a version of the identity. @returns the identity itself where Grafana does not give its login, or not to this one
   * @throws ForgeError where that may be otherwise later
   */
  async of(uid: string, saved: { readonly identity: string; readonly version: number }): Promise<string> {
    const { identity } = saved
    if (identity === '') return NOBODY
    if (!HAS_LOGIN.test(identity)) return identity
    const known = this.#known.get(identity)
    if (known !== undefined && known.at + FRESH_MS > this.#now()) return known.login
    const found = await this.#read(uid, saved.version)
    const login = found === undefined || found === '' || found === NOBODY ? identity : found
    this.#known.delete(identity)
    this.#known.set(identity, { login, at: this.#now() })
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_LOGINS) break
      this.#known.delete(oldest)
    }
    return login
  }

  async #read(uid: string, version: number): Promise<string | undefined> {
    try {
      const path = apiPath('api', 'dashboards', 'uid', uid, 'versions', version)
      const fields = new Fields(await this.#client.send({ method: 'GET', path }), 'version')
      return fields.number('version') === version ? fields.text('createdBy').slice(0, MAX_NAME) : undefined
    } catch (error) {
      if (isFinal(error)) return undefined
      throw error
    }
  }
}
