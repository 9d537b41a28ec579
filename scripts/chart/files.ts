/** The files of the chart that are made from the code and from values.yaml. */
import { readFileSync } from 'node:fs'
import {
  LOCAL_ACCESS_REVIEWS,
  LOCAL_CONSENTS,
  OPTIONAL_PERMISSIONS,
  ORDINARY_KINDS,
  PERMISSIONS,
  READ_VERBS,
  SECRETS_PERMISSIONS,
} from '../../operator/src/api/permissions.ts'
import type { Permission, Sign } from '../../operator/src/api/permissions.ts'
import { row } from '../reference/table.ts'
import { readValues, valuesSchema } from './values.ts'
import type { Value } from './values.ts'

const CHART = 'charts/gitsync-operator'

type Rule = Pick<Permission, 'apiGroups' | 'resources' | 'verbs'> & { readonly resourceNames?: readonly string[] }

const flow = (items: readonly string[]): string => `[${items.map((item) => (item === '' ? '""' : item)).join(', ')}]`

function ruleLines({ apiGroups, resources, resourceNames, verbs }: Rule): string[] {
  return [
    `- apiGroups: ${flow(apiGroups)}`,
    `  resources: ${flow(resources)}`,
    ...(resourceNames === undefined ? [] : [`  resourceNames: ${flow(resourceNames)}`]),
    `  verbs: ${flow(verbs)}`,
  ]
}

function template(name: string, permissions: readonly Permission[]): string {
  const lines = permissions.flatMap((permission) => [
    `# ${permission.name}: ${permission.why}`,
    ...ruleLines(permission),
  ])
  return [`{{- define "gitsync.rules.${name}" -}}`, ...lines, '{{- end }}'].join('\n')
}

function permissions(): string {
  const of = (scope: Permission['scope']): Permission[] => PERMISSIONS.filter((entry) => entry.scope === scope)
  const secrets = (scope: Permission['scope']): Permission[] =>
    SECRETS_PERMISSIONS.filter((entry) => entry.scope === scope)
  const ordinary = ORDINARY_KINDS.flatMap((kinds) => ruleLines({ ...kinds, verbs: READ_VERBS }))
  const optional = (name: string, scope: Permission['scope']): string =>
    [
      `{{- define "gitsync.rules.${name}" -}}`,
      ...OPTIONAL_PERMISSIONS.filter((permission) => permission.scope === scope).flatMap((permission) => [
        `{{- if .Values.${permission.value} }}`,
        `# ${permission.name}: ${permission.why}`,
        ...ruleLines(permission),
        '{{- end }}',
      ]),
      '{{- end }}',
    ].join('\n')
  const kinds = [
    '{{- define "gitsync.rules.kinds" -}}',
    '{{- if .Values.watch.ordinaryKinds }}',
    '# watch.ordinaryKinds',
    ...ordinary,
    '{{- end }}',
    '{{- range .Values.watch.rules }}',
    '- apiGroups: {{ toJson .apiGroups }}',
    '  resources: {{ toJson .resources }}',
    `  verbs: ${flow(READ_VERBS)}`,
    '{{- end }}',
    '{{- end }}',
  ]
  return `{{- /* Made by \`make reference\` from operator/src/api/permissions.ts. */ -}}
${template('cluster', of('cluster'))}
${template('watched', of('watched'))}
${template('system', of('system'))}
${template('own', of('own'))}
${template('local', [LOCAL_ACCESS_REVIEWS])}
${template('secrets', secrets('watched'))}
${template('consents', secrets('cluster'))}
${template('localconsents', [LOCAL_CONSENTS])}
${optional('optional', 'watched')}
${optional('optionalcluster', 'cluster')}
${kinds.join('\n')}
`
}

function definition(text: string): string {
  if (text.includes('{{')) throw new Error('a definition contains {{, which Helm takes for a template')
  const [head = '', tail = ''] = text.split(/^(?=spec:)/m)
  return `{{- if .Values.crds.enabled }}
${head.trimEnd()}
  labels:
    {{- include "gitsync.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
${tail.trimEnd()}
{{- end }}
`
}

const SCOPES = {
  watched: 'each namespace that it reads',
  cluster: 'the cluster',
  system: 'kube-system',
  own: 'its own namespace',
} as const

function signInWords(sign: Sign): string {
  switch (sign.seen) {
    case 'condition':
      return `\`Ready=False\`, reason \`${sign.reason}\``
    case 'readyz':
      return `the Pod is not ready; \`/readyz\`: “${sign.text} …”`
    case 'log':
      return `the log says “${sign.text}”; the rest goes on`
    case 'exit':
      return `the process ends at its start; the log says “… ${sign.text} …”`
    case 'delay':
      return sign.text
  }
}

function permissionRows(): string {
  const conditions = new Map<Permission, string>([
    [LOCAL_ACCESS_REVIEWS, 'rbac.rolesOnly'],
    ...SECRETS_PERMISSIONS.map((permission) => [permission, 'watch.secrets'] as const),
    ...OPTIONAL_PERMISSIONS.map((permission) => [permission, permission.value] as const),
    [LOCAL_CONSENTS, 'watch.secrets` and `rbac.rolesOnly'],
  ])
  return [...PERMISSIONS, ...conditions.keys()]
    .map((permission) => {
      const { scope, resources, apiGroups, verbs, why, without } = permission
      const condition = conditions.get(permission)
      const where = condition === undefined ? SCOPES[scope] : `${SCOPES[scope]} (\`${condition}\`)`
      const group = apiGroups[0] === '' ? '' : `.${apiGroups[0]}`
      const what = resources.map((resource) => `\`${resource}${group}\``).join(', ')
      return row(what, verbs.join(', '), where, why, signInWords(without))
    })
    .join('\n')
}

function valueRows(values: readonly Value[]): string {
  return values
    .map((value) => row(`\`${value.path.join('.')}\``, value.description, `\`${JSON.stringify(value.default)}\``))
    .join('\n')
}

function readme(values: readonly Value[]): string {
  const kinds = ORDINARY_KINDS.flatMap(({ apiGroups: [group = ''], resources }) =>
    resources.map((resource) => (group === '' ? resource : `${resource}.${group}`)),
  )
  const chart = readFileSync(`${CHART}/README.md.in`, 'utf8')
  const parts: Readonly<Record<string, string>> = {
    VALUES: valueRows(values),
    PERMISSIONS: permissionRows(),
    KINDS: kinds.map((kind) => `\`${kind}\``).join(', '),
  }
  return chart.replaceAll(/^@([A-Z]+)@$/gm, (whole, name: string) => parts[name] ?? whole)
}

/** Path → content. */
export function chartFiles(): Readonly<Record<string, string>> {
  const values = readValues(readFileSync(`${CHART}/values.yaml`, 'utf8').replace(/^(#.*\n)+\n/, ''))
  return {
    [`${CHART}/templates/_permissions.tpl`]: permissions(),
    [`${CHART}/templates/crds/gitsyncs.yaml`]: definition(readFileSync('crds/gitsync.dev_gitsyncs.yaml', 'utf8')),
    [`${CHART}/templates/crds/dashboards.yaml`]: definition(readFileSync('crds/gitsync.dev_dashboards.yaml', 'utf8')),
    [`${CHART}/templates/crds/gitproviders.yaml`]: definition(
      readFileSync('crds/gitsync.dev_gitproviders.yaml', 'utf8'),
    ),
    [`${CHART}/values.schema.json`]: `${JSON.stringify(valuesSchema(values), null, 2)}\n`,
    [`${CHART}/README.md`]: readme(values),
  }
}
