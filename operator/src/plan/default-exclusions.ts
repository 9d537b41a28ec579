import type { GroupKind, KubernetesObject } from '../objects/object.ts'

/** Objects that clusters and tools make by themselves; docs/selection.md lists them. */
interface DefaultExclusion extends GroupKind {
  /** As the documentation shows it. */
  readonly shown: string
  matches(object: KubernetesObject): boolean
}

const named =
  (name: string, namespace?: string): DefaultExclusion['matches'] =>
  ({ metadata }) =>
    metadata.name === name && (namespace === undefined || metadata.namespace === namespace)
const ofType =
  (type: string): DefaultExclusion['matches'] =>
  (object) =>
    object['type'] === type
const annotated =
  (key: string): DefaultExclusion['matches'] =>
  ({ metadata: { annotations = {} } }) =>
    Object.hasOwn(annotations, key)
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0)

const core = (kind: string, shown: string, matches: DefaultExclusion['matches']): DefaultExclusion => ({
  group: '',
  kind,
  shown,
  matches,
})

export const DEFAULT_EXCLUSIONS: readonly DefaultExclusion[] = [
  core('ConfigMap', '`kube-root-ca.crt`', named('kube-root-ca.crt')),
  core('ConfigMap', '`openshift-service-ca.crt`', named('openshift-service-ca.crt')),
  core('ConfigMap', '`istio-ca-root-cert`', named('istio-ca-root-cert')),
  core(
    'ConfigMap',
    '`extension-apiserver-authentication` of kube-system',
    named('extension-apiserver-authentication', 'kube-system'),
  ),
  core(
    'ConfigMap',
    '`kube-apiserver-legacy-service-account-token-tracking` of kube-system',
    named('kube-apiserver-legacy-service-account-token-tracking', 'kube-system'),
  ),
  core(
    'ConfigMap',
    'locks for electing a leader (annotation `control-plane.alpha.kubernetes.io/leader`)',
    annotated('control-plane.alpha.kubernetes.io/leader'),
  ),
  core(
    'ConfigMap',
    'releases of Helm (`sh.helm.release.v1.*` with the label `owner: helm`)',
    ({ metadata: { name, labels = {} } }) => name.startsWith('sh.helm.release.v1.') && labels['owner'] === 'helm',
  ),
  core('Secret', 'releases of Helm (type `helm.sh/release.v1`)', ofType('helm.sh/release.v1')),
  core(
    'Secret',
    'tokens of ServiceAccounts (type `kubernetes.io/service-account-token`)',
    ofType('kubernetes.io/service-account-token'),
  ),
  core(
    'Secret',
    'tokens with which nodes join (type `bootstrap.kubernetes.io/token`)',
    ofType('bootstrap.kubernetes.io/token'),
  ),
  core('Service', '`kubernetes` of default', named('kubernetes', 'default')),
  core(
    'ServiceAccount',
    '`default` as it was made: without labels, annotations, `imagePullSecrets` and `automountServiceAccountToken`',
    ({ metadata: { name, labels, annotations }, imagePullSecrets, automountServiceAccountToken }) =>
      name === 'default' &&
      [labels, annotations, imagePullSecrets].every(isEmpty) &&
      automountServiceAccountToken === undefined,
  ),
  {
    group: 'apiregistration.k8s.io',
    kind: 'APIService',
    shown: 'those that the API server keeps (label `kube-aggregator.kubernetes.io/automanaged`)',
    matches: ({ metadata: { labels = {} } }) => Object.hasOwn(labels, 'kube-aggregator.kubernetes.io/automanaged'),
  },
]

/**
 * Kinds that `kind: "*"` does not stand for: records of what runs, which change without a person's doing, and Secrets. Each
 * can be named. `*` stands for every kind of the group.
 */
export const NOT_BY_WILDCARD: readonly {
  readonly groups: readonly string[]
  readonly kinds: readonly string[]
}[] = [
  { groups: [''], kinds: ['Secret'] },
  { groups: [''], kinds: ['Event', 'Endpoints', 'Node', 'ComponentStatus'] },
  { groups: ['apps'], kinds: ['ControllerRevision'] },
  { groups: ['discovery.k8s.io'], kinds: ['EndpointSlice'] },
  { groups: ['events.k8s.io', 'coordination.k8s.io', 'internal.apiserver.k8s.io'], kinds: ['*'] },
  { groups: ['authentication.k8s.io', 'authorization.k8s.io'], kinds: ['*'] },
  { groups: ['metrics.k8s.io', 'custom.metrics.k8s.io', 'external.metrics.k8s.io'], kinds: ['*'] },
  { groups: ['certificates.k8s.io'], kinds: ['CertificateSigningRequest'] },
  { groups: ['networking.k8s.io'], kinds: ['IPAddress'] },
  { groups: ['resource.k8s.io'], kinds: ['ResourceSlice'] },
  { groups: ['storage.k8s.io'], kinds: ['CSINode', 'CSIStorageCapacity', 'VolumeAttachment'] },
  { groups: ['cert-manager.io'], kinds: ['CertificateRequest'] },
  { groups: ['acme.cert-manager.io'], kinds: ['Challenge', 'Order'] },
  { groups: ['cilium.io'], kinds: ['CiliumEndpoint', 'CiliumEndpointSlice', 'CiliumIdentity', 'CiliumNode'] },
  {
    groups: ['kyverno.io'],
    kinds: [
      'AdmissionReport',
      'BackgroundScanReport',
      'ClusterAdmissionReport',
      'ClusterBackgroundScanReport',
      'UpdateRequest',
    ],
  },
  { groups: ['reports.kyverno.io', 'wgpolicyk8s.io', 'openreports.io'], kinds: ['*'] },
  { groups: ['packages.operators.coreos.com'], kinds: ['PackageManifest'] },
]

/** Whether `kind: "*"` stands for a kind. */
export function isByWildcard({ group, kind }: GroupKind): boolean {
  return !NOT_BY_WILDCARD.some(
    ({ groups, kinds }) => groups.includes(group) && (kinds.includes('*') || kinds.includes(kind)),
  )
}
