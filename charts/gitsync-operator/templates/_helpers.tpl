{{- define "gitsync.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "gitsync.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "gitsync.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Objects outside namespaces need a name that no release in another namespace has. */}}
{{- define "gitsync.clusterName" -}}
{{- if eq .Release.Namespace "gitsync-system" }}
{{- include "gitsync.fullname" . }}
{{- else }}
{{- printf "%s-%s" (include "gitsync.fullname" . | trunc 180) .Release.Namespace }}
{{- end }}
{{- end }}

{{- define "gitsync.selectorLabels" -}}
app.kubernetes.io/name: {{ include "gitsync.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gitsync.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "gitsync.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: gitsync
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "gitsync.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "gitsync.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "gitsync.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag }}
{{- if .Values.image.digest }}
{{- printf "%s:%s@%s" .Values.image.repository $tag .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository $tag }}
{{- end }}
{{- end }}

{{- define "gitsync.subject" -}}
- kind: ServiceAccount
  name: {{ include "gitsync.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* Whether a Pod that stands by may be told what the one that writes needs. */}}
{{- define "gitsync.relay" -}}
{{- if and (gt (int .Values.replicas) 1) (or .Values.pushHooks.enabled (include "gitsync.webhook" .)) -}}
true
{{- end }}
{{- end }}

{{/* What a schema cannot say, or not in words that help. */}}
{{- define "gitsync.validate" -}}
{{- $help := "see https://gitsync.dev/docs/troubleshooting#errors-of-helm" }}
{{- if and .Values.rbac.rolesOnly (not .Values.namespaces) }}
{{- fail (printf "rbac.rolesOnly needs namespaces: a Role reads one namespace. Name the namespaces, or set rbac.rolesOnly to false; %s" $help) }}
{{- end }}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) }}
{{- fail (printf "serviceAccount.name is empty and serviceAccount.create is false: name the account that the operator runs as; %s" $help) }}
{{- end }}
{{- if and .Values.admin.heapSnapshots (not .Values.admin.enabled) }}
{{- fail (printf "admin.heapSnapshots needs admin.enabled; %s" $help) }}
{{- end }}
{{- if and .Values.admin.enabled (eq (int .Values.admin.port) (int .Values.metrics.port)) }}
{{- fail (printf "admin.port and metrics.port are both %d: choose two ports; %s" (int .Values.admin.port) $help) }}
{{- end }}
{{- if and .Values.pushHooks.enabled (not .Values.pushHooks.secretName) }}
{{- fail (printf "pushHooks.secretName is empty: name a Secret with the webhooks' secret, or anybody could say that there was a push; %s" $help) }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.service.enabled) }}
{{- fail (printf "metrics.serviceMonitor needs metrics.service.enabled; a PodMonitor (metrics.podMonitor) needs no Service; %s" $help) }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled }}
{{- fail (printf "metrics.serviceMonitor and metrics.podMonitor are both enabled, and every sample would be stored twice: choose one; %s" $help) }}
{{- end }}
{{- if and .Values.rbac.rolesOnly (or .Values.attribution.enabled .Values.attribution.deletions) }}
{{- fail (printf "attribution needs rights outside namespaces: set rbac.rolesOnly to false, or have a platform team apply deploy/attribution; %s" $help) }}
{{- end }}
{{- if and .Values.auditPage.enabled (gt (int .Values.replicas) 1) }}
{{- fail (printf "auditPage.enabled needs one replica: a Pod that stands by has no pages, and sessions are kept in one Pod. Set replicas to 1; %s" $help) }}
{{- end }}
{{- if and .Values.auditPage.enabled .Values.rbac.rolesOnly }}
{{- fail (printf "auditPage.enabled needs rights outside namespaces, as no Role lets anybody ask whose a token is: set rbac.rolesOnly to false; %s" $help) }}
{{- end }}
{{- if and .Values.auditPage.ingress.enabled (or (not .Values.auditPage.enabled) (not .Values.auditPage.ingress.host)) }}
{{- fail (printf "auditPage.ingress.enabled needs auditPage.enabled and auditPage.ingress.host; %s" $help) }}
{{- end }}
{{- if and .Values.auditPage.httpRoute.enabled (or (not .Values.auditPage.enabled) (not .Values.auditPage.httpRoute.parentRefs)) }}
{{- fail (printf "auditPage.httpRoute.enabled needs auditPage.enabled and auditPage.httpRoute.parentRefs; %s" $help) }}
{{- end }}
{{- if and .Values.attribution.audit.enabled (not .Values.attribution.audit.tokenSecret) }}
{{- fail (printf "attribution.audit.enabled needs attribution.audit.tokenSecret: nobody else may tell who wrote what; %s" $help) }}
{{- end }}
{{- if and .Values.attribution.extra.name (not .Values.attribution.extra.email) }}
{{- fail (printf "attribution.extra.name needs attribution.extra.email: an author without an address is named by the user name; %s" $help) }}
{{- end }}
{{- range .Values.watch.rules }}
{{- if or (has "" .apiGroups) (has "*" .apiGroups) }}
{{- range .resources }}
{{- if or (eq . "secrets") (eq . "*") }}
{{- fail (printf "watch.rules: resource %q of the core group includes Secrets: name the kinds, and let Secrets be read by watch.secrets; %s" . $help) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
