import type { Logger } from 'pino'
import type { KubeClient } from '../kube/client.ts'
import { tellBoth } from '../plan/authors/records.ts'
import type { AuthorRecords } from '../plan/authors/records.ts'
import type { ExtraKeys } from '../plan/authors/user.ts'
import type { Holder } from '../replicas/holder.ts'
import { post } from '../replicas/post.ts'
import { RecordRelay } from '../replicas/record-relay.ts'
import { RECORDS_PATH, writeRecords } from '../replicas/records.ts'
import type { Clock } from '../time/clock.ts'
import { Keeper } from './keeper.ts'
import type { WebhookKeys } from './keeper.ts'
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
  /** Where users say more than their name. */
  readonly extra: ExtraKeys
}

export interface RunningWebhook {
  /** As bound. */
  readonly address: string
  stop(): Promise<void>
}

/**
 * Serves the API server, in each replica: what it stamps needs no state, and what it hears is kept, for when this replica
 * writes to Git, and told to the one that does.
 */
export async function startWebhook(
  options: WebhookOptions,
  parts: {
    readonly client: KubeClient
    readonly clock: Clock
    readonly logger: Logger
    readonly namespace: string
    readonly records: AuthorRecords
    readonly holder: Holder
    /** So many records have arrived at the holder, or have been given up. */
    readonly onRelayed: (result: 'sent' | 'lost', count: number) => void
  },
): Promise<RunningWebhook> {
  const { name, configuration, hosts, auditSecret, extra } = options
  const { clock, records, holder, logger } = parts
  let keys: WebhookKeys | undefined
  const relay = new RecordRelay({
    clock,
    isHolder: () => holder.isSelf(),
    onEnd: parts.onRelayed,
    async send(list) {
      const address = holder.addressOf('webhook')
      if (address === undefined || keys === undefined) throw new Error('the holder is not known')
      const { authorities, replicaToken } = keys
      await post(address, {
        path: RECORDS_PATH,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${replicaToken}` },
        body: writeRecords(list),
        tls: { authorities, name: hosts[0] ?? 'localhost' },
      })
    },
  })
  const server = await serveWebhook(options.address, {
    logger,
    extra,
    records: tellBoth(records, relay),
    relayed: () => (holder.isSelf() ? records : undefined),
  })
  const keeper = new Keeper({
    ...parts,
    name,
    configuration,
    hosts,
    auditSecret,
    use(next) {
      keys = next
      server.use(next)
    },
  })
  keeper.start()
  return {
    address: server.address,
    async stop() {
      keeper.stop()
      await server.close()
      await relay.stop()
    },
  }
}
