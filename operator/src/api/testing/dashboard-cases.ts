/** Specs of Dashboards that must be accepted or refused, by the API server and in process alike. */

type Fields = Readonly<Record<string, unknown>>

const spec = (fields: Fields): Fields => ({ syncRef: { name: 'shop' }, source: { json: '{}' }, ...fields })

const DATASOURCE = { uid: 'a b/c', input: 'DS_PROMETHEUS', pluginId: 'prometheus' }
const labelled = (ref: Fields, fields: Fields = {}): Fields =>
  spec({ source: { configMapRef: { labelSelector: { matchLabels: { grafana_dashboard: '1' } }, ...ref } }, ...fields })

const inGrafana = (fields: Fields, more: Fields = {}): Fields => {
  const { uid: _, ...grafana } = GRAFANA
  return spec({
    source: { grafana: { ...grafana, schema: 'Classic', history: 'FromNow', interval: '1m', ...fields } },
    ...more,
  })
}
const GRAFANA: Fields = { url: 'https://grafana.example.com', secretRef: { name: 'grafana' }, uid: 'checkout' }

export const ACCEPTED_DASHBOARDS: readonly Fields[] = [
  spec({}),
  spec({ source: { model: { title: 'x', panels: [{ id: 1, '0': null }] } } }),
  spec({ source: { model: {} } }),
  spec({ path: 'a.json' }),
  spec({
    source: {
      grafana: {
        url: 'https://grafana.example.com/below',
        secretRef: { name: 'grafana' },
        uid: 'Checkout_1-a',
        schema: 'V2',
        history: 'Full',
        interval: '10s',
      },
    },
  }),
  spec({ path: 'Team A/x.json'.replace(' ', '_') }),
  spec({ path: `${'a/'.repeat(20)}${'b'.repeat(195)}.json` }),
  spec({ datasources: [DATASOURCE, { ...DATASOURCE, uid: 'other', input: 'DS_OTHER', label: 'Other source' }] }),
  spec({ source: { configMapRef: { name: 'grafana', key: 'nodes.json' } } }),
  spec({ source: { configMapRef: { name: 'grafana', key: '..._A-1' } }, path: 'a/b.json' }),
  labelled({}),
  labelled({ keys: ['*.json', '*.json.gz'], folderAnnotation: 'k8s-sidecar-target-directory' }),
  labelled({ folderAnnotation: 'example.com/folder' }),
  labelled({}, { path: '{folder}/{configMap}.{key}.json' }),
  labelled({}, { path: 'dashboards/{folder}/{title}-{uid}.json' }),
  inGrafana({ folder: 'Team_1-a', history: 'Full' }, { path: '{folder}/{title}-{uid}.json' }),
  inGrafana({ tag: 'service level: web' }),
  inGrafana({ all: true }),
  inGrafana({ all: true, alertRules: {}, libraryPanels: {} }),
  inGrafana({
    folder: 'team',
    alertRules: { path: 'mirror/{folder}/rules.{group}.yaml' },
    libraryPanels: { path: '{folder}/panels/{name}-{uid}.json' },
  }),
  inGrafana({ all: true, schema: 'V1' }, { datasources: [DATASOURCE] }),
]

