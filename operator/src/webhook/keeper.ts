import { createHmac } from 'node:crypto'
import type { Logger } from 'pino'
import type { KubeClient } from '../kube/client.ts'
import { isKubeError } from '../kube/errors.ts'
import type { ApiResource } from '../kube/resource.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { secretValues } from '../objects/secret-values.ts'
import type { Clock } from '../time/clock.ts'
import { isForeign, isGood, makeServingCertificate } from './certificate.ts'

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

const resource = (group: string, version: string, kind: string, plural: string): ApiResource => ({
  group,
  version,
  kind,
  plural,
  namespaced: group === '',
  verbs: [],
  hasStatus: false,
})
const SECRETS = resource('', 'v1', 'Secret', 'secrets')
const CONFIGURATIONS = ['Mutating', 'Validating'].map((sort) =>
  resource(
    'admissionregistration.k8s.io',
    'v1',
    `${sort}WebhookConfiguration`,
    `${sort.toLowerCase()}webhookconfigurations`,
  ),
)

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
    const { auditSecret } = this.#options
    const kept = await this.#keep()
    const auditToken =
      auditSecret === undefined
        ? undefined
        : secretValues(await this.#get(auditSecret))
            .get('token')
            ?.trim()
    const keys = { ...kept, auditToken: auditToken === '' ? undefined : auditToken }
    // The API server trusts a new certificate before anybody serves with it.
    for (const kind of CONFIGURATIONS) await this.#tell(kind, keys)
    const shown = JSON.stringify(keys)
    if (shown === this.#used || this.#stopped) return
    this.#used = shown
    this.#options.use(keys)
  }

  #get(name: string): Promise<KubernetesObject> {
    return this.#options.client.get(SECRETS, this.#options.namespace, name)
  }

  async #keep(): Promise<Omit<WebhookKeys, 'auditToken'>> {
    const { client, clock, namespace, name, hosts, logger } = this.#options
    for (let attempt = 1; ; attempt++) {
      const found = await this.#get(name).catch((error: unknown) => {
        if (isKubeError(error, 'NotFound')) return undefined
        throw error
      })
      const values = found && secretValues(found)
      const valueOf = (key: string): string => values?.get(key) ?? ''
      const [certificate, key, authorities] = [valueOf('tls.crt'), valueOf('tls.key'), valueOf('ca.crt')]
      const isComplete = key !== '' && authorities !== ''
      if (isComplete && (isForeign(certificate) || isGood(certificate, hosts, clock.now())))
        return { certificate, key, authorities, token: tokenOf(key) }
      const made = await makeServingCertificate(hosts, clock.now())
      const before = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?/.exec(authorities)?.[0] ?? ''
      const next = {
        'tls.crt': made.certificate,
        'tls.key': made.key,
        'ca.crt': made.ca + before,
      }
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
      } catch (error) {
        if (!isKubeError(error, 'Conflict') || attempt === TRIES) throw error
      }
    }
  }

  /** Writes authorities and path into a configuration, where they are not there yet. */
  async #tell(kind: ApiResource, { authorities, token }: Pick<WebhookKeys, 'authorities' | 'token'>): Promise<void> {
    const { client, configuration } = this.#options
    let found: KubernetesObject
    try {
      found = await client.get(kind, undefined, configuration)
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return
      throw error
    }
    const caBundle = Buffer.from(authorities).toString('base64')
    const path = kind === CONFIGURATIONS[0] ? STAMP_PATH : `${DELETED_PATH}${token}`
    const webhooks = (found['webhooks'] ?? []) as readonly Webhook[]
    const told = webhooks.map((webhook): Webhook => ({
      ...webhook,
      clientConfig: pointed(webhook.clientConfig, caBundle, path),
    }))
    if (JSON.stringify(told) === JSON.stringify(webhooks)) return
    await client.replace(kind, undefined, configuration, { ...found, webhooks: told })
  }
}

export const STAMP_PATH = '/stamp'
export const DELETED_PATH = '/deleted/'
export const AUDIT_PATH = '/audit'

interface ClientConfig {
  readonly caBundle?: string
  readonly url?: string
  readonly service?: { readonly path?: string }
}

interface Webhook {
  readonly clientConfig: ClientConfig
}

function pointed(config: ClientConfig, caBundle: string, path: string): ClientConfig {
  const { url, service } = config
  return {
    ...config,
    caBundle,
    ...(url === undefined ? {} : { url: new URL(path, url).href }),
    ...(service === undefined ? {} : { service: { ...service, path } }),
  }
}

/** What only those know who hold the key. */
const tokenOf = (key: string): string => createHmac('sha256', key).update('deletions').digest('hex').slice(0, 32)
