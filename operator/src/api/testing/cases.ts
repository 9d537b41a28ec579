/** Specs that must be refused, by the API server and in process alike; for the tests of both. */

type Fields = Readonly<Record<string, unknown>>

export interface RefusedCase {
  readonly name: string
  readonly spec: Fields
  /** Field that the refusal names. */
  readonly field: string
  /** Part of the message. */
  readonly message: RegExp
}

const repository = (fields: Fields): Fields => ({ url: 'https://git.example.com/a/b.git', ...fields })
const minimal = (fields: Fields = {}): Fields => ({
  repository: repository({}),
  resources: [{ kind: 'ConfigMap' }],
  ...fields,
})
export const MINIMAL_SPEC = minimal()

const url = (value: string, message: RegExp): RefusedCase => ({
  name: `url ${JSON.stringify(value)}`,
  spec: minimal({ repository: { url: value } }),
  field: 'spec.repository.url',
  message,
})
const branch = (value: string, message = /branch/): RefusedCase => ({
  name: `branch ${JSON.stringify(value)}`,
  spec: minimal({ repository: repository({ branch: value }) }),
  field: 'spec.repository.branch',
  message,
})
const path = (value: string, message = /path/): RefusedCase => ({
  name: `path ${JSON.stringify(value)}`,
  spec: minimal({ repository: repository({ path: value }) }),
  field: 'spec.repository.path',
  message,
})
const resource = (fields: Fields, field: string, message: RegExp): RefusedCase => ({
  name: `resource ${JSON.stringify(fields)}`,
  spec: minimal({ resources: [fields] }),
  field: `spec.resources[0]${field}`,
  message,
})
const commit = (fields: Fields, field: string, message: RegExp): RefusedCase => ({
  name: `commit ${JSON.stringify(fields)}`,
  spec: minimal({ commit: fields }),
  field: `spec.commit${field}`,
  message,
})

const push = (fields: Fields, field: string, message: RegExp): RefusedCase => ({
  name: `push ${JSON.stringify(fields)}`,
  spec: minimal({ repository: repository({ secretRef: { name: 'a' } }), push: fields }),
  field: `spec.push${field}`,
  message,
})

const kind = 'ConfigMap'

const RECIPIENT = `age1${'q'.repeat(58)}`
const sensitive = (pointer: string, message: RegExp): RefusedCase => ({
  name: `sensitive ${pointer}`,
  spec: minimal({ sensitive: [pointer] }),
  field: 'spec.sensitive[0]',
  message,
})

