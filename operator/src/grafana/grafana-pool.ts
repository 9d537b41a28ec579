import { createHash } from 'node:crypto'
import type { Auth } from '@gitsync/protocol'
import type { Dispatcher } from 'undici'
import type { ApiRequestRecord } from '../forge/api-client.ts'
import { repositoryAddress } from '../plan/repository-address.ts'
import { guardedDispatcher } from '../push/guarded-dispatcher.ts'
import type { GuardedDispatcherOptions } from '../push/guarded-dispatcher.ts'
import type { Clock } from '../time/clock.ts'
import type { Grafana } from './grafana.ts'
import { ListedTexts } from './listed-texts.ts'
import { openGrafana } from './open-grafana.ts'
import { openResources } from './open-resources.ts'
import type { ResourceSchema } from './resource-version.ts'

export interface GrafanaPoolOptions {
  readonly clock: Clock
  readonly userAgent: string
  /** Told of each request. */
  readonly onRequest?: ((host: string, record: ApiRequestRecord) => void) | undefined
}

export interface GrafanaLogin extends Pick<GuardedDispatcherOptions, 'policy' | 'ca' | 'clientCertificate'> {
  /** As people open it; was checked by `checkHost`. */
  readonly url: string
  readonly auth: Auth | undefined
  /** Dashboards as resources in this schema; undefined: by the classic API. */
  readonly schema: ResourceSchema | undefined
}

/** Connections that nobody has asked for in this time are closed, in milliseconds. */
const UNUSED_MS = 600_000

interface Opened {
  readonly dispatcher: Dispatcher
  readonly grafana: Grafana
  usedAt: number
}

/** Grafanas that are open: whoever asks again with the same login gets the same connections. */
export class GrafanaPool {
  readonly #options: GrafanaPoolOptions
  /** By all that was given, which it does not tell. */
  readonly #opened = new Map<string, Opened>()
  readonly #listed = new ListedTexts()

  constructor(options: GrafanaPoolOptions) {
    this.#options = options
  }

  open(login: GrafanaLogin): Grafana {
    const { clock, userAgent, onRequest } = this.#options
    const now = clock.now()
    this.#dropUnused(now)
    const key = createHash('sha256').update(JSON.stringify(login)).digest('hex')
    const known = this.#opened.get(key)
    if (known !== undefined) {
      known.usedAt = now
      return known.grafana
    }
    const { url, auth, schema, ...trust } = login
    const { host } = repositoryAddress(url)
    const dispatcher = guardedDispatcher(trust)
    const connection = {
      dispatcher,
      auth,
      userAgent,
      now: () => clock.now(),
      onRequest: onRequest && ((record: ApiRequestRecord) => onRequest(host, record)),
    }
    const grafana =
      schema === undefined
        ? openGrafana(url, connection)
        : openResources(url, connection, { schema, listed: this.#listed, scope: key })
    this.#opened.set(key, { dispatcher, grafana, usedAt: now })
    return grafana
  }

  /** Ends every connection at once. */
  async close(): Promise<void> {
    await Promise.all([...this.#opened.values()].map(({ dispatcher }) => dispatcher.destroy()))
    this.#opened.clear()
  }

  #dropUnused(now: number): void {
    for (const [key, { dispatcher, usedAt }] of this.#opened) {
      if (usedAt + UNUSED_MS > now) continue
      this.#opened.delete(key)
      void dispatcher.close()
    }
  }
}
