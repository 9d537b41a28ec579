import { createHmac } from 'node:crypto'
import type { Logger } from 'pino'
import type { KubeClient } from '../kube/client.ts'
import { isKubeError } from '../kube/errors.ts'
import type { ApiResource } from '../kube/resource.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { secretValues } from '../objects/secret-values.ts'
import type { Clock } from '../time/clock.ts'
import { isForeign, isGood, makeServingCertificate } from './certificate.ts'
import { tellConfigurations } from './tell-configurations.ts'

/** What the webhook serves with, the same in every replica. */
export interface WebhookKeys {
  /** PEM. */
  readonly certificate: string
  /** PEM. */
  readonly key: string
  /** PEM of the authorities by which it can be trusted: of this certificate, and of the one before. */
  readonly authorities: string
  /** Part of the path to which deletions are told: only the API server is told it. */
  readonly token: string
  /** What other replicas have to show, who tell what they have heard: nobody else is told it. */
  readonly replicaToken: string
  /** What the sender of audit events has to show; undefined: nobody may send any. */
  readonly auditToken: string | undefined
}

export interface KeeperOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly logger: Logger
  readonly namespace: string
  /** Of the Secret. */
  readonly name: string
  /** Of the webhook configurations, which are told where to ask and whom to trust. */
  readonly configuration: string
  /** Names and addresses under which the API server asks. */
  readonly hosts: readonly string[]
  /** Secret with the key `token`. */
  readonly auditSecret: string | undefined
  /** Called with the keys to serve with, when they are others than before. */
  readonly use: (keys: WebhookKeys) => void
}

/** Milliseconds between looks at Secret and configurations: an upgrade of the chart may have reset them. */
const EVERY_MS = 60_000
/** Another replica was faster: its certificate is as good. */
const TRIES = 5

const SECRETS: ApiResource = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  verbs: [],
  hasStatus: false,
}

/**
 * Keeps the certificate of the webhook: made once, shared by all replicas through a Secret, renewed in time. One that
 * somebody else has put there is served, and never replaced.
 */
export class Keeper {
  readonly #options: KeeperOptions
  #used = ''
  #cancel: (() => void) | undefined
  #stopped = false

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** Looks now, and again every minute. */
  start(): void {
    const { clock, logger } = this.#options
    this.refresh()
      .catch((error: unknown) => logger.warn({ error: String(error) }, 'the webhook cannot be set up, trying again'))
      .finally(() => {
        if (!this.#stopped) this.#cancel = clock.after(EVERY_MS, () => this.start())
      })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  async refresh(): Promise<void> {
    const { client, configuration } = this.#options
    const keys = { ...(await this.#keep()), auditToken: await this.#auditToken() }
    // The API server trusts a new certificate before anybody serves with it.
    await tellConfigurations(client, configuration, keys)
    const shown = JSON.stringify(keys)
    if (shown === this.#used || this.#stopped) return
    this.#used = shown
    this.#options.use(keys)
  }

  async #find(name: string): Promise<KubernetesObject | undefined> {
    try {
      return await this.#options.client.get(SECRETS, this.#options.namespace, name)
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined
      throw error
    }
  }

  /** Stamps and deletions do not wait for it. */
  async #auditToken(): Promise<string | undefined> {
    const { auditSecret, namespace, logger } = this.#options
    if (auditSecret === undefined) return undefined
    const found = await this.#find(auditSecret)
    const token = found && secretValues(found).get('token')?.trim()
    if (token !== undefined && token !== '') return token
    logger.warn(
      { secret: `${namespace}/${auditSecret}` },
      'no audit events are taken: the Secret is not there, or has no key token (--audit-token-secret)',
    )
    return undefined
  }

  async #keep(): Promise<Omit<WebhookKeys, 'auditToken'>> {
    const { client, clock, namespace, name, hosts, logger } = this.#options
    for (let attempt = 1; ; attempt++) {
      const found = await this.#find(name)
      const values = found && secretValues(found)
      const valueOf = (key: string): string => values?.get(key) ?? ''
      const kept = { certificate: valueOf('tls.crt'), key: valueOf('tls.key'), authorities: valueOf('ca.crt') }
      const isComplete = kept.key !== '' && kept.authorities !== ''
      if (isComplete && (isForeign(kept.certificate) || isGood(kept.certificate, hosts, clock.now())))
        return withTokens(kept)
      const { ca, certificate, key } = await makeServingCertificate(hosts, clock.now())
      const before = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?/.exec(kept.authorities)?.[0] ?? ''
      const authorities = ca + before
      const next = { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authorities }
      const data = Object.fromEntries(
        Object.entries(next).map(([field, value]) => [field, Buffer.from(value).toString('base64')]),
      )
      try {
        if (found === undefined)
          await client.create(SECRETS, namespace, {
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { name, namespace },
            data,
          })
        else await client.replace(SECRETS, namespace, name, { ...found, data })
        logger.info({ secret: `${namespace}/${name}` }, 'the webhook has a new certificate')
        return withTokens({ certificate, key, authorities })
      } catch (error) {
        if (!isKubeError(error, 'AlreadyExists', 'Conflict') || attempt === TRIES) throw error
      }
    }
  }
}

type StoredKeys = Pick<WebhookKeys, 'certificate' | 'key' | 'authorities'>

const withTokens = (kept: StoredKeys): Omit<WebhookKeys, 'auditToken'> => ({
  ...kept,
  token: tokenOf(kept.key, 'deletions'),
  replicaToken: tokenOf(kept.key, 'replicas'),
})

/** What only those know who hold the key. */
const tokenOf = (key: string, use: string): string => createHmac('sha256', key).update(use).digest('hex').slice(0, 32)
