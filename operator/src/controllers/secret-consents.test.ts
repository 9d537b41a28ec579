import { expect, test } from 'vitest'
import type { KubeClient } from '../kube/client.ts'
import { KubeError } from '../kube/errors.ts'
import { toldPool } from '../kube/testing/told-pool.ts'
import { secretConsents } from './secret-consents.ts'

function consents(labels: Readonly<Record<string, string>> | KubeError['code'], rolesOnly = false) {
  let changes = 0
  const client = {
    async get(_resource: unknown, _namespace: unknown, name: string) {
      if (typeof labels === 'string') throw new KubeError(labels, 'GET: refused')
      return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
    },
  } as unknown as KubeClient
  const pool = toldPool()
  const made = secretConsents(client, pool, { rolesOnly, changed: () => changes++ })
  return { made, handlers: pool.handlers, narrowings: pool.narrowings, changes: () => changes }
}

test.each([
  [{ 'gitsync.dev/secrets': 'allowed' }, undefined],
  [{ 'gitsync.dev/secrets': 'Allowed' }, /has not got the label/],
  [{ 'gitsync.dev/secrets': '' }, /has not got the label/],
  [{}, /has not got the label/],
  ['NotFound', /does not exist/],
  ['Forbidden', /may not read namespace shop.*watch\.secrets/],
] as const)('%j', async (labels, expected) => {
  const refusal = await consents(labels).made.refusal('shop')
  if (expected === undefined) expect(refusal).toBeUndefined()
  else expect(refusal).toMatch(expected)
})

test('no answer is no consent', async () => {
  await expect(consents('Unavailable').made.refusal('shop')).rejects.toThrow(KubeError)
})

test('namespaces are watched from the first question on, by their label; each change is told', async () => {
  const { made, handlers, narrowings, changes } = consents({})
  expect(handlers).toHaveLength(0)
  await made.refusal('shop')
  await made.refusal('shop')
  expect(narrowings).toEqual([{ labelSelector: 'gitsync.dev/secrets=allowed' }])
  const [handler] = handlers
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }
  handler?.onObject(namespace, 'initial')
  expect(changes()).toBe(0)
  handler?.onObject(namespace, 'live')
  expect(changes()).toBe(1)
  handler?.onDelete(namespace)
  expect(changes()).toBe(2)
  handler?.onSynced({ present: new Set(), vanished: new Set() })
  expect(changes()).toBe(2)
  handler?.onSynced({ present: new Set(), vanished: new Set(['/shop']) })
  expect(changes()).toBe(3)
})

test('with Roles alone namespaces are asked about and not watched', async () => {
  const { made, handlers } = consents({ 'gitsync.dev/secrets': 'allowed' }, true)
  expect(await made.refusal('shop')).toBeUndefined()
  expect(handlers).toHaveLength(0)
})