export const REFUSED: readonly RefusedCase[] = [
  push({ branch: 'a' }, '', /need push\.mode PullRequest/),
  push({ mode: 'Commit', pullRequest: {} }, '', /need push\.mode PullRequest/),
  push({ mode: 'PullRequest', branch: '{author}' }, '.branch', /only placeholders are/),
  push({ mode: 'PullRequest', pullRequest: { labels: ['a,b'] } }, '.pullRequest.labels[0]', /no comma/),
  push({ mode: 'PullRequest', pullRequest: { labels: ['..'] } }, '.pullRequest.labels[0]', /no comma/),
  push({ mode: 'PullRequest', pullRequest: { reviewers: ['a b'] } }, '.pullRequest.reviewers[0]', /name of an account/),
  push({ options: ['a\nb'] }, '.options[0]', /no line break/),
  {
    name: 'mode PullRequest without credentials',
    spec: minimal({ push: { mode: 'PullRequest' } }),
    field: 'spec.push',
    message: /needs repository\.secretRef/,
  },
  url('git://git.example.com/a', /must start with http/),
  url('git.example.com:a/b', /must start with http/),
  url('/srv/git/a.git', /must start with http/),
  url('ssh://git:pass@git.example.com/a', /must start with http/),
  url('ssh://git@git.example.com', /must start with http/),
  url('ssh://git@git.example.com/-oProxyCommand=x', /must start with http/),
  url('git@git.example.com:-oProxyCommand=x', /must start with http/),
  url('https:///a', /followed by a host/),
  url('https://user:pass@git.example.com/a', /user or password/),
  url('https://git.example.com/a?x=1', /query/),
  url('https://git.example.com/a#x', /fragment/),
  url('https://git.example.com\\@evil.example/a', /user or password|backslash/),
  url('https://git.example.com/a b', /spaces/),
  url('https://git.example.com/a\u0000', /control/),
  branch('{tenant}', /only placeholders are/),
  branch('a{', /no other braces/),
  branch('a b'),
  branch('a..b'),
  branch('a~1'),
  branch('a@{1}'),
  branch('a[b'),
  branch('a\\b'),
  branch('/a'),
  branch('a/'),
  branch('a//b'),
  branch('.a'),
  branch('a/.b'),
  branch('a.lock'),
  branch('a.lock/b'),
  branch('a.'),
  branch('-a'),
  branch('@'),
  branch('HEAD'),
  branch('refs/heads/main', /short name/),
  path('/a'),
  path('a/'),
  path('a//b'),
  path('..', /parts \. or \.\./),
  path('a/../b'),
  path('./a'),
  path('a/.'),
  path('.git', /\.git/),
  path('a/.GIT/b', /\.git/),
  path('a/git~1', /\.git/),
  path('.g\u200cit', /invisible/),
  path('a\\b'),
  path('c:'),
  path('a./b'),
  path('a '),
  ...[{ kind: 'Secret' }, { kind: 'Secret', group: '' }].map((resource) => ({
    name: `resource ${JSON.stringify(resource)} while secrets is Exclude`,
    spec: minimal({ resources: [{ kind: 'ConfigMap' }, resource] }),
    field: 'spec.resources',
    message: /Secrets are not written to Git while secrets is Exclude/,
  })),
  ...[
    { secrets: 'Encrypt' },
    { secrets: 'Redact', encryption: { recipients: [RECIPIENT] } },
    { encryption: { recipients: [RECIPIENT] } },
  ].map((fields) => ({
    name: JSON.stringify(fields),
    spec: minimal(fields),
    field: 'spec.encryption',
    message: /encryption.recipients goes with secrets: Encrypt/,
  })),
  ...['age1x', 'ssh-ed25519 AAAA', `AGE-SECRET-KEY-1${'Q'.repeat(46)}`, RECIPIENT.replace('age1', 'age1b')].map(
    (recipient) => ({
      name: `recipient ${recipient}`,
      spec: minimal({ secrets: 'Encrypt', encryption: { recipients: [recipient] } }),
      field: 'spec.encryption.recipients[0]',
      message: /must be an age recipient|may not be (longer|more) than 62|Too long|62 char/i,
    }),
  ),
  ...['spec', '/', '/a//b', '/a/', '/a~2'].map((pointer) => sensitive(pointer, /must be a JSON pointer/)),
  ...[
    '/*',
    '/*/name',
    '/kind',
    '/apiVersion',
    '/metadata',
    '/metadata/*',
    '/metadata/name',
    '/metadata/namespace',
    '/metadata/*/x',
  ].map((pointer) => sensitive(pointer, /must not take in/)),
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
  ...['spec..type', '.spec', "spec['a", 'spec[0]', 'a b'].map((key) =>
    resource(
      { kind, fieldSelector: { matchFields: [{ key, operator: 'Exists' }] } },
      '.fieldSelector.matchFields[0].key',
      /must be a path|should match/,
    ),
  ),
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
  commit({ window: '2m' }, '', /maxLatency must not be shorter/),
  commit({ window: '11m', maxLatency: '20m' }, '.window', /between 0s and 10m/),
  commit({ maxLatency: '2h' }, '.maxLatency', /between 0s and 1h/),
  commit({ window: '5' }, '.window', /duration|should match/),
  commit({ author: { name: 'a <b>', email: 'a@b' } }, '.author.name', /without < >/),
  commit({ author: { name: 'a', email: 'a b' } }, '.author.email', /e-mail/),
  commit({ skipCI: 'a\nb' }, '.skipCI', /one line of printable/),
  commit({ skipCI: '' }, '.skipCI', /at least 1|>=1|too small/i),
  commit({ trailers: ['Signed-off-by'] }, '.trailers[0]', /Unsupported value|Invalid option/),
  commit({ signing: {} }, '.signing', /either secretRef or generate/),
  commit({ signing: { generate: true, secretRef: { name: 'a' } } }, '.signing', /either secretRef or generate/),
  commit({ signing: { generate: true, format: 'OpenPGP' } }, '.signing', /either secretRef or generate/),
  {
    name: 'an unknown source of authors',
    spec: minimal({ authors: { sources: ['Horoscope'] } }),
    field: 'spec.authors.sources[0]',
    message: /Unsupported value|Invalid option/,
  },
  {
    name: 'template and expression',
    spec: minimal({ layout: { template: '{name}', expression: 'name' } }),
    field: 'spec.layout',
    message: /not both/,
  },
  {
    name: 'many documents in JSON',
    spec: minimal({ layout: { format: 'JSON', documents: 'Many' } }),
    field: 'spec.layout',
    message: /needs format: YAML/,
  },
  ...['spec', '/a~2b', '/a//b', '/'].map((pointer) => ({
    name: `ignore ${pointer}`,
    spec: minimal({ ignore: [pointer] }),
    field: 'spec.ignore[0]',
    message: /JSON pointer|at least 2|>=2/,
  })),
  ...['/kind', '/metadata/name', '/*/namespace', '/*'].map((pointer) => ({
    name: `ignore ${pointer}`,
    spec: minimal({ ignore: [pointer] }),
    field: 'spec.ignore[0]',
    message: /in every file/,
  })),
  { name: 'interval 0s', spec: minimal({ interval: '0s' }), field: 'spec.interval', message: /between 1s and 24h/ },
  {
    name: 'a ServiceAccount of another namespace',
    spec: minimal({ serviceAccountName: 'other/robot' }),
    field: 'spec.serviceAccountName',
    message: /object name/,
  },
]

