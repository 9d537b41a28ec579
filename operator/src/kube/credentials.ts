import type { RequestOptions } from 'node:https'
import type { Clock } from '../time/clock.ts'
import type { CredentialSource } from './credential.ts'
import { KubeError } from './errors.ts'
import { execCredential } from './exec-credential.ts'
import { fileContent, type FileContent } from './file-content.ts'
import type { KubeconfigContext, KubeconfigUser } from './kubeconfig.ts'

/** The credentials of a kubeconfig user, in kubectl's order: exec, auth-provider, token file, token, name and password. */
export function userCredentials(
  context: KubeconfigContext,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): CredentialSource {
  const { user, cluster } = context
  const impersonation = impersonate(user)
  const source = user.exec
    ? execCredential(user.exec, cluster, env, clock)
    : user['auth-provider']
      ? authProvider(context)
      : fileCredentials(user, clock)
  return {
    async get() {
      const credential = await source.get()
      return { ...credential, headers: { ...credential.headers, ...impersonation } }
    },
    invalidate: () => source.invalidate(),
  }
}

/** The token that Kubernetes mounts into a Pod, read again as the kubelet renews it. */
export function tokenFileCredentials(path: string, clock: Clock): CredentialSource {
  return fileCredentials({ tokenFile: path }, clock)
}

function fileCredentials(user: KubeconfigUser, clock: Clock): CredentialSource {
  const file = (path: string | null | undefined, field: string) => (path ? fileContent(path, field, clock) : undefined)
  const token = file(user.tokenFile, 'tokenFile')
  const cert =
    pem(user['client-certificate-data'], 'client-certificate-data') ??
    file(user['client-certificate'], 'client-certificate')
  const key = pem(user['client-key-data'], 'client-key-data') ?? file(user['client-key'], 'client-key')
  const files = [token, cert, key].filter((f) => typeof f === 'object')
  const basic = user.username
    ? `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`
    : undefined
  return {
    async get() {
      const bearer = token === undefined ? user.token : (await token.read()).trim()
      const authorization = bearer ? `Bearer ${bearer}` : basic
      return {
        headers: authorization === undefined ? {} : { authorization },
        ...(cert !== undefined && key !== undefined ? { cert: await text(cert), key: await text(key) } : {}),
      }
    },
    invalidate() {
      for (const each of files) each.forget()
      return files.length > 0
    },
  }
}

async function text(content: string | FileContent): Promise<string> {
  return typeof content === 'string' ? content : content.read()
}

/** @throws KubeError `Configuration` when the base64 does not hold PEM */
export function pem(base64: string | null | undefined, field: string): string | undefined {
  if (!base64) return undefined
  const decoded = Buffer.from(base64, 'base64').toString('utf8')
  if (decoded.includes('-----BEGIN ')) return decoded
  throw new KubeError('Configuration', `kubeconfig: ${field} is not base64 of a PEM text`)
}

function impersonate(user: KubeconfigUser): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {}
  if (user.as) headers['impersonate-user'] = user.as
  if (user['as-uid']) headers['impersonate-uid'] = user['as-uid']
  if (user['as-groups']?.length) headers['impersonate-group'] = user['as-groups']
  return headers
}

/** The auth-provider plugins (OIDC with refresh and its like) come from the official client, loaded only for who uses one. */
function authProvider({ user }: KubeconfigContext): CredentialSource {
  let config: Promise<{ applyToHTTPSOptions(options: RequestOptions): Promise<void> }> | undefined
  return {
    async get() {
      config ??= import('@kubernetes/client-node').then(({ KubeConfig }) => {
        const loaded = new KubeConfig()
        const cluster = { name: 'cluster', server: 'https://localhost', skipTLSVerify: false }
        loaded.loadFromClusterAndUser(cluster, { name: 'user', authProvider: user['auth-provider'] })
        return loaded
      })
      const options: RequestOptions = { headers: {} }
      try {
        await (await config).applyToHTTPSOptions(options)
      } catch {
        throw new KubeError(
          'Unauthorized',
          `kubeconfig: auth-provider ${user['auth-provider']?.name} gave no credential`,
        )
      }
      const headers = options.headers as Readonly<Record<string, string>>
      return {
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      }
    },
    invalidate: () => false,
  }
}
