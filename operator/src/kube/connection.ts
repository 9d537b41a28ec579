import { join } from 'node:path'
import { systemClock, type Clock } from '../time/clock.ts'
import type { CredentialSource } from './credential.ts'
import { pem, tokenFileCredentials, userCredentials } from './credentials.ts'
import { KubeError } from './errors.ts'
import { readText } from './file-content.ts'
import { readKubeconfig, type KubeconfigCluster } from './kubeconfig.ts'

/** Where the API server is and how to be somebody there. */
export interface KubeConnection {
  /** Base URL; may have a path, as behind a proxy. */
  readonly server: URL
  /** What says all this, for people: `context dev of kubeconfig /home/me/.kube/config`. */
  readonly origin: string
  readonly tls: {
    /** PEM; default: the certificates Node trusts. */
    readonly ca?: string
    readonly servername?: string
    /** Default true. */
    readonly rejectUnauthorized?: boolean
  }
  /** `http:`, `https:` or `socks5:` proxy to go through. */
  readonly proxyUrl?: string
  /** The context's namespace, in a Pod the Pod's; default `default`. */
  readonly namespace: string
  readonly credentials: CredentialSource
}

export interface LoadConnectionOptions {
  /** Path of a kubeconfig file. Default: `KUBECONFIG` of `env` (several paths with `:`), then in-cluster, then `fallback`. */
  readonly kubeconfig?: string | undefined
  /** Path tried last, as `~/.kube/config` for a command of a person; default none. */
  readonly fallback?: string | undefined
  /** Context of the kubeconfig; default its current one. */
  readonly context?: string | undefined
  /** The environment: `KUBECONFIG`, `KUBERNETES_SERVICE_HOST`, `KUBERNETES_SERVICE_PORT`; credential programs get all of it. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder of a Pod's token, certificate and namespace. Default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly serviceAccountRoot?: string
  readonly clock?: Clock
}

/** @throws KubeError `Configuration` */
export async function loadConnection(options: LoadConnectionOptions): Promise<KubeConnection> {
  const { env } = options
  const listed = env['KUBECONFIG']?.split(':').filter((path) => path !== '') ?? []
  const paths = options.kubeconfig === undefined ? listed : [options.kubeconfig]
  if (paths.length > 0) return fromKubeconfig(paths, options)
  if (env['KUBERNETES_SERVICE_HOST']) return fromPod(env['KUBERNETES_SERVICE_HOST'], options)
  if (options.fallback !== undefined) return fromKubeconfig([options.fallback], options)
  throw new KubeError('Configuration', 'no API server: give a kubeconfig, set KUBECONFIG, or run inside a cluster')
}

async function fromKubeconfig(paths: readonly string[], options: LoadConnectionOptions): Promise<KubeConnection> {
  const context = await readKubeconfig(paths, options.context)
  const { cluster, namespace = 'default' } = context
  return {
    server: serverUrl(cluster.server),
    origin: `context ${context.name} of kubeconfig ${paths.join(', ')}`,
    tls: await clusterTls(cluster),
    namespace,
    credentials: userCredentials(context, options.env, options.clock ?? systemClock),
    ...(cluster['proxy-url'] ? { proxyUrl: cluster['proxy-url'] } : {}),
  }
}

async function clusterTls(cluster: KubeconfigCluster): Promise<KubeConnection['tls']> {
  const path = cluster['certificate-authority']
  const ca =
    pem(cluster['certificate-authority-data'], 'certificate-authority-data') ??
    (path ? await readText(path, 'certificate-authority') : undefined)
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cluster['tls-server-name'] ? { servername: cluster['tls-server-name'] } : {}),
    ...(cluster['insecure-skip-tls-verify'] ? { rejectUnauthorized: false } : {}),
  }
}

async function fromPod(host: string, options: LoadConnectionOptions): Promise<KubeConnection> {
  const root = options.serviceAccountRoot ?? '/var/run/secrets/kubernetes.io/serviceaccount'
  const port = options.env['KUBERNETES_SERVICE_PORT'] ?? '443'
  return {
    server: serverUrl(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    origin: `the service account of this Pod in ${root}`,
    tls: { ca: await readText(join(root, 'ca.crt'), 'cluster certificate') },
    namespace: (await readText(join(root, 'namespace'), 'namespace')).trim(),
    credentials: tokenFileCredentials(join(root, 'token'), options.clock ?? systemClock),
  }
}

function serverUrl(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw new KubeError('Configuration', 'kubeconfig: cluster.server must be an http or https URL')
}
