/**
 * What the operator asks of the API server: the one list. The chart's roles are made from it, and a test runs the operator
 * with each entry taken away.
 */

/**
 * Where a permission is needed. `watched`: in every namespace that the operator reads: a ClusterRole, or with `--namespace` a
 * Role in each. `cluster`: outside namespaces, so that no Role can grant it. `system`: in kube-system. `own`: in the
 * namespace of the operator's Lease.
 */
export type PermissionScope = 'watched' | 'cluster' | 'system' | 'own'

/** How somebody learns that a permission is missing. */
export type Sign =
  /** Ready of the GitSyncs concerned is False with this reason. */
  | { readonly seen: 'condition'; readonly reason: 'Forbidden' | 'EncryptionFailed' }
  /** `/readyz` answers 503 with a text that begins so. */
  | { readonly seen: 'readyz'; readonly text: string }
  /** The operator logs this, tries again and works on. */
  | { readonly seen: 'log'; readonly text: string }
  /** The process ends when it starts, not with 0, and logs this. */
  | { readonly seen: 'exit'; readonly text: string }
  /** Nothing stops: what it was for comes later. */
  | { readonly seen: 'delay'; readonly text: string }

export interface Permission {
  /** One word or two, unique. */
  readonly name: string
  readonly scope: PermissionScope
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  /** Default: all. */
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
  /** What it is for, one clause. */
  readonly why: string
  readonly without: Sign
  /** Needed only where this is not `--roles-only`. */
  readonly isLeftOutByRolesOnly?: true
}

const RBAC = 'rbac.authorization.k8s.io'
const FORBIDDEN: Sign = { seen: 'condition', reason: 'Forbidden' }

export const PERMISSIONS: readonly Permission[] = [
  {
    name: 'cluster id',
    scope: 'system',
    apiGroups: [''],
    resources: ['namespaces'],
    resourceNames: ['kube-system'],
    verbs: ['get'],
    why: 'its uid is the name of the cluster in the .gitsync file that claims a folder',
    without: { seen: 'exit', text: 'the namespace kube-system cannot be read' },
  },
  {
    name: 'lease',
    scope: 'own',
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'create', 'update'],
    why: 'one operator at a time writes to Git',
    without: { seen: 'exit', text: "Give the operator's account a Role" },
  },
  {
    name: 'GitProviders',
    scope: 'cluster',
    apiGroups: ['gitsync.dev'],
    resources: ['gitproviders'],
    verbs: ['list', 'watch'],
    why: 'what each Git host allows must be known before anything is written',
    without: { seen: 'readyz', text: 'GitProviders cannot be listed yet' },
    isLeftOutByRolesOnly: true,
  },
  {
    name: 'GitSyncs',
    scope: 'watched',
    apiGroups: ['gitsync.dev'],
    resources: ['gitsyncs'],
    verbs: ['list', 'watch'],
    why: 'they say what to write, and where',
    without: { seen: 'readyz', text: 'GitSyncs have not been listed yet' },
  },
  {
    name: 'status',
    scope: 'watched',
    apiGroups: ['gitsync.dev'],
    resources: ['gitsyncs/status'],
    verbs: ['patch'],
    why: 'conditions and the last commit are shown there',
    without: { seen: 'log', text: 'cannot report, trying again' },
  },
  {
    name: 'finalizer',
    scope: 'watched',
    apiGroups: ['gitsync.dev'],
    resources: ['gitsyncs'],
    verbs: ['patch'],
    why: 'a GitSync with deletionPolicy: Remove goes when its files are gone',
    without: FORBIDDEN,
  },
  {
    name: 'Dashboards',
    scope: 'watched',
    apiGroups: ['gitsync.dev'],
    resources: ['dashboards'],
    verbs: ['get', 'list', 'watch'],
    why: 'a GitSync writes those of its namespace that name it; no account is asked, as they say themselves who writes them',
    without: FORBIDDEN,
  },
  {
    name: 'status of Dashboards',
    scope: 'watched',
    apiGroups: ['gitsync.dev'],
    resources: ['dashboards/status'],
    verbs: ['patch'],
    why: 'each says which file it has become, or why it has not',
    without: { seen: 'log', text: 'cannot report on a Dashboard, trying again' },
  },
  {
    name: 'credentials',
    scope: 'watched',
    apiGroups: [''],
    resources: ['secrets'],
    verbs: ['get'],
    why: 'the Secret that a GitSync names is read by its name; Secrets are listed and watched only with watch.secrets',
    without: FORBIDDEN,
  },
  {
    name: 'accounts',
    scope: 'watched',
    apiGroups: [''],
    resources: ['serviceaccounts'],
    verbs: ['get'],
    why: 'the account that a GitSync names must exist',
    without: FORBIDDEN,
  },
  {
    name: 'access reviews',
    scope: 'cluster',
    apiGroups: ['authorization.k8s.io'],
    resources: ['subjectaccessreviews'],
    verbs: ['create'],
    why: 'asks whether the account that a GitSync names may list and watch what it selects',
    without: FORBIDDEN,
    isLeftOutByRolesOnly: true,
  },
  {
    name: 'inventory',
    scope: 'watched',
    apiGroups: [''],
    resources: ['configmaps'],
    verbs: ['get', 'create', 'patch'],
    why: 'a ConfigMap beside each GitSync holds hashes of the paths that it has written, so that nothing else is ever deleted',
    without: FORBIDDEN,
  },
  {
    name: 'definitions',
    scope: 'cluster',
    apiGroups: ['apiextensions.k8s.io'],
    resources: ['customresourcedefinitions'],
    verbs: ['get'],
    why: 'objects that vanish with their definition keep their files',
    without: FORBIDDEN,
    isLeftOutByRolesOnly: true,
  },
  {
    name: 'definitions that change',
    scope: 'cluster',
    apiGroups: ['apiextensions.k8s.io'],
    resources: ['customresourcedefinitions'],
    verbs: ['list', 'watch'],
    why: 'kinds that are installed, removed or upgraded are followed within seconds; only metadata is read',
    without: { seen: 'delay', text: 'kinds that come and go are noticed within a minute' },
    isLeftOutByRolesOnly: true,
  },
  {
    name: 'labels of namespaces',
    scope: 'cluster',
    apiGroups: [''],
    resources: ['namespaces'],
    verbs: ['list', 'watch'],
    why: 'finds the namespaces of namespaces.selector and allowedNamespaces.selector; asked for where there is one, and only metadata is read',
    without: FORBIDDEN,
    isLeftOutByRolesOnly: true,
  },
  {
    name: 'events',
    scope: 'watched',
    apiGroups: ['events.k8s.io'],
    resources: ['events'],
    verbs: ['create', 'patch'],
    why: 'pushes and problems are told as Events of the GitSync',
    without: { seen: 'log', text: 'an event could not be written' },
  },
  {
    name: 'roles',
    scope: 'watched',
    apiGroups: [RBAC],
    resources: ['roles', 'rolebindings'],
    verbs: ['list', 'watch'],
    why: 'a grant that changes is acted on within seconds',
    without: { seen: 'delay', text: 'changed grants are noticed within a minute' },
  },
  {
    name: 'cluster roles',
    scope: 'cluster',
    apiGroups: [RBAC],
    resources: ['clusterroles', 'clusterrolebindings'],
    verbs: ['list', 'watch'],
    why: 'a grant that changes is acted on within seconds',
    without: { seen: 'delay', text: 'changed grants are noticed within a minute' },
    isLeftOutByRolesOnly: true,
  },
]

