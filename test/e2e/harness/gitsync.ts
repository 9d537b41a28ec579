import type { KubeObject, Ref } from './api.ts'

/** What tests say of a GitSync; everything else is the same for all, or the kind's own default. */
export interface GitSyncOptions {
  readonly name?: string
  readonly namespace: string
  readonly url: string
  /** Default main. */
  readonly branch?: string
  /** Default the GitSync's namespace and name. */
  readonly path?: string
  /** Default ConfigMaps whose name does not start with kube-. */
  readonly resources?: readonly object[]
  /** Default `git-credentials`; null for none. */
  readonly secret?: string | null
  readonly annotations?: Readonly<Record<string, string>>
  readonly commit?: object
  /** Further fields of the spec, at their own place. */
  readonly spec?: object
}

/** ConfigMaps of tests carry this label: an embedded namespace also has one with the cluster's certificate. */
export const WRITTEN = { 'e2e/written': 'true' }

export const CONFIG_MAPS = { kind: 'ConfigMap', labelSelector: { matchLabels: WRITTEN } }

export function gitsync(options: GitSyncOptions): KubeObject {
  const { name = 'sync', namespace, url, branch = 'main', secret = 'git-credentials' } = options
  return {
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'GitSync',
    metadata: { name, namespace, annotations: options.annotations ?? {} },
    spec: {
      repository: {
        url,
        branch,
        path: options.path ?? `${namespace}/${name}`,
        ...(secret === null ? {} : { secretRef: { name: secret } }),
      },
      serviceAccountName: 'auditor',
      resources: options.resources ?? [CONFIG_MAPS],
      commit: { window: '0s', maxLatency: '0s', ...options.commit },
      ...options.spec,
    },
  }
}

export const syncRef = (namespace: string, name = 'sync'): Ref => ({
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'GitSync',
  namespace,
  name,
})

export function configMap(
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>> = { key: name },
): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels: WRITTEN }, data }
}

export const configMapRef = (namespace: string, name: string): Ref => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace,
  name,
})

export interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly observedGeneration?: number
}

/** The condition, if it speaks of the spec as it is now. */
export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  const conditions: readonly Condition[] = object['status']?.conditions ?? []
  const found = conditions.find((condition) => condition.type === type)
  return found?.observedGeneration === object.metadata['generation'] ? found : undefined
}
