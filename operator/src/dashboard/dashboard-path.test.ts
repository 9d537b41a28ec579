import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  ALERT_RULES_TEMPLATE,
  DEFAULT_TEMPLATE,
  LIBRARY_PANELS_TEMPLATE,
  templatePath,
  withSuffix,
} from './dashboard-path.ts'

const values = {
  title: 'Nodes / CPU',
  uid: 'AbC_1',
  folders: [] as readonly string[],
  variables: { configMap: 'node-exporter.v2', key: 'nodes' },
  fallback: 'nodes',
}

test.each([
  [DEFAULT_TEMPLATE, {}, 'dashboards/nodes-cpu.json'],
  [DEFAULT_TEMPLATE, { folders: ['Team A', 'Über'] }, 'dashboards/team-a/uber/nodes-cpu.json'],
  ['{folder}/{uid}.json', { folders: ['x'] }, 'x/abc-1.json'],
  ['{folder}/{uid}.json', { uid: undefined }, '/nodes-cpu.json'.slice(1)],
  ['Mirror/{configMap}.{key}.json', {}, 'Mirror/node-exporter-v2.nodes.json'],
  ['{title}-{key}.json', { title: '監視' }, 'nodes-nodes.json'],
  [
    ALERT_RULES_TEMPLATE,
    { folders: ['Team A'], variables: { group: 'High load!' } },
    'alert-rules/team-a/high-load.yaml',
  ],
  [ALERT_RULES_TEMPLATE, { variables: { group: '監視' }, fallback: 'rules-0a' }, 'alert-rules/rules-0a.yaml'],
  [LIBRARY_PANELS_TEMPLATE, { variables: { name: 'Latency', uid: 'p' } }, 'library-panels/latency.json'],
  // What the source calls so comes before the dashboard's own.
  ['{folder}/{uid}-{constructor}.json', { variables: { uid: 'own' } }, 'own-nodes.json'],
  ['a/{title}{title}.json', { title: 'x'.repeat(300) }, `a/${'x'.repeat(150)}.json`],
])('%s with %j is %s', (template, other, path) => {
  expect(templatePath(template, { ...values, ...other })).toBe(path)
})

test('a folder without a letter has a name of its own, and another one another', () => {
  const [one, two] = ['監視', '運用'].map((folder) => templatePath(DEFAULT_TEMPLATE, { ...values, folders: [folder] }))
  expect(one).toMatch(/^dashboards\/folder-[0-9a-f]{8}\/nodes-cpu\.json$/)
  expect(two).not.toBe(one)
})

test('neither a title nor a key without a letter hides a file', () => {
  const [one, two] = ['_', '__'].map((fallback) =>
    templatePath(DEFAULT_TEMPLATE, { ...values, title: '監視', fallback }),
  )
  expect(one).toMatch(/^dashboards\/dashboard-[0-9a-f]{8}\.json$/)
  expect(two).not.toBe(one)
})

test('no value leads out of the folder, hides a file, or gives what cannot be a file name', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('..', '.', '../..', '/etc', '.git', 'a/../../b', '%2e%2e', '\0', 'CON', '.gitsync'),
    fc.string({ minLength: 200, maxLength: 400 }),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(
        DEFAULT_TEMPLATE,
        '{folder}/{uid}.json',
        '{configMap}/{key}.json',
        'a/{title}-{uid}.json',
        '{folder}/{key}.yaml',
      ),
      text,
      text,
      fc.array(text, { maxLength: 5 }),
      text,
      (template, title, uid, folders, key) => {
        const path = templatePath(template, {
          title,
          uid,
          folders,
          variables: { configMap: key, key },
          fallback: key,
        })
        for (const each of [path, withSuffix(path, '0123abcd')])
          expect(each).toMatch(/^([a-z0-9][a-z0-9-]*\/)*[a-z0-9][a-z0-9-]{0,170}\.(json|yaml)$/)
      },
    ),
    { numRuns: 500 },
  )
})
