import { expect, test } from 'vitest'
import { environment, gitSync, unchecked } from '../../controllers/testing/reconciliation.ts'
import { runSteps } from '../../controllers/step.ts'
import type { Problem } from '../../controllers/step.ts'
import { checkSpec, checkSuspended } from '../../controllers/steps/check-spec.ts'
import { claimPlace } from '../../controllers/steps/claim-place.ts'
import { findProvider } from '../../controllers/steps/find-provider.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { findOverlap } from './find-overlap.ts'

/** A GitSync of a year that writes folder `a`, unless the repository's fields say otherwise. */
function sync(name: string, year: number, repository: object = {}, spec: object = {}): KubernetesObject {
  const object = gitSync({ name, createdAt: `${year}-01-01T00:00:00Z` }, { path: 'a', ...repository })
  return { ...object, spec: { ...(object['spec'] as object), ...spec } }
}

const ofNamespace = (namespace: string, object: KubernetesObject): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, namespace },
})

/** What the operator comes to when it has seen all of them. */
async function operatorSays(target: KubernetesObject, others: readonly KubernetesObject[]) {
  const world = environment()
  let problem: Problem | undefined
  for (const object of [...others, ...others, target])
    problem = await runSteps(unchecked(world, object), [checkSpec, checkSuspended, findProvider, claimPlace])
  return problem
}

async function commandSays(target: KubernetesObject, others: readonly KubernetesObject[]) {
  const run = unchecked(environment(), target)
  expect(await checkSpec(run)).toBeUndefined()
  const { gitsync, branch, base } = run
  return await findOverlap({ run, gitsync, branch, base, hostProblem: undefined, clusterId: '' }, [...others, target])
}

const old = sync('old', 2025)
const reviewed = sync(
  'old',
  2025,
  { secretRef: { name: 'git' } },
  { push: { mode: 'PullRequest', branch: 'proposed' } },
)

test.each([
  ['the same folder', sync('new', 2026), [old], true],
  ['one below', sync('new', 2026, { path: 'A/b', url: 'https://GIT.example.com/team/audit/' }), [old], true],
  ['of another namespace', sync('new', 2026), [ofNamespace('private', old)], true],
  ['the branch of a request', sync('new', 2026, { branch: 'proposed' }), [reviewed], true],
  ['beside it', sync('new', 2026, { path: 'b' }), [old], false],
  ['another branch', sync('new', 2026, { branch: 'other' }), [old], false],
  ['a newer one', sync('new', 2026), [sync('newer', 2027)], false],
  ['a suspended one', sync('new', 2026), [sync('old', 2025, {}, { suspend: true })], false],
  ['an invalid one', sync('new', 2026), [sync('old', 2025, {}, { interval: 'soon' })], false],
  ['one without its GitProvider', sync('new', 2026), [sync('old', 2025, { providerRef: { name: 'none' } })], false],
  [
    'one that is refused itself',
    sync('new', 2026, { path: 'a/c' }),
    [old, sync('first', 2024, { path: 'a/b' })],
    false,
  ],
])('the operator says the same: %s', async (_, target, others, isRefused) => {
  const said = await commandSays(target, others)
  expect(said).toEqual(await operatorSays(target, others))
  expect(said?.reason).toBe(isRefused ? 'PathOverlap' : undefined)
})

test('one that is not applied yet is newer than all', async () => {
  const { metadata, ...rest } = sync('new', 2026)
  const { name, namespace } = metadata
  const said = await commandSays({ ...rest, metadata: { name, namespace: namespace ?? '' } }, [sync('newest', 2099)])
  expect(said?.message).toContain('GitSync newest writes a')
})

test('of two that came in the same second who has written there goes on', async () => {
  const [one, two] = [sync('one', 2026), sync('two', 2026)]
  const wrote = { status: { lastCommit: { sha: 'a'.repeat(40) } } }
  expect(await commandSays({ ...one, ...wrote }, [two])).toBeUndefined()
  expect(await commandSays({ ...two, ...wrote }, [one])).toBeUndefined()
  expect((await commandSays(one, [{ ...two, ...wrote }]))?.message).toContain('GitSync two')
  expect((await commandSays(two, [{ ...one, ...wrote }]))?.message).toContain('GitSync one')
})

test('one that the operator stopped for its credentials keeps nobody from a folder, until its spec changes', async () => {
  const condition = { type: 'Ready', status: 'False', reason: 'SecretNotFound', message: '', observedGeneration: 1 }
  const stopped = { ...old, status: { conditions: [condition] } }
  const at = (generation: number) => ({ ...stopped, metadata: { ...old.metadata, generation } })
  expect(await commandSays(sync('new', 2026), [at(1)])).toBeUndefined()
  expect((await commandSays(sync('new', 2026), [at(2)]))?.reason).toBe('PathOverlap')
})
