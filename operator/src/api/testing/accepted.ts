import { minimal, repository, RECIPIENT } from './spec.ts'
import type { Fields } from './spec.ts'

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
  minimal({
    repository: repository({ secretRef: { name: 'a' } }),
    push: { mode: 'PullRequest', branch: 'review/{namespace}/x-{author}-{name}', pullRequest: { labels: ['a'] } },
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