export const REFUSED_DASHBOARDS: readonly {
  readonly spec: Fields
  readonly field: string
  readonly message: RegExp
}[] = [
  { spec: { source: { json: '{}' } }, field: 'spec.syncRef', message: /[Rr]equired/ },
  { spec: spec({ source: {} }), field: 'spec.source', message: /give one of json, model, configMapRef and grafana/ },
  { spec: spec({ source: { json: '{}', model: {} } }), field: 'spec.source', message: /give one of json/ },
  { spec: spec({ source: { json: '' } }), field: 'spec.source.json', message: /at least 1 char|>=1 char/ },
  {
    spec: spec({ source: { json: '{}', grafana: GRAFANA } }),
    field: 'spec.source',
    message: /give one of json, model/,
  },
  ...(
    [
      ['url', 'ftp://grafana.example.com', /must be an http or https address/],
      ['url', 'https://user:word@grafana.example.com', /must be an http or https address/],
      ['url', 'https://grafana.example.com/?orgId=1', /must be an http or https address/],
      ['uid', '', /must be the uid of a dashboard/],
      ['uid', 'a/b', /must be the uid of a dashboard/],
      ['uid', 'a'.repeat(41), /40/],
      ['history', 'All', /FromNow/],
      ['schema', 'v2', /Classic/],
      ['interval', '9s', /must be between 10s and 24h/],
      ['interval', '25h', /must be between 10s and 24h/],
    ] as const
  ).map(([field, value, message]) => ({
    spec: spec({ source: { grafana: { ...GRAFANA, [field]: value } } }),
    field: `spec.source.grafana.${field}`,
    message,
  })),
  ...[{}, { uid: 'a', folder: 'b' }, { tag: 'a', all: true }].map((fields) => ({
    spec: inGrafana(fields),
    field: 'spec.source.grafana',
    message: /give one of uid, folder, tag and all/,
  })),
  { spec: inGrafana({ folder: 'a/b' }), field: 'spec.source.grafana.folder', message: /must be the uid of a folder/ },
  { spec: inGrafana({ tag: '' }), field: 'spec.source.grafana.tag', message: /at least 1 char|>=1 char/ },
  { spec: inGrafana({ all: false }), field: 'spec.source.grafana.all', message: /true/ },
  ...[{ tag: 'a' }, { uid: 'a' }].flatMap((selected) =>
    [{ alertRules: {} }, { libraryPanels: {} }].map((extra) => ({
      spec: inGrafana({ ...selected, ...extra }),
      field: 'spec.source.grafana',
      message: /alertRules and libraryPanels go with folder or all/,
    })),
  ),
  ...(
    [
      ['alertRules', '../{group}.yaml', /path is relative and ends with \.yaml/],
      ['alertRules', '{group}.json', /path is relative and ends with \.yaml/],
      ['alertRules', '{folder}/rules.yaml', /path has \{group\}, so that each has a file of its own/],
      ['alertRules', '{name}-{group}.yaml', /variables of path are \{folder\} and \{group\}/],
      ['alertRules', 'x{folder}/{group}.yaml', /\{folder\} is a part of path of its own/],
      ['alertRules', `{group}${'a'.repeat(200)}.yaml`, /no part of path has more than 200/],
      ['libraryPanels', '/{name}.json', /path is relative and ends with \.json/],
      ['libraryPanels', '{folder}/panels.json', /path has \{name\} or \{uid\}/],
      ['libraryPanels', '{title}-{name}.json', /variables of path are \{folder\}, \{name\} and \{uid\}/],
    ] as const
  ).map(([field, path, message]) => ({
    spec: inGrafana({ all: true, [field]: { path } }),
    field: `spec.source.grafana.${field}.path`,
    message,
  })),
  {
    spec: inGrafana({ uid: 'a' }, { path: '{title}.json' }),
    field: 'spec.path',
    message: /path has variables such as/,
  },
  { spec: inGrafana({ all: true }, { path: 'a.json' }), field: 'spec.path', message: /path has variables such as/ },
  {
    spec: inGrafana({ all: true }, { path: '{title}-{key}.json' }),
    field: 'spec.path',
    message: /\{configMap\} and \{key\} are of ConfigMaps/,
  },
  {
    spec: inGrafana({ all: true, schema: 'V2' }, { datasources: [DATASOURCE] }),
    field: 'spec.datasources',
    message: /schema V2 has no inputs/,
  },
  { spec: spec({ syncRef: { name: 'A' } }), field: 'spec.syncRef.name', message: /must be an object name/ },
  ...[
    '/a.json',
    'a',
    'a.yaml',
    '../a.json',
    'a/../b.json',
    '.git/a.json',
    'a//b.json',
    'a./b.json',
    'a b.json',
    '.json',
  ].map((path) => ({ spec: spec({ path }), field: 'spec.path', message: /path is relative and ends with \.json/ })),
  ...['{folder}.json', 'x{folder}/a.json', 'a/{folder}b/{title}.json'].map((path) => ({
    spec: labelled({}, { path }),
    field: 'spec.path',
    message: /\{folder\} is a part of path of its own/,
  })),
  ...['{name}.json', '{title.json', 'a}/b{title}.json', '{}.json', '{{title}}.json'].map((path) => ({
    spec: labelled({}, { path }),
    field: 'spec.path',
    message: /variables of path are \{folder\}/,
  })),
  {
    spec: spec({ datasources: [DATASOURCE, { ...DATASOURCE, input: 'DS_B' }] }),
    field: 'spec.datasources',
    message: /each uid and each input stands once/,
  },
  {
    spec: spec({ datasources: [DATASOURCE, { ...DATASOURCE, uid: 'b' }] }),
    field: 'spec.datasources',
    message: /each uid and each input stands once/,
  },
  {
    spec: spec({ datasources: [{ ...DATASOURCE, input: 'prometheus' }] }),
    field: 'spec.datasources[0].input',
    message: /must be the name of an input/,
  },
  { spec: labelled({}, { path: 'a.json' }), field: 'spec.path', message: /path has variables such as/ },
  { spec: spec({ path: '{title}.json' }), field: 'spec.path', message: /path has variables such as/ },
  ...[
    [{}, /give either name/],
    [{ key: 'a.json' }, /give either name/],
    [{ name: 'a', key: 'a.json', labelSelector: {} }, /give either name/],
    [{ name: 'a' }, /name and key go together/],
    [{ labelSelector: {}, key: 'a.json' }, /name and key go together/],
    [{ name: 'a', key: 'a.json', keys: ['*'] }, /go with labelSelector/],
    [{ name: 'a', key: 'a.json', folderAnnotation: 'x' }, /go with labelSelector/],
  ].map(([configMapRef, message]) => ({
    spec: spec({ source: { configMapRef } }),
    field: 'spec.source.configMapRef',
    message: message as RegExp,
  })),
  {
    spec: spec({ source: { configMapRef: { name: 'a', key: 'a/b' } } }),
    field: 'spec.source.configMapRef.key',
    message: /must be a key of a ConfigMap/,
  },
  {
    spec: labelled({ keys: ['a/*'] }),
    field: 'spec.source.configMapRef.keys[0]',
    message: /must be a key of a ConfigMap/,
  },
  {
    spec: labelled({ folderAnnotation: 'a b' }),
    field: 'spec.source.configMapRef.folderAnnotation',
    message: /must be the name of an annotation/,
  },
  { spec: spec({ path: `${'a'.repeat(196)}.json` }), field: 'spec.path', message: /no part of path has more than 200/ },
]