/** What takes the place of `access reviews` where the operator has Roles only. */
export const LOCAL_ACCESS_REVIEWS: Permission = {
  name: 'local access reviews',
  scope: 'watched',
  apiGroups: ['authorization.k8s.io'],
  resources: ['localsubjectaccessreviews'],
  verbs: ['create'],
  why: 'asks whether the account that a GitSync names may list and watch what it selects',
  without: FORBIDDEN,
}

const FAILS_CLOSED: Sign = { seen: 'condition', reason: 'EncryptionFailed' }

/**
 * Beside these with `watch.secrets`: whether Secrets may be read at all. A Role with `secrets` in each namespace that has the
 * label does as well, and reaches no other.
 */
export const SECRETS_PERMISSIONS: readonly Permission[] = [
  {
    name: 'Secrets',
    scope: 'watched',
    apiGroups: [''],
    resources: ['secrets'],
    verbs: ['list', 'watch'],
    why: 'Secrets that GitSyncs select are read, in namespaces that have the label gitsync.dev/secrets: allowed',
    without: FORBIDDEN,
  },
  {
    name: 'keys',
    scope: 'watched',
    apiGroups: [''],
    resources: ['secrets'],
    verbs: ['create', 'update'],
    why: 'a Secret beside a GitSync that encrypts or hashes holds its keys',
    without: FAILS_CLOSED,
  },
  {
    name: 'consents',
    scope: 'cluster',
    apiGroups: [''],
    resources: ['namespaces'],
    verbs: ['get', 'list', 'watch'],
    why: 'the label gitsync.dev/secrets of a namespace says whether its Secrets may be read',
    without: FORBIDDEN,
    isLeftOutByRolesOnly: true,
  },
]

/** What takes the place of `consents` where the operator has Roles only. */
export const LOCAL_CONSENTS: Permission = {
  name: 'local consents',
  scope: 'watched',
  apiGroups: [''],
  resources: ['namespaces'],
  verbs: ['get'],
  why: 'the label gitsync.dev/secrets of a namespace says whether its Secrets may be read',
  without: FORBIDDEN,
}

/** What a value of the chart adds, where it is set. */
export const OPTIONAL_PERMISSIONS: readonly (Permission & { readonly value: string })[] = [
  {
    name: 'signing keys',
    value: 'signing.generate',
    scope: 'watched',
    apiGroups: [''],
    resources: ['secrets'],
    verbs: ['create'],
    why: 'a key that it makes for `commit.signing.generate` is kept in a Secret of the GitSync; it can change none that is there',
    without: FORBIDDEN,
  },
  {
    name: 'token reviews',
    value: 'auditPage.enabled',
    scope: 'cluster',
    apiGroups: ['authentication.k8s.io'],
    resources: ['tokenreviews'],
    verbs: ['create'],
    why: 'asks whose token a viewer of the audit page has; what they may see is asked with access reviews',
    without: { seen: 'log', text: 'the audit page cannot ask the API server' },
  },
]

/** Kinds that the operator may read unless told otherwise. Secrets are not among them. */
export const ORDINARY_KINDS: readonly {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
}[] = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'limitranges',
      'persistentvolumeclaims',
      'podtemplates',
      'replicationcontrollers',
      'resourcequotas',
      'serviceaccounts',
      'services',
    ],
  },
  { apiGroups: ['apps'], resources: ['daemonsets', 'deployments', 'statefulsets'] },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'] },
  { apiGroups: ['batch'], resources: ['cronjobs'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'] },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'] },
  { apiGroups: [RBAC], resources: ['rolebindings', 'roles'] },
]

/** What is read of each selected kind: `get` is asked before a deletion is written. */
export const READ_VERBS: readonly string[] = ['get', 'list', 'watch']
