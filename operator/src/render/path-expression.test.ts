import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { parseExact } from '../objects/exact-json.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { parseExpression } from './path-expression.ts'
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

/** Evaluates for a while, until there is no path; tells why. */
const EVALUATES = `
  const { parseExpression } = await import(${JSON.stringify(new URL('path-expression.ts', import.meta.url).href)})
  const rule = parseExpression('object.spec.list.filter(x, string(x) + name != "").size() > 0 ? "a" : "b"')
  const object = { spec: { list: Array.from({ length: 500 }, (_, i) => i) } }
  process.stdout.write('begun;')
  for (const end = process.threadCpuUsage().user + 150_000; process.threadCpuUsage().user < end;) {
    try {
      rule(object, ${JSON.stringify(ID)})
    } catch (error) {
      process.stdout.write(error.message)
      break
    }
  }`

test('waiting for the processor is not the expression: what was interrupted by it has its path', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', EVALUATES])
  const told: string[] = []
  child.stdout.on('data', (data: Buffer) => told.push(data.toString()))
  const ended = once(child, 'close')
  try {
    await once(child.stdout, 'data')
    // As a container is that has used up its share.
    while (child.exitCode === null) {
      child.kill('SIGSTOP')
      await sleep(80)
      child.kill('SIGCONT')
      await sleep(40)
    }
  } finally {
    child.kill('SIGKILL')
  }
  expect(await ended).toEqual([0, null])
  expect(told.join('')).toBe('begun;')
})

test('a text that no path has room for is not there', async () => {
  const rule = await pathRule({ expression: 'has(object.data.a) ? "there" : "gone"' })
  expect(rule({ ...OBJECT, data: { a: 'a'.repeat(1_000) } }, ID)).toBe('there')
  expect(rule({ ...OBJECT, data: { a: 'a'.repeat(1_001) } }, ID)).toBe('gone')
})

test('an expression that is slow for every object is soon evaluated for few of them', () => {
  let time = 0
  // Looked at when an evaluation begins and when it ends: each takes 5 ms.
  const rule = parseExpression('id.type + name', () => (time += 5))
  const refused: unknown[] = []
  for (let i = 0; i < 1_000; i++) {
    try {
      rule(OBJECT, ID)
    } catch (error) {
      refused.push(error)
    }
  }
  // All while a second lasts that loses 4 ms with each, and then one in five.
  expect(1_000 - refused.length).toBe(250 + 750 / 5)
  expect(String(refused[0])).toContain('too many objects')
})
