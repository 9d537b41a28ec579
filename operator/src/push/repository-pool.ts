import { createHash } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { openRepository, undiciTransport } from '@gitsync/protocol'
import type { Credentials, RequestRecord, Transport } from '@gitsync/protocol'
import { Agent } from 'undici'
import type { Connection } from './branch-writer.ts'
import { guardedLookup } from './host-guard.ts'
import type { HostPolicy } from './host-guard.ts'

export interface ConnectOptions {
  readonly url: string
  readonly auth: Credentials | undefined
  readonly policy: HostPolicy
  /** PEM of certificate authorities to trust. */
  readonly ca: string | undefined
}

export interface RepositoryPoolOptions {
  readonly userAgent: string
  /** Milliseconds of silence after which a request is given up. Default 30,000. */
  readonly timeoutMs?: number
  readonly onRequest?: (host: string, record: RequestRecord) => void
}

/** Opens repositories; connections to hosts are shared by all that trust and allow the same. */
export class RepositoryPool {
  readonly #options: RepositoryPoolOptions
  readonly #transports = new Map<string, { readonly agent: Agent; readonly transport: Transport }>()

  constructor(options: RepositoryPoolOptions) {
    this.#options = options
  }

  /** The connection that is open already when nothing has changed, so that what it has learned is kept. */
  connect(options: ConnectOptions, current: Connection | undefined): Connection {
    const key = fingerprint(options)
    if (current?.key === key) return current
    const { userAgent, onRequest } = this.#options
    const { host } = new URL(options.url)
    const repository = openRepository(options.url, {
      auth: options.auth,
      transport: this.#transport(options),
      userAgent,
      // Tries, and requests in all, are counted by whoever writes the branch. A redirect could lead past the host's policy.
      retry: false,
      limits: { maxRedirects: 0 },
      // A branch that many share has many folders beside one's own: requests by level cost less than their trees.
      oneFetchBytes: 96 << 10,
      ...(onRequest === undefined ? {} : { onRequest: (record) => onRequest(host, record) }),
    })
    return { key, repository }
  }

  /** Ends every connection at once: whoever wants an answer has waited for it before. */
  async close(): Promise<void> {
    await Promise.all([...this.#transports.values()].map(({ agent }) => agent.destroy()))
  }

  #transport({ policy, ca }: ConnectOptions): Transport {
    const key = JSON.stringify([policy.allowPrivateAddresses, ca])
    let entry = this.#transports.get(key)
    if (entry === undefined) {
      const { timeoutMs = 30_000 } = this.#options
      const agent = new Agent({
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        connections: 8,
        connect: {
          timeout: timeoutMs,
          lookup: guardedLookup(policy),
          ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
        },
      })
      entry = { agent, transport: undiciTransport({ dispatcher: agent }) }
      this.#transports.set(key, entry)
    }
    return entry.transport
  }
}

/** Tells connections apart without holding their secrets. */
function fingerprint({ url, auth, policy, ca }: ConnectOptions): string {
  return createHash('sha256')
    .update(JSON.stringify([url, auth, policy, ca]))
    .digest('hex')
}
