import { describe, expect, test } from 'vitest'
import { parseGitSync } from '../../api/parse.ts'
import { gitSync } from '../../controllers/testing/reconciliation.ts'
import { checksOf } from './why.ts'
import type { Asked } from './why.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import type { Exclusions } from '../../plan/exclusions.ts'

const object = (labels: Readonly<Record<string, string>> = {}, namespace = 'shop') => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace, labels },
})
const CONFIGMAP = { group: '', kind: 'ConfigMap', plural: 'configmaps' }
const SECRET = { group: '', kind: 'Secret', plural: 'secrets' }
const NONE: Exclusions = { defaultExclusions: true }

/** What does not hold. */
function why(resource: object, live: KubernetesObject, asked: Partial<Asked> = {}): readonly string[] {
  const { spec, ...rest } = gitSync({ name: 's' }, {}, [{ kind: live.kind, ...resource }])
  const [selector] = parseGitSync({ ...rest, spec: { ...(spec as object), secrets: 'Redact' } }).spec.resources
  if (selector === undefined) throw new Error('no selector')
  const by = { resource: CONFIGMAP, home: 'shop', namespaces: undefined, exclusions: NONE, ...asked }
  return checksOf(selector, { ...by, object: live })
    .filter(({ passed }) => !passed)
    .map(({ text }) => text)
}

test.each([
  [{}, {}, 'shop', []],
  [{}, {}, 'other', ['namespace other is none of shop']],
  [{ namespaces: { names: ['other'] } }, {}, 'other', []],
  [{ names: ['web-*', 'sett*'] }, {}, 'shop', []],
  [{ names: ['web-*'] }, {}, 'shop', ['name settings is none of web-*']],
  [{ labelSelector: { matchLabels: { app: 'web' } } }, {}, 'shop', ['label app must be web and is not set']],
  [{ labelSelector: { matchLabels: { app: 'web' } } }, { app: 'api' }, 'shop', ['label app must be web and is "api"']],
  [
    { labelSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] } },
    { tier: 'c' },
    'shop',
    ['label tier must be In a, b and is "c"'],
  ],
  [
    {},
    { 'gitsync.dev/internal': 'true' },
    'shop',
    ["it is the operator's own bookkeeping (label gitsync.dev/internal)"],
  ],
])('%j of an object with labels %j in %s: %j', (resource, labels, namespace, expected) => {
  expect(why(resource, object(labels, namespace))).toEqual(expected)
})

describe('what leaves an object out is named', () => {
  const web = object({ app: 'web' })
  const withMeta = (metadata: object) => ({ ...web, metadata: { ...web.metadata, ...metadata } })
  const owned = withMeta({
    ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web-1', uid: 'u', controller: true }],
  })
  const secret = (type: string, labels = {}) => ({ ...object(labels), kind: 'Secret', type })

  test.each<[string, object, KubernetesObject, Partial<Asked>, string]>([
    [
      'fieldSelector',
      { fieldSelector: { matchFields: [{ key: 'data.mode', operator: 'In', values: ['a', 'b'] }] } },
      web,
      {},
      'field data.mode must be In a, b (fieldSelector)',
    ],
    ['owned', { owned: 'Exclude' }, owned, {}, 'it belongs to Pod web-1 (owned: Exclude, of the entry)'],
    [
      'owned with a wildcard',
      { kind: '*', group: '*' },
      owned,
      {},
      'it belongs to Pod web-1 (owned: Exclude, the default with kind: "*")',
    ],
    [
      'exclude',
      {},
      web,
      { exclusions: { ...NONE, exclude: [{ kind: 'Secret' }, { names: ['set*'] }] } },
      'spec.exclude[1] leaves it out',
    ],
    [
      'default exclusions',
      {},
      withMeta({ name: 'kube-root-ca.crt' }),
      {},
      'spec.defaultExclusions leave it out (kube-root-ca.crt): names may name it',
    ],
    [
      'ignoreManagers',
      {},
      withMeta({ managedFields: [{ manager: 'argocd', time: '2026-01-01T00:00:00Z' }] }),
      { exclusions: { ...NONE, ignoreManagers: ['argo*'] } },
      'its last write is by a manager of spec.ignoreManagers (argo*)',
    ],
    [
      'namespaces.selector',
      { namespaces: { selector: { matchLabels: { team: 'a' } } } },
      web,
      { namespaces: new Set(['other']) },
      'namespace shop does not have the labels that namespaces.selector asks for',
    ],
    [
      'a Secret under a wildcard',
      { kind: '*', group: '*' },
      secret('Opaque'),
      { resource: SECRET },
      'Secrets are only written where an entry names kind: Secret',
    ],
    [
      'a login of the operator',
      {},
      secret('Opaque', { 'gitsync.dev/credential': 'true' }),
      { resource: SECRET },
      'Secrets that are logins of this operator, or made by the cluster for its own use, are not written',
    ],
  ])('%s', (_name, resource, live, asked, expected) => {
    expect(why(resource, live, asked)).toEqual([expected])
  })
})
