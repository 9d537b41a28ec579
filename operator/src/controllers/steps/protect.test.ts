import { expect, test } from 'vitest'
import { KubeError } from '../../kube/errors.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { gitSync, reconciliation } from '../testing/reconciliation.ts'
import { protect } from './protect.ts'

const refuse = async (): Promise<never> => {
  throw new KubeError('Forbidden', 'GET: 403')
}

function run(spec: Readonly<Record<string, unknown>>) {
  const object: KubernetesObject = gitSync({ name: 'x' })
  const whole = { ...object, spec: { ...(object['spec'] as object), ...spec } }
  return reconciliation({ client: { get: refuse } }, whole)
}

const SECRET = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, data: { a: 'YQ==' } }
const MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'db' }, data: { a: 'b' } }

test('while nothing is sensitive nothing is protected, and no key is asked for', async () => {
  const reconciliation = run({})
  await protect(reconciliation)
  expect(reconciliation.protection).toBeUndefined()
})

test('marked fields are left out without a policy', async () => {
  const reconciliation = run({ sensitive: ['/data/a'] })
  await protect(reconciliation)
  expect(reconciliation.protection?.protect(MAP, 'YAML').object).not.toHaveProperty('data')
})

test('without the keys the GitSync goes on, and what is sensitive is not written', async () => {
  const reconciliation = run({ secrets: 'Hash', sensitive: ['/data/x'] })
  expect(await protect(reconciliation)).toBeUndefined()
  expect(reconciliation.problems).toMatchObject([
    { reason: 'EncryptionFailed', message: expect.stringMatching(/may not read, make and change/) },
  ])
  expect(() => reconciliation.protection?.protect(SECRET, 'YAML')).toThrow(/may not read, make and change/)
  expect(reconciliation.protection?.protect(MAP, 'YAML').object).toEqual(MAP)
})

test('an API server that does not answer is no reason to go on without protection', async () => {
  const reconciliation = run({ secrets: 'Hash' })
  const get = async (): Promise<never> => {
    throw new KubeError('Unavailable', 'GET: 503')
  }
  Object.assign(reconciliation.environment, { client: { get } })
  await expect(protect(reconciliation)).rejects.toThrow('cannot be read or written: Unavailable')
  expect(reconciliation.protection).toBeUndefined()
})
