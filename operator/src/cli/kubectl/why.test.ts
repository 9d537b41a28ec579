import { expect, test } from 'vitest'
import { parseGitSync } from '../../api/parse.ts'
import { gitSync } from '../../controllers/testing/reconciliation.ts'
import { checksOf } from './why.ts'

const object = (labels: Readonly<Record<string, string>> = {}, namespace = 'shop') => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace, labels },
})
/** What does not hold. */
function why(resource: object, ...[labels, namespace]: Parameters<typeof object>): readonly string[] {
  const [selector] = parseGitSync(gitSync({ name: 's' }, {}, [{ kind: 'ConfigMap', ...resource }])).spec.resources
  if (selector === undefined) throw new Error('no selector')
  const checks = checksOf(selector, object(labels, namespace), 'shop')
  return checks.filter(({ passed }) => !passed).map(({ text }) => text)
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
  expect(why(resource, labels, namespace)).toEqual(expected)
})
