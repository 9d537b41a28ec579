import { Decrypter, armor, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { beforeEach, expect, test } from 'vitest'
import { parseGitSync } from '../api/parse.ts'
import type { KubeClient } from '../kube/client.ts'
import { KubeError } from '../kube/errors.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { ProtectionError } from '../render/secrets/protection-error.ts'
import { loadSecretKeys } from './secret-keys.ts'
import { gitSync } from './testing/reconciliation.ts'

let stored: KubernetesObject | undefined
let writes: string[]
let refused: KubeError['code'] | undefined

beforeEach(() => {
  stored = undefined
  writes = []
  refused = undefined
})

/** One Secret, as an API server keeps it. */
const client = {
  async get() {
    if (stored === undefined) throw new KubeError('NotFound', 'GET: 404')
    return stored
  },
  async create(_resource: unknown, _namespace: unknown, object: object) {
    if (refused !== undefined) throw new KubeError(refused, 'POST: refused: quoted')
    writes.push('create')
    stored = object as KubernetesObject
    return stored
  },
  async replace(_resource: unknown, _namespace: unknown, _name: unknown, object: object) {
    writes.push('replace')
    stored = object as KubernetesObject
    return stored
  },
} satisfies Partial<KubeClient> as unknown as KubeClient

const SYNC = parseGitSync(gitSync({ name: 'audit' }))
const load = (recipients: readonly string[], now = Date.UTC(2026, 0, 2, 3, 4, 5, 678)) =>
  loadSecretKeys(client, SYNC, { recipients, now })

async function open(enc: string, identity: string): Promise<Uint8Array> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  return await decrypter.decrypt(armor.decode(enc))
}

test('keys are made once, belong to the GitSync, and each recipient can open the data key', async () => {
  const identities = [await generateX25519Identity(), await generateX25519Identity()]
  const recipients = await Promise.all(identities.map(identityToRecipient))
  const keys = await load(recipients)
  expect(stored).toMatchObject({
    metadata: {
      name: 'gitsync-keys-uid-shop-audit',
      namespace: 'shop',
      labels: { 'gitsync.dev/internal': 'true' },
      ownerReferences: [{ kind: 'GitSync', name: 'audit', uid: 'uid-shop-audit' }],
    },
  })
  expect(keys.encryption?.created).toBe('2026-01-02T03:04:05Z')
  for (const [i, recipient] of recipients.entries()) {
    const wrapped = keys.encryption?.wrapped.find((entry) => entry.recipient === recipient)
    expect(Buffer.from(await open(wrapped?.enc ?? '', identities[i] ?? ''))).toEqual(
      Buffer.from(keys.encryption?.dataKey ?? []),
    )
  }
  expect(await load([...recipients].reverse(), Date.UTC(2030, 0, 1))).toEqual(keys)
  expect(writes).toEqual(['create'])
})

test('other recipients get another data key; hashes stay the same', async () => {
  const [a, b] = await Promise.all([1, 2].map(async () => identityToRecipient(await generateX25519Identity())))
  const first = await load([a ?? ''])
  const second = await load([a ?? '', b ?? ''])
  expect(second.encryption?.dataKey).not.toEqual(first.encryption?.dataKey)
  expect(second.hashKey).toEqual(first.hashKey)
  // Nobody is encrypted for now; who comes back finds the key of before.
  expect((await load([])).hashKey).toEqual(first.hashKey)
  expect(writes).toEqual(['create', 'replace'])
})

test('a recipient with a typing error is refused, and nothing is stored', async () => {
  await expect(load([`age1${'q'.repeat(58)}`])).rejects.toThrow(/is not an age recipient: its checksum is wrong/)
  expect(writes).toEqual([])
})

test.each([
  ['nothing', {}],
  ['a short key', { 'hash-key': 'c2hvcnQ=' }],
  [
    'a data key that nobody can open',
    { 'hash-key': Buffer.alloc(32).toString('base64'), 'data-key': Buffer.alloc(32).toString('base64') },
  ],
])('a Secret that holds %s is not overwritten: somebody may need it', async (_what, data) => {
  stored = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, data }
  await expect(load([])).rejects.toThrow(/does not hold keys as the operator made them: delete it/)
  expect(writes).toEqual([])
})

test('a missing right is told with what grants it; anything else is tried again', async () => {
  refused = 'Forbidden'
  await expect(load([])).rejects.toThrow(ProtectionError)
  await expect(load([])).rejects.toThrow(/watch\.secrets of the chart/)
  // Another operator was faster: the next try reads what it made.
  refused = 'AlreadyExists'
  await expect(load([])).rejects.toMatchObject({
    code: 'AlreadyExists',
    message: expect.not.stringContaining('quoted'),
  })
})