/** Specs that must be accepted. */
export const ACCEPTED: readonly Fields[] = [
  minimal(),
  minimal({ secrets: 'Redact', resources: [{ kind: 'Secret' }] }),
  minimal({ secrets: 'Hash', resources: [{ kind: 'Secret', names: ['db-*'] }] }),
  minimal({ secrets: 'Encrypt', encryption: { recipients: [RECIPIENT] }, resources: [{ kind: 'Secret' }] }),
  minimal({ resources: [{ kind: 'Secret', group: 'example.com' }] }),
  minimal({
    sensitive: [
      '/data/*',
      '/spec/users/*/password',
      '/data/a~1b',
      '/metadata/annotations/x',
      '/metadata/labels/*',
      '/kinds',
    ],
  }),
  ...['main', 'tenants/{namespace}', '{namespace}-{name}', 'a.b/c_d', 'feature/ä', 'a@b', 'lock', 'a.locks'].map(
    (value) => minimal({ repository: repository({ branch: value }) }),
  ),
  ...['.', 'a', 'a/b', '.github/x', '..a', 'a..b/c', '.gitops', 'a b/ü'].map((value) =>
    minimal({ repository: repository({ path: value }) }),
  ),
  ...[
    'http://127.0.0.1:3000/a',
    'https://git.example.com',
    'https://git.example.com/a/@b.git',
    'https://[::1]:8443/a',
    'ssh://git@git.example.com/a/b.git',
    'ssh://git.example.com:2222/a',
    'git@git.example.com:a/b.git',
    'git@[::1]:a',
  ].map((value) => minimal({ repository: { url: value } })),
  minimal({
    resources: [
      {
        group: 'apps',
        kind: 'Deployment',
        version: 'v1',
        names: ['web-*', 'system:node'],
        namespaces: { names: ['shop'] },
      },
      { group: 'vault.example.com', kind: 'Secret' },
      {
        kind: 'ConfigMap',
        labelSelector: {
          matchLabels: { 'app.kubernetes.io/name': 'web', empty: '' },
          matchExpressions: [
            { key: 'tier', operator: 'NotIn', values: ['a', 'b'] },
            { key: 'x', operator: 'Exists' },
          ],
        },
      },
    ],
  }),
  minimal({
    commit: {
      perObject: true,
      trailers: ['Changed-by', 'Changed-via', 'Object', 'Resource-version', 'Cluster'],
      skipCI: '[skip ci]',
      signing: { secretRef: { name: 'signing' }, format: 'OpenPGP' },
    },
    authors: {
      sources: ['FieldManager'],
      nameTemplate: '{user.local}',
      emailTemplate: '{user.local}@example.com',
      mappingRef: { name: 'people' },
      pseudonyms: { secretRef: { name: 'key' } },
    },
  }),
  minimal({ commit: { signing: { generate: true } }, authors: {} }),
  minimal({
    resources: [
      { kind: '*' },
      { group: '*', kind: '*', scope: 'Namespaced', owned: 'Include' },
      { group: 'apps', kind: '*', version: 'v1', namespaces: { selector: {} } },
      {
        kind: 'Service',
        owned: 'Exclude',
        fieldSelector: {
          matchFields: [
            { key: 'spec.type', operator: 'In', values: ['LoadBalancer', 'NodePort'] },
            { key: "metadata.annotations['example.com/team']", operator: 'Exists' },
          ],
        },
        namespaces: {
          selector: {
            matchLabels: { team: 'shop' },
            matchExpressions: [{ key: 'env', operator: 'NotIn', values: ['test'] }],
          },
        },
      },
    ],
    exclude: [
      { kind: 'ConfigMap', names: ['*-tmp'] },
      { group: '*', kind: '*', namespaces: { names: ['kube-*'] } },
      { labelSelector: { matchLabels: { 'example.com/ephemeral': 'true' } } },
    ],
    defaultExclusions: false,
    ignoreManagers: ['kustomize-controller', 'argocd-*'],
  }),
  minimal({
    repository: repository({ secretRef: { name: 'a' } }),
    push: {
      mode: 'PullRequest',
      branch: 'review/{namespace}',
      pullRequest: {
        title: '{summary}',
        body: '{changes}',
        labels: ['area/shop', 'a b'],
        reviewers: ['ann', 'team:x'],
      },
      options: ['ci.skip'],
    },
  }),
  minimal({ push: { mode: 'Commit', options: ['ci.skip'] } }),
  minimal({
    serviceAccountName: 'auditor',
    prune: 'Never',
    interval: '1h',
    suspend: true,
    layout: { format: 'JSON', template: '{name}.json' },
    fields: 'Applied',
    ignore: ['/spec/replicas', '/metadata/annotations/example.com~1noise', '/spec/containers/*/image', '/data/~*'],
    commit: {
      window: '0s',
      maxLatency: '0s',
      message: '{summary}',
      author: { name: 'Ada Lovelace', email: 'ada@example.com' },
      committer: { name: 'bot', email: 'bot@localhost' },
    },
  }),
  minimal({
    layout: { documents: 'Many', existing: 'Replace', kustomization: true, expression: 'id.namespace + "/all.yaml"' },
  }),
]
