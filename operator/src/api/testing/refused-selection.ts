import { minimal } from './spec.ts'
import type { Fields, RefusedCase } from './spec.ts'

const resource = (fields: Fields, field: string, message: RegExp): RefusedCase => ({
  name: `resource ${JSON.stringify(fields)}`,
  spec: minimal({ resources: [fields] }),
  field: `spec.resources[0]${field}`,
  message,
})

const kind = 'ConfigMap'

/** Refused for what is written. */
export const SELECTION: readonly RefusedCase[] = [
  ...[{ kind: 'Secret' }, { kind: 'Secret', group: '' }].map((resource) => ({
    name: `resource ${JSON.stringify(resource)} while secrets is Exclude`,
    spec: minimal({ resources: [{ kind: 'ConfigMap' }, resource] }),
    field: 'spec.resources',
    message: /Secrets are not written to Git while secrets is Exclude/,
  })),
  resource({ kind: 'Deploy*' }, '.kind', /kind must be/),
  resource({ kind, group: '*' }, '', /goes with kind/),
  resource({ kind: '*', group: '*', version: 'v1' }, '', /without version/),
  resource({ kind, group: 'app*' }, '.group', /group must be/),
  resource({ kind, scope: 'Namespaced' }, '', /scope goes with/),
  resource({ kind, owned: 'Ignore' }, '.owned', /Include|Unsupported|Invalid/i),
  resource({ kind, namespaces: {} }, '.namespaces', /either names or selector/),
  resource(
    { kind, namespaces: { names: ['a'], selector: { matchLabels: { a: 'b' } } } },
    '.namespaces',
    /either names or selector/,
  ),
  resource({ kind, fieldSelector: { matchFields: [] } }, '.fieldSelector.matchFields', /at least 1|>=1|Too small/i),
  resource(
    { kind, fieldSelector: { matchFields: [{ key: 'spec.type', operator: 'NotIn' }] } },
    '.fieldSelector.matchFields[0]',
    /values go with/,
  ),
  {
    name: 'an exclusion of everything',
    spec: minimal({ exclude: [{}] }),
    field: 'spec.exclude[0]',
    message: /what to leave out/,
  },
  {
    name: 'an exclusion in no namespace',
    spec: minimal({ exclude: [{ namespaces: { names: ['Kube'] } }] }),
    field: 'spec.exclude[0].namespaces.names[0]',
    message: /namespace name|should match/,
  },
  {
    name: 'a manager without a name',
    spec: minimal({ ignoreManagers: [''] }),
    field: 'spec.ignoreManagers[0]',
    message: /at least 1|Too small|>=1/i,
  },
  resource({ kind, group: 'apps/v1' }, '.group', /without the version/),
  resource({ kind, version: 'apps/v1' }, '.version', /without the group/),
  resource({ kind: 'config maps' }, '.kind', /kind must be/),
  resource({ kind, names: ['a/b'] }, '.names[0]', /object names/),
  resource({ kind, namespaces: { names: ['Shop'] } }, '.namespaces.names[0]', /namespace name/),
  resource({ kind, labelSelector: { matchLabels: { 'a b': 'c' } } }, '.labelSelector.matchLabels', /label keys/),
  resource(
    { kind, labelSelector: { matchLabels: { a: 'c d' } } },
    '.labelSelector.matchLabels.a',
    /label value|should match/,
  ),
  resource(
    { kind, labelSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
    '.labelSelector.matchExpressions[0]',
    /values go with/,
  ),
  resource(
    { kind, labelSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] } },
    '.labelSelector.matchExpressions[0]',
    /values go with/,
  ),
  {
    name: 'a ServiceAccount of another namespace',
    spec: minimal({ serviceAccountName: 'other/robot' }),
    field: 'spec.serviceAccountName',
    message: /object name/,
  },
  ...['spec..type', '.spec', "spec['a", 'spec[0]', 'a b'].map((key) =>
    resource(
      { kind, fieldSelector: { matchFields: [{ key, operator: 'Exists' }] } },
      '.fieldSelector.matchFields[0].key',
      /must be a path|should match/,
    ),
  ),
]
