import { expect, test } from 'vitest'
import { parseExact } from '../objects/exact-json.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { pathRule } from './path-rule.ts'
import { InvalidTemplateError } from './template-error.ts'

const OBJECT = parseExact(
  '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","labels":{"team":"Red/Blue"}},"spec":{"replicas":3,"big":9007199254740993,"list":[1,2]}}',
) as KubernetesObject
const ID = { group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: 'web' }
const path = async (expression: string): Promise<string> => (await pathRule({ expression }))(OBJECT, ID)

test.each([
  ['id.namespace + "/" + id.type + "/" + name + ".yaml"', 'shop/deployment.apps/web.yaml'],
  ['group + "/" + version + "/" + kind + "/" + resource', 'apps/v1/%44eployment/deployments'],
  ['"teams/" + object.metadata.labels.team + "/x"', 'teams/%52ed/%42lue/x'],
  ['object.metadata.?labels["none"].orValue("none") + ".yaml"', undefined],
  ['has(object.metadata.annotations) ? "a" : "b"', 'b'],
  ['object.spec.replicas > 2 ? "large/" + name : name', 'large/web'],
  ['string(object.spec.big)', '9007199254740993'],
  ['object.metadata.labels.exists(k, k == "team") ? "x" : "y"', 'x'],
  ['name.split("e")[0] + name.substring(name.indexOf("b"))', 'wb'],
  ['name.contains("we") ? "a" : "b"', 'a'],
  ['"../../etc/" + name', '%2E%2E/%2E%2E/etc/web'],
  ['".git/config"', '%2Egit/config'],
])('%s', async (expression, expected) => {
  if (expected === undefined) await expect(path(expression)).rejects.toThrow(InvalidTemplateError)
  else expect(await path(expression)).toBe(expected)
})

test.each([
  ['name +', /expression/],
  ['nothing', /nothing/],
  ['1 + 2', /where a path is a string/],
  ['name.matches("(a+)+$") ? "a" : "b"', /regular expressions/],
  ['object.spec.list.map(x, object.spec.list.map(y, y)).size() > 0 ? "a" : "b"', /loop/],
  ['name.split("").join(name)', /join has no bound/],
  ['name.contains(object.data.a) ? "a" : "b"', /between quotes/],
  ['name.lastIndexOf(name) > 0 ? "a" : "b"', /between quotes/],
  ['name.split(object.data.a)[0]', /between quotes/],
  [Array.from({ length: 300 }, () => 'name').join(' + '), /maxAstNodes/],
])('%s is refused', async (expression, problem) => {
  await expect(pathRule({ expression })).rejects.toThrow(InvalidTemplateError)
  await expect(pathRule({ expression })).rejects.toThrow(problem)
})

test.each([
  'object.metadata.labels.none',
  'object.constructor.constructor("return process")()',
  'object.__proto__.x',
  'object.spec.replicas',
  '"/" + name',
  'name + "//x"',
  '""',
])('%s gives no path for this object', async (expression) => {
  await expect(path(expression)).rejects.toThrow()
})

test('what takes too long ends', async () => {
  const rule = await pathRule({
    expression: 'object.spec.list.filter(x, string(x) + name != "").size() > 0 ? "a" : "b"',
  })
  const large = { ...OBJECT, spec: { list: Array.from({ length: 1_000_000 }, (_, i) => i) } }
  expect(() => rule(large, ID)).toThrow(/timed out/)
  expect(rule(OBJECT, ID)).toBe('a')
})

test('a text that no path has room for is not there', async () => {
  const rule = await pathRule({ expression: 'has(object.data.a) ? "there" : "gone"' })
  expect(rule({ ...OBJECT, data: { a: 'a'.repeat(1_000) } }, ID)).toBe('there')
  expect(rule({ ...OBJECT, data: { a: 'a'.repeat(1_001) } }, ID)).toBe('gone')
})

test('an expression that is slow for every object ends by itself', async () => {
  const expression = 'object.spec.list.filter(x, string(x) + name != "").size() > 0 ? "a" : "b"'
  const rule = await pathRule({ expression })
  const slow = { ...OBJECT, spec: { list: Array.from({ length: 60_000 }, (_, i) => i) } }
  for (let i = 0; i < 300; i++) {
    try {
      rule(slow, ID)
    } catch {
      // As intended.
    }
  }
  // It is not evaluated any more.
  expect(() => rule(slow, ID)).toThrow(/too many objects/)
})
