export type ComponentName =
  | 'kube-apiserver'
  | 'kubectl'
  | 'kubelet'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'pause'
  | 'containerd'
  | 'dockerd'
  | 'etcd'
  | 'etcd34'
  | 'gitea'
  | 'gerrit'
  | 'grafana'
  | 'grafana-client'
  | 'grafana-schema'
  | 'chromium'
  | 'sshd'
  | 'redis'
  | 'helm'
  | 'helm3'
  | 'monitoring-crds'
  | 'github-openapi'
  | 'gitlab-client'
  | 'registry'
  | 'prometheus'
  | 'promtool'
  | 'actionlint'
  | 'krew'
  | 'validate-krew-manifest'
  | 'sops'
  | 'age-keygen'
  | 'versitygw'
  | 'minio'
  | 's3s-fs'

export interface Component {
  /** Name of the executable: in the recipe's folder, in $KUBEBUILDER_ASSETS, on PATH. */
  readonly file: string
  /** Recipe beside this file, without `.sh`; one recipe may make several components. */
  readonly recipe: string
  /** Environment variable that names an executable to use as it is. */
  readonly variable: string
  /** Whether $KUBEBUILDER_ASSETS holds it. */
  readonly asset: boolean
  /** Arguments that make it print its version. */
  readonly versionArgs: readonly string[]
  /** Finds the version in what is printed: major, minor, patch. */
  readonly versionPattern: RegExp
  /** Whether one found on PATH will do. */
  readonly fits: (version: Version) => boolean
  /** Only what takes long needs it. Default false. */
  readonly isForLong?: boolean
}

