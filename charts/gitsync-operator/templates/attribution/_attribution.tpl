{{/* Policy where the API server serves it, else Webhook. */}}
{{- define "gitsync.attribution" -}}
{{- if ne .Values.attribution.mode "Auto" }}
{{- .Values.attribution.mode }}
{{- else if or (.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy") (.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy") -}}
Policy
{{- else -}}
Webhook
{{- end }}
{{- end }}

{{/* Whether the operator listens for the API server: to stamp, to hear of deletions, for audit events. */}}
{{- define "gitsync.webhook" -}}
{{- if or .Values.attribution.audit.enabled .Values.attribution.deletions (and .Values.attribution.enabled (eq (include "gitsync.attribution" .) "Webhook")) -}}
true
{{- end }}
{{- end }}

{{/* What nobody writes to Git, and what is written all the time. */}}
{{- define "gitsync.attribution.excluded" -}}
- apiGroups: [coordination.k8s.io]
  apiVersions: ["*"]
  operations: ["*"]
  resources: ["*"]
  scope: "*"
- apiGroups: [""]
  apiVersions: ["*"]
  operations: ["*"]
  resources: [events, "pods/*", bindings, serviceaccounts/token]
  scope: "*"
- apiGroups: [events.k8s.io, authentication.k8s.io, authorization.k8s.io, admissionregistration.k8s.io]
  apiVersions: ["*"]
  operations: ["*"]
  resources: ["*"]
  scope: "*"
{{- end }}

{{/* What the identity provider says of the user under a key; '' where it says nothing. */}}
{{- define "gitsync.attribution.extra" -}}
{{ printf "has(request.userInfo.extra) && '%s' in request.userInfo.extra && size(request.userInfo.extra['%s']) > 0 ? request.userInfo.extra['%s'][0] : ''" . . . | quote }}
{{- end }}

{{- define "gitsync.attribution.namespaces" -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: In
    values:
      {{- range .Values.namespaces }}
      - {{ . }}
      {{- end }}
{{- end }}

{{- define "gitsync.attribution.conditions" -}}
- name: not-written-all-the-time
  expression: >-
    !(request.resource.group in ['coordination.k8s.io', 'events.k8s.io', 'authentication.k8s.io', 'authorization.k8s.io',
    'admissionregistration.k8s.io'])
    && !(request.resource.group == '' && request.resource.resource in ['events', 'bindings'])
    && !(request.resource.group == '' && request.resource.resource == 'pods' && has(request.subResource) && request.subResource != '')
{{- end }}
