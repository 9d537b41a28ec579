import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTemplate, renderPath, type PathIdentity } from './path.ts'
import { InvalidTemplateError } from './template-error.ts'

const DEFAULT = '{namespace}/{type}/{name}.yaml'
const id = (fields: Partial<PathIdentity> = {}): PathIdentity => ({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  name: 'settings',
  ...fields,
})

const pathOf = (template: string, identity: PathIdentity): string => renderPath(parseTemplate(template), identity)

test.each<[string, PathIdentity, string]>([
  [DEFAULT, id({ namespace: 'shop' }), 'shop/configmap/settings.yaml'],
  [DEFAULT, id({ namespace: 'shop', group: 'apps', kind: 'Deployment', name: 'web' }), 'shop/deployment.apps/web.yaml'],
  [
    DEFAULT,
    id({ group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node' }),
    '_cluster/clusterrole.rbac.authorization.k8s.io/system%3Anode.yaml',
  ],
  ['{group}/{version}/{resource}/x-{name}.json', id(), 'core/v1/configmaps/x-settings.json'],
  ['{kind}/{name}', id(), '%43onfig%4Dap/settings'],
  ['{name}', id({ name: '.git' }), '%2Egit'],
  ['{name}', id({ name: '..' }), '%2E.'],
  ['{name}', id({ name: 'Ä 100%' }), '%C3%84%20100%25'],
  ['{name}', id({ name: 'a/b' }), 'a%2Fb'],
  ['all.yaml', id(), 'all.yaml'],
])('%s of %j is %s', (template, identity, path) => {
  expect(pathOf(template, identity)).toBe(path)
})

test('parts over 200 bytes are cut and end in a hash; their ending stays', () => {
  const path = pathOf(DEFAULT, id({ namespace: 'shop', name: 'n'.repeat(253) }))
  expect(path).toMatch(/^shop\/configmap\/n{167}~[0-9a-f]{32}\.yaml$/)
  expect(pathOf('{name}', id({ name: 'n'.repeat(200) }))).toBe('n'.repeat(200))
  expect(pathOf('{name}', id({ name: `${'n'.repeat(165)}${':'.repeat(60)}` }))).toMatch(/^n{165}~[0-9a-f]{32}$/)
})

test.each([
  ['{namespace}/{nmae}.yaml', 'nmae', /\{nmae\} is unknown; placeholders are \{namespace\} \{type\} .*\{name\}/],
  ['/{name}', '/{name}', /relative/],
  ['', '', /empty/],
  ['a//{name}', '', /empty/],
  ['a/', '', /empty/],
  ['../{name}', '..', /dot/],
  ['a/./{name}', '.', /dot/],
  ['.git/{name}', '.git', /dot/],
  ['.GIT/{name}', '.GIT', /dot/],
  ['.gitsync', '.gitsync', /dot/],
  ['{name}.', '{name}.', /dot/],
  ['{name', '{name', /brace/],
  ['name}', 'name}', /brace/],
  ['{{name}}', '{', /brace/],
  ['a:b/{name}', 'a:b', /characters/],
  ['a\\{name}', 'a\\{name}', /characters/],
  ['{name}%2f', '{name}%2f', /characters/],
  [`${'x'.repeat(51)}{name}`, `${'x'.repeat(51)}{name}`, /more than 50/],
])('template %j is refused', (template, part, message) => {
  const parse = () => parseTemplate(template)
  expect(parse).toThrow(InvalidTemplateError)
  expect(parse).toThrow(message)
  try {
    parse()
  } catch (error) {
    expect(error).toMatchObject({ code: 'InvalidTemplate', template, part })
  }
})

const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?$/)
const identity = fc.record({
  group: fc.oneof(
    fc.constant(''),
    fc.constant('core'),
    label,
    fc.tuple(label, label).map(([a, b]) => `${a}.${b}`),
  ),
  kind: fc.stringMatching(/^[A-Z][a-z]{0,6}$/),
  namespace: fc.option(label, { nil: undefined }),
  name: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
    fc.stringMatching(/^[aA%.~:_]{1,4}$/),
    fc.string({ unit: fc.constantFrom('a', ':'), minLength: 60, maxLength: 253 }),
  ),
})

test('different objects have different paths, safe on every file system', () => {
  const toId = ({ namespace, ...rest }: { namespace: string | undefined; group: string; kind: string; name: string }) =>
    id(namespace === undefined ? rest : { ...rest, namespace })
  fc.assert(
    fc.property(fc.array(identity, { minLength: 2, maxLength: 20 }), (objects) => {
      const keys = new Set(
        objects.map(({ group, kind, namespace, name }) => JSON.stringify([group, kind, namespace, name])),
      )
      const paths = new Set(objects.map((object) => pathOf(DEFAULT, toId(object))))
      expect(paths.size).toBe(keys.size)
      for (const path of paths) expect(path).toMatch(/^([a-z0-9_%-][a-zA-F0-9._%~-]{0,206}(\/|$)){3}$/)
    }),
    { numRuns: 500 },
  )
})

test('a cut name is not the whole name of another object', () => {
  const long = pathOf('{name}', id({ name: 'n'.repeat(253) }))
  expect(pathOf('{name}', id({ name: long }))).not.toBe(long)
})
