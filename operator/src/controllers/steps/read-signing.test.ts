import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../objects/object.ts'
import { makeSshKey } from '../../push/ssh-key.ts'
import { gitSync, reconciliation } from '../testing/reconciliation.ts'
import { readSigning } from './read-signing.ts'

const OWNER = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitSync', name: 'audit', uid: 'uid-shop-audit' }

/** Reads the key of GitSync `name` from a Secret with these owners. */
async function read(name: string, ownerReferences: readonly object[]) {
  const { privateKey } = makeSshKey('test')
  const secret: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'signing', labels: { 'gitsync.dev/credential': 'true' }, ownerReferences } as never,
    data: { identity: Buffer.from(privateKey).toString('base64') },
  }
  const object = gitSync({ name })
  const commit = { signing: { secretRef: { name: 'signing' } } }
  const whole = { ...object, spec: { ...(object['spec'] as object), commit } }
  const run = reconciliation({ client: { get: async () => secret } }, whole)
  return { problem: await readSigning(run), key: run.signing?.publicKey }
}

test('a key that was made for one GitSync signs for no other', async () => {
  const { problem, key } = await read('mallory', [OWNER])
  expect(problem).toMatchObject({ reason: 'SecretNotConsenting', message: expect.stringMatching(/GitSync audit/) })
  expect(key).toBeUndefined()
})

test('the GitSync that it was made for may name it, and anybody one that belongs to no GitSync', async () => {
  expect(await read('audit', [OWNER])).toMatchObject({
    problem: undefined,
    key: expect.stringMatching(/^ssh-ed25519 /),
  })
  const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }
  expect((await read('mallory', [other])).key).toMatch(/^ssh-ed25519 /)
})
