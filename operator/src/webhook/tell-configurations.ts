import type { KubeClient } from '../kube/client.ts'
import { isKubeError } from '../kube/errors.ts'
import type { ApiResource } from '../kube/resource.ts'
import { DELETED_PATH, STAMP_PATH } from './paths.ts'

const TRIES = 5

const configuration = (sort: 'Mutating' | 'Validating'): ApiResource => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: `${sort}WebhookConfiguration`,
  plural: `${sort.toLowerCase()}webhookconfigurations`,
  namespaced: false,
  verbs: [],
  hasStatus: false,
})

interface ClientConfig {
  readonly caBundle?: string
  readonly url?: string
  readonly service?: { readonly path?: string }
}

interface Target {
  readonly caBundle: string
  readonly path: string
}

interface Webhook {
  readonly clientConfig: ClientConfig
}

/**
 * Tells the API server where to ask for stamps and where to tell of deletions, and whom to trust: in those of the webhook
 * configurations of this name that there are, where it is not told yet.
 * @param authorities PEM
 * @param token part of the path for deletions
 */
export async function tellConfigurations(
  client: KubeClient,
  name: string,
  { authorities, token }: { readonly authorities: string; readonly token: string },
): Promise<void> {
  const caBundle = Buffer.from(authorities).toString('base64')
  await tell(client, configuration('Mutating'), name, { caBundle, path: STAMP_PATH })
  await tell(client, configuration('Validating'), name, { caBundle, path: `${DELETED_PATH}${token}` })
}

async function tell(client: KubeClient, kind: ApiResource, name: string, to: Target): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const found = await client.get(kind, undefined, name)
      const webhooks = (found['webhooks'] ?? []) as readonly Webhook[]
      const told = webhooks.map((webhook) => ({ ...webhook, clientConfig: pointed(webhook.clientConfig, to) }))
      if (JSON.stringify(told) !== JSON.stringify(webhooks))
        await client.replace(kind, undefined, name, { ...found, webhooks: told })
      return
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return
      // Another replica was faster, and has told the same.
      if (!isKubeError(error, 'Conflict') || attempt === TRIES) throw error
    }
  }
}

function pointed(config: ClientConfig, { caBundle, path }: Target): ClientConfig {
  const { url, service } = config
  return {
    ...config,
    caBundle,
    ...(url === undefined ? {} : { url: new URL(path, url).href }),
    ...(service === undefined ? {} : { service: { ...service, path } }),
  }
}
