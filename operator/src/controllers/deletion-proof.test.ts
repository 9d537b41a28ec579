import { expect, test, vi } from 'vitest'
import type { KubeClient } from '../kube/client.ts'
import type { Discovery, Resolution } from '../kube/discovery.ts'
import { KubeError } from '../kube/errors.ts'
import type { KubeErrorCode } from '../kube/errors.ts'
import { resourcePath } from '../kube/resource.ts'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { PushFailure } from '../push/failure.ts'
import { deletionProof } from './deletion-proof.ts'

const FOO = {
  group: 'a.example',
  version: 'v1',
  kind: 'Foo',
  plural: 'foos',
  namespaced: true,
  verbs: ['get'],
  hasStatus: false,
}
const SERVED: Resolution = { state: 'Served', resource: FOO }

function prove(resolution: Resolution, answers: { crd?: KubeErrorCode | 'ends'; object?: KubeErrorCode }) {
  const asked: string[] = []
  const get: KubeClient['get'] = async ({ kind, plural }, namespace, name) => {
    asked.push(`${plural}/${name}`)
    const answer = kind === 'CustomResourceDefinition' ? answers.crd : answers.object
    if (answer !== undefined && answer !== 'ends') throw new KubeError(answer, `GET ${plural}/${name}: ${answer}`)
    const ending = answer === 'ends' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}
    return { apiVersion: 'v1', kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...ending } }
  }
  const seen = { resolution }
  const discovery: Partial<Discovery> = { resolve: async () => seen.resolution }
  const clock = manualClock()
  const proof = deletionProof({ get } as KubeClient, discovery as Discovery, clock)
  const { group, kind } = resolution.state === 'Served' ? resolution.resource : FOO
  const ask = (): Promise<boolean> => proof.isGone({ group, kind, namespace: 'shop', name: 'x' })
  const isServed = (): Promise<boolean> => proof.isServed({ group, kind })
  return { asked, ask, isServed, clock, seen, gone: ask() }
}

test.each([
  ['not found', SERVED, { object: 'NotFound' }, true],
  ['still there', SERVED, {}, false],
  ['not found while its definition goes away', SERVED, { crd: 'ends', object: 'NotFound' }, false],
  ['of a kind that is not served', { state: 'NotServed' }, { object: 'NotFound' }, false],
  ['of a kind that is not served any more', SERVED, { object: 'NotServed' }, false],
] as const)('an object that is %s', async (_what, resolution, answers, gone) => {
  expect(await prove(resolution, answers).gone).toBe(gone)
})

test.each([
  [
    'discovery fails',
    { state: 'Unknown', error: new KubeError('Unavailable', 'GET /apis: 503') },
    {},
    /GET \/apis: 503$/,
  ],
  [
    'the definition may not be read',
    SERVED,
    { crd: 'Forbidden', object: 'NotFound' },
    /customresourcedefinitions\/foos\.a\.example: Forbidden$/,
  ],
  ['the object may not be read', SERVED, { object: 'Forbidden' }, /foos\/x: Forbidden$/],
  ['the server is away', SERVED, { object: 'Unavailable' }, /Unavailable$/],
] as const)('nothing can be told when %s', async (_what, resolution, answers, message) => {
  const error: unknown = await prove(resolution, answers).gone.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(PushFailure)
  const reason = message.source.includes('Forbidden') ? 'Forbidden' : 'ClusterUnavailable'
  expect(error).toMatchObject({ reason, message: expect.stringMatching(message) })
  expect((error as Error).message).toMatch(/^cannot tell whether Foo\.a\.example\/shop\/x is gone: /)
})

test.each(['apps', 'networking.k8s.io'])('a built-in kind of %s has no definition to ask for', async (group) => {
  const { asked, gone } = prove(
    { state: 'Served', resource: { ...FOO, group } },
    { crd: 'Forbidden', object: 'NotFound' },
  )
  expect(await gone).toBe(true)
  expect(asked).toEqual(['foos/x'])
})

test('what was seen of a definition for one deletion is not believed for the next: it may end at once', async () => {
  const answers: Parameters<typeof prove>[1] = { object: 'NotFound' }
  const { ask, gone } = prove(SERVED, answers)
  expect(await gone).toBe(true)
  answers.crd = 'ends'
  expect(await ask()).toBe(false)
})

test('files of a kind that is not read any more share one look at it', async () => {
  const { asked, clock, isServed, gone } = prove(SERVED, { object: 'NotFound' })
  await gone
  asked.length = 0
  expect(await Promise.all([isServed(), isServed()])).toEqual([true, true])
  expect(asked).toEqual(['customresourcedefinitions/foos.a.example'])
  clock.advance(100)
  expect(await isServed()).toBe(true)
  expect(asked).toHaveLength(2)
})

test('a refusal is not remembered: the permission may be there a moment later', async () => {
  const answers: Parameters<typeof prove>[1] = { crd: 'Forbidden', object: 'NotFound' }
  const { ask, gone } = prove(SERVED, answers)
  await expect(gone).rejects.toBeInstanceOf(PushFailure)
  delete answers.crd
  expect(await ask()).toBe(true)
})

test('a kind whose definition went is not built in because discovery still lists it', async () => {
  const answers: Parameters<typeof prove>[1] = { crd: 'ends', object: 'NotFound' }
  const { ask, clock, gone } = prove(SERVED, answers)
  expect(await gone).toBe(false)
  answers.crd = 'NotFound'
  clock.advance(2_000)
  expect(await ask()).toBe(false)
  delete answers.crd
  clock.advance(2_000)
  expect(await ask()).toBe(true)
})

test('a kind is known to have no definition when it is still served a while after none was found, once', async () => {
  const { ask, clock, gone } = prove(SERVED, { crd: 'NotFound', object: 'NotFound' })
  await vi.waitFor(() => expect(clock.pending).toBe(1))
  clock.advance(2_000)
  expect(await gone).toBe(true)
  clock.advance(2_000)
  expect(await ask()).toBe(true)
})

test('a kind whose definition went just before it was first asked for is not taken for one that has none', async () => {
  const { clock, seen, gone } = prove(SERVED, { crd: 'NotFound', object: 'NotFound' })
  await vi.waitFor(() => expect(clock.pending).toBe(1))
  seen.resolution = { state: 'NotServed' }
  clock.advance(2_000)
  expect(await gone).toBe(false)
})

test('a kind without a definition that was away for a while can be told again', async () => {
  const { ask, clock, seen, gone } = prove({ state: 'NotServed' }, { crd: 'NotFound', object: 'NotFound' })
  expect(await gone).toBe(false)
  seen.resolution = SERVED
  const again = ask()
  await vi.waitFor(() => expect(clock.pending).toBe(1))
  clock.advance(2_000)
  expect(await again).toBe(true)
})

// With prune: Always names are those of files, and whoever may push chooses them.
test.each(['\uD800', '..', '.', 'a/b', '%2e', 'x'.repeat(2 << 20)])(
  'what cannot be asked about is not gone, and stops nothing',
  async (name) => {
    const asked: string[] = []
    const get = (async (resource, namespace, each) => {
      asked.push(resourcePath(resource, namespace, each))
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }
    }) as KubeClient['get']
    const resource = { ...FOO, group: '', kind: 'ConfigMap', plural: 'configmaps' }
    const discovery: Partial<Discovery> = { resolve: async () => ({ state: 'Served', resource }) }
    const proof = deletionProof({ get } as KubeClient, discovery as Discovery, manualClock())
    expect(await proof.isGone({ group: '', kind: 'ConfigMap', namespace: 'shop', name })).toBe(false)
    expect(asked).toEqual([])
  },
)