export interface Version {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

const KUBE_MINOR = 34

const prometheus = (file: string, variable: string): Component => ({
  file,
  recipe: 'prometheus',
  variable,
  asset: false,
  versionArgs: ['--version'],
  versionPattern: /version (\d+)\.(\d+)\.(\d+)/,
  // The first that takes durations for numbers, as the alerts have them.
  fits: ({ major, minor }) => major > 2 || (major === 2 && minor >= 54),
})

/** A part of a node: its minor version has to be the API server's, whatever the machine has on PATH. */
const nodePart = (name: string): Component => ({
  file: name,
  recipe: 'kube-node',
  variable: `GITSYNC_${name.toUpperCase().replaceAll('-', '_')}`,
  asset: false,
  versionArgs: ['--version'],
  versionPattern: /Kubernetes v(\d+)\.(\d+)\.(\d+)/,
  fits: ({ major, minor }) => major === 1 && minor === KUBE_MINOR,
})

/** In the order in which a new machine installs them: what fails soonest first, what most tests can do without last. */
export const COMPONENTS: Readonly<Record<ComponentName, Component>> = {
  etcd: {
    file: 'etcd',
    recipe: 'etcd',
    variable: 'GITSYNC_ETCD',
    asset: true,
    versionArgs: ['--version'],
    versionPattern: /etcd Version: (\d+)\.(\d+)\.(\d+)/,
    // The first that answers the API server's streaming lists.
    fits: ({ major, minor, patch }) => major === 3 && (minor > 5 || (minor === 5 && patch >= 13)),
  },
  etcd34: {
    file: 'etcd',
    recipe: 'etcd34',
    variable: 'GITSYNC_ETCD34',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /etcd Version: (\d+)\.(\d+)\.(\d+)/,
    fits: ({ major, minor, patch }) => major === 3 && minor === 4 && patch < 31,
  },
  chromium: {
    file: 'chromium',
    recipe: 'chromium',
    variable: 'GITSYNC_CHROMIUM',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /Chrom\w+ (\d+)\.(\d+)\.(\d+)/,
    // The first with all that the edge bundle uses of the language.
    fits: ({ major }) => major >= 122,
  },
  sshd: {
    file: 'sshd',
    recipe: 'sshd',
    variable: 'GITSYNC_SSHD',
    asset: false,
    versionArgs: ['-V'],
    versionPattern: /OpenSSH_(\d+)\.(\d+)(?:p(\d+))?/,
    fits: ({ major }) => major >= 9,
  },
  redis: {
    file: 'redis-server',
    recipe: 'redis',
    variable: 'GITSYNC_REDIS',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /v=(\d+)\.(\d+)\.(\d+)/,
    fits: ({ major }) => major >= 6,
  },
  registry: {
    file: 'registry',
    recipe: 'registry',
    variable: 'GITSYNC_REGISTRY',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /(\d+)\.(\d+)\.(\d+)/,
    fits: ({ major }) => major >= 2,
  },
  'monitoring-crds': {
    file: 'monitoring-crds',
    recipe: 'monitoring-crds',
    variable: 'GITSYNC_MONITORING_CRDS',
    asset: false,
    versionArgs: [],
    versionPattern: /operator\.prometheus\.io\/version: (\d+)\.(\d+)\.(\d+)/,
    fits: ({ major, minor }) => major === 0 && minor >= 85,
  },
  'github-openapi': {
    file: 'github-openapi',
    recipe: 'github-openapi',
    variable: 'GITSYNC_GITHUB_OPENAPI',
    asset: false,
    versionArgs: [],
    versionPattern: /"version": "(\d+)\.(\d+)\.(\d+)"/,
    fits: ({ major }) => major >= 23,
  },
  'gitlab-client': {
    file: 'gitlab-client',
    recipe: 'gitlab-client',
    variable: 'GITSYNC_GITLAB_CLIENT',
    asset: false,
    versionArgs: [],
    versionPattern: /never (\d+)(\d+)(\d+)/,
    // One on PATH would be another program.
    fits: () => false,
  },
  'grafana-client': {
    file: 'grafana-client',
    recipe: 'grafana-client',
    variable: 'GITSYNC_GRAFANA_CLIENT',
    asset: false,
    versionArgs: [],
    versionPattern: /never (\d+)(\d+)(\d+)/,
    // One on PATH would be another program.
    fits: () => false,
    isForLong: true,
  },
  'grafana-schema': {
    file: 'grafana-schema',
    recipe: 'grafana-schema',
    variable: 'GITSYNC_GRAFANA_SCHEMA',
    asset: false,
    versionArgs: [],
    versionPattern: /never (\d+)(\d+)(\d+)/,
    // One on PATH would be another program.
    fits: () => false,
    isForLong: true,
  },
  actionlint: {
    file: 'actionlint',
    recipe: 'actionlint',
    variable: 'GITSYNC_ACTIONLINT',
    asset: false,
    versionArgs: ['-version'],
    versionPattern: /(\d+)\.(\d+)\.(\d+)/,
    fits: ({ major, minor }) => major === 1 && minor >= 7,
  },
  krew: {
    file: 'krew',
    recipe: 'krew',
    variable: 'GITSYNC_KREW',
    asset: false,
    versionArgs: ['version'],
    versionPattern: /GitTag +v(\d+)\.(\d+)\.(\d+)/,
    fits: ({ major, minor }) => major === 0 && minor >= 4,
  },
  'validate-krew-manifest': {
    file: 'validate-krew-manifest',
    recipe: 'krew',
    variable: 'GITSYNC_VALIDATE_KREW_MANIFEST',
    asset: false,
    versionArgs: [],
    versionPattern: /never (\d+)(\d+)(\d+)/,
    // It does not say its version.
    fits: () => false,
  },
  'age-keygen': {
    file: 'age-keygen',
    recipe: 'age',
    variable: 'GITSYNC_AGE_KEYGEN',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /v(\d+)\.(\d+)\.(\d+)/,
    fits: ({ major }) => major >= 1,
  },
  sops: {
    file: 'sops',
    recipe: 'sops',
    variable: 'GITSYNC_SOPS',
    asset: false,
    versionArgs: ['--version', '--disable-version-check'],
    versionPattern: /sops (\d+)\.(\d+)\.(\d+)/,
    fits: ({ major, minor }) => major === 3 && minor >= 9,
  },
  helm3: {
    file: 'helm3',
    recipe: 'helm3',
    variable: 'GITSYNC_HELM3',
    asset: false,
    versionArgs: ['version', '--template={{.Version}}'],
    versionPattern: /v(\d+)\.(\d+)\.(\d+)/,
    fits: ({ major, minor }) => major === 3 && minor >= 14,
  },
  helm: {
    file: 'helm',
    recipe: 'helm',
    variable: 'GITSYNC_HELM',
    asset: false,
    versionArgs: ['version', '--template={{.Version}}'],
    versionPattern: /v(\d+)\.(\d+)\.(\d+)/,
    fits: ({ major }) => major === 4,
  },
  'kube-apiserver': {
    file: 'kube-apiserver',
    recipe: 'kube',
    variable: 'GITSYNC_KUBE_APISERVER',
    asset: true,
    versionArgs: ['--version'],
    versionPattern: /Kubernetes v(\d+)\.(\d+)\.(\d+)/,
    // The first whose mutating admission policies are beta.
    fits: ({ major, minor }) => major === 1 && minor >= KUBE_MINOR,
  },
  kubectl: {
    file: 'kubectl',
    recipe: 'kube',
    variable: 'GITSYNC_KUBECTL',
    asset: true,
    versionArgs: ['version', '--client', '--output=json'],
    versionPattern: /"gitVersion": *"v(\d+)\.(\d+)\.(\d+)/,
    // Kubernetes supports one minor version of difference.
    fits: ({ major, minor }) => major === 1 && Math.abs(minor - KUBE_MINOR) <= 1,
  },
  kubelet: nodePart('kubelet'),
  'kube-controller-manager': nodePart('kube-controller-manager'),
  'kube-scheduler': nodePart('kube-scheduler'),
  'kube-proxy': nodePart('kube-proxy'),
  pause: {
    ...nodePart('pause'),
    // Only the recipe's is known to be a static program.
    fits: () => false,
  },
  containerd: {
    file: 'usr/bin/containerd',
    recipe: 'containerd',
    variable: 'GITSYNC_CONTAINERD',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /containerd \S+ v?(\d+)\.(\d+)\.(\d+)/,
    // One on PATH says nothing of runc, the CNI plugins and iptables, which belong to it.
    fits: () => false,
  },
  dockerd: {
    file: 'usr/sbin/dockerd',
    recipe: 'docker',
    variable: 'GITSYNC_DOCKERD',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /Docker version (\d+)\.(\d+)\.(\d+)/,
    // As with containerd: what belongs to it has to come along.
    fits: () => false,
  },
  versitygw: {
    file: 'versitygw',
    recipe: 'versitygw',
    variable: 'GITSYNC_VERSITYGW',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /v(\d+)\.(\d+)\.(\d+)/,
    fits: ({ major, minor }) => major === 1 && minor >= 8,
  },
  minio: {
    file: 'minio',
    recipe: 'minio',
    variable: 'GITSYNC_MINIO',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /RELEASE\.(\d+)-(\d+)-(\d+)/,
    // The first years whose conditional writes are right.
    fits: ({ major }) => major >= 2025,
    isForLong: true,
  },
  's3s-fs': {
    file: 's3s-fs',
    recipe: 's3s-fs',
    variable: 'GITSYNC_S3S_FS',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /(\d+)\.(\d+)\.(\d+)/,
    // Wanted for what this version does wrong.
    fits: ({ major, minor }) => major === 0 && minor === 14,
    isForLong: true,
  },
  gitea: {
    file: 'gitea',
    recipe: 'gitea',
    variable: 'GITSYNC_GITEA',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /version (\d+)\.(\d+)\.(\d+)/,
    fits: ({ major, minor }) => major === 1 && minor >= 26,
  },
  gerrit: {
    file: 'gerrit',
    recipe: 'gerrit',
    variable: 'GITSYNC_GERRIT',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /gerrit version (\d+)\.(\d+)\.(\d+)/,
    // One on PATH would be another program.
    fits: () => false,
  },
  grafana: {
    file: 'grafana',
    recipe: 'grafana',
    variable: 'GITSYNC_GRAFANA',
    asset: false,
    versionArgs: ['--version'],
    versionPattern: /version (\d+)\.(\d+)\.(\d+)/,
    // One on PATH has its settings and pages elsewhere.
    fits: () => false,
    isForLong: true,
  },
  prometheus: prometheus('prometheus', 'GITSYNC_PROMETHEUS'),
  promtool: prometheus('promtool', 'GITSYNC_PROMTOOL'),
}
