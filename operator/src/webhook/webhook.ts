import type { Logger } from 'pino'
import type { KubeClient } from '../kube/client.ts'
import type { AuthorRecords } from '../plan/authors/records.ts'
import type { Clock } from '../time/clock.ts'
import { Keeper } from './keeper.ts'
import { serveWebhook } from './server.ts'

export interface WebhookOptions {
  /** `host:port` where the API server asks; port 0 takes a free one. */
  readonly address: string
  /** Name of the Secret with the certificate, in the namespace of the Lease. */
  readonly name: string
  /** Name of the webhook configurations. */
  readonly configuration: string
  /** Names and addresses under which the API server asks. */
  readonly hosts: readonly string[]
  /** Secret whose key `token` lets the sender of audit events in. Default: there are none. */
  readonly auditSecret?: string | undefined
}

export interface RunningWebhook {
  /** As bound. */
  readonly address: string
  stop(): Promise<void>
}

/** Serves the API server, in each replica: what it stamps needs no state, what it hears is kept for who writes to Git. */
export async function startWebhook(
  options: WebhookOptions,
  parts: {
    readonly client: KubeClient
    readonly clock: Clock
    readonly logger: Logger
    readonly namespace: string
    readonly records: AuthorRecords
  },
): Promise<RunningWebhook> {
  const { name, configuration, hosts, auditSecret } = options
  const server = await serveWebhook(options.address, parts)
  const keeper = new Keeper({
    ...parts,
    name,
    configuration,
    hosts,
    auditSecret,
    use: (keys) => server.use(keys),
  })
  keeper.start()
  return {
    address: server.address,
    async stop() {
      keeper.stop()
      await server.close()
    },
  }
}
