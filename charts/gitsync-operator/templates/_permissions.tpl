{{- /* Made by `make reference` from operator/src/api/permissions.ts. */ -}}
{{- define "gitsync.rules.cluster" -}}
# GitProviders: what each Git host allows must be known before anything is written
- apiGroups: [gitsync.dev]
  resources: [gitproviders]
  verbs: [list, watch]
# access reviews: asks whether the account that a GitSync names may list and watch what it selects
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
# definitions: objects that vanish with their definition keep their files
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [get]
# definitions that change: kinds that are installed, removed or upgraded are followed within seconds; only metadata is read
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [list, watch]
# labels of namespaces: finds the namespaces of namespaces.selector and allowedNamespaces.selector; asked for where there is one, and only metadata is read
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
# cluster roles: a grant that changes is acted on within seconds
- apiGroups: [rbac.authorization.k8s.io]
  resources: [clusterroles, clusterrolebindings]
  verbs: [list, watch]
{{- end }}
{{- define "gitsync.rules.watched" -}}
# GitSyncs: they say what to write, and where
- apiGroups: [gitsync.dev]
  resources: [gitsyncs]
  verbs: [list, watch]
# status: conditions and the last commit are shown there
- apiGroups: [gitsync.dev]
  resources: [gitsyncs/status]
  verbs: [patch]
# finalizer: a GitSync with deletionPolicy: Remove goes when its files are gone
- apiGroups: [gitsync.dev]
  resources: [gitsyncs]
  verbs: [patch]
# Dashboards: a GitSync writes those of its namespace that name it; no account is asked, as they say themselves who writes them
- apiGroups: [gitsync.dev]
  resources: [dashboards]
  verbs: [get, list, watch]
# status of Dashboards: each says which file it has become, or why it has not
- apiGroups: [gitsync.dev]
  resources: [dashboards/status]
  verbs: [patch]
# credentials: the Secret that a GitSync names is read by its name; Secrets are listed and watched only with watch.secrets
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
# accounts: the account that a GitSync names must exist
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get]
# inventory: a ConfigMap beside each GitSync holds hashes of the paths that it has written, so that nothing else is ever deleted
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, patch]
# events: pushes and problems are told as Events of the GitSync
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# roles: a grant that changes is acted on within seconds
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [list, watch]
{{- end }}
{{- define "gitsync.rules.system" -}}
# cluster id: its uid is the name of the cluster in the .gitsync file that claims a folder
- apiGroups: [""]
  resources: [namespaces]
  resourceNames: [kube-system]
  verbs: [get]
{{- end }}
{{- define "gitsync.rules.own" -}}
# lease: one operator at a time writes to Git
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, create, update]
{{- end }}
{{- define "gitsync.rules.local" -}}
# local access reviews: asks whether the account that a GitSync names may list and watch what it selects
- apiGroups: [authorization.k8s.io]
  resources: [localsubjectaccessreviews]
  verbs: [create]
{{- end }}
{{- define "gitsync.rules.secrets" -}}
# Secrets: Secrets that GitSyncs select are read, in namespaces that have the label gitsync.dev/secrets: allowed
- apiGroups: [""]
  resources: [secrets]
  verbs: [list, watch]
# keys: a Secret beside a GitSync that encrypts or hashes holds its keys
- apiGroups: [""]
  resources: [secrets]
  verbs: [create, update]
{{- end }}
{{- define "gitsync.rules.consents" -}}
# consents: the label gitsync.dev/secrets of a namespace says whether its Secrets may be read
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get, list, watch]
{{- end }}
{{- define "gitsync.rules.localconsents" -}}
# local consents: the label gitsync.dev/secrets of a namespace says whether its Secrets may be read
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
{{- end }}
{{- define "gitsync.rules.optional" -}}
{{- if .Values.signing.generate }}
# signing keys: a key that it makes for `commit.signing.generate` is kept in a Secret of the GitSync; it can change none that is there
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
{{- end }}
{{- end }}
{{- define "gitsync.rules.optionalcluster" -}}
{{- if .Values.auditPage.enabled }}
# token reviews: asks whose token a viewer of the audit page has; what they may see is asked with access reviews
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
{{- end }}
{{- end }}
{{- define "gitsync.rules.kinds" -}}
{{- if .Values.watch.ordinaryKinds }}
# watch.ordinaryKinds
- apiGroups: [""]
  resources: [configmaps, limitranges, persistentvolumeclaims, podtemplates, replicationcontrollers, resourcequotas, serviceaccounts, services]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [daemonsets, deployments, statefulsets]
  verbs: [get, list, watch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch]
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [get, list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses, networkpolicies]
  verbs: [get, list, watch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [rolebindings, roles]
  verbs: [get, list, watch]
{{- end }}
{{- range .Values.watch.rules }}
- apiGroups: {{ toJson .apiGroups }}
  resources: {{ toJson .resources }}
  verbs: [get, list, watch]
{{- end }}
{{- end }}
