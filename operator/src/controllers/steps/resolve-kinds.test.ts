import { expect, test } from 'vitest'
import type { Discovery } from '../../kube/discovery.ts'
import { gitSync, reconciliation } from '../testing/reconciliation.ts'
import { resolveKinds } from './resolve-kinds.ts'

/** Serves every kind in every version, preferring v2. */
const discovery: Partial<Discovery> = {
  resolve: async ({ group, kind, version = 'v2' }) => ({
    state: 'Served',
    resource: {
      group,
      kind,
      version,
      plural: `${kind}s`,
      namespaced: true,
      verbs: ['list', 'watch'],
      hasStatus: false,
    },
  }),
}

async function resolve(...versions: (string | undefined)[]) {
  const entries = versions.map((version) => ({
    group: 'a.example',
    kind: 'Foo',
    ...(version === undefined ? {} : { version }),
  }))
  const run = reconciliation(
    { discovery },
    gitSync({ name: 'x' }, {}, [...entries, { group: 'b.example', kind: 'Foo', version: 'v1' }]),
  )
  await resolveKinds(run)
  return { problems: run.problems, read: run.selected.map(({ resource }) => `${resource.group}/${resource.version}`) }
}

test.each([
  [['v1', 'v2'], 'v1', 'v2'],
  [['v1', undefined], 'v1', 'v2'],
  [[undefined, 'v1'], 'v2', 'v1'],
])('of one kind in two versions (%j) the later is refused', async (versions, first, second) => {
  const { problems, read } = await resolve(...versions)
  expect(read).toEqual([`a.example/${first}`, 'b.example/v1'])
  expect(problems).toEqual([
    {
      reason: 'InvalidSpec',
      message: `spec.resources: Foo.a.example is named in versions ${first} and ${second}; ${second} is not read: name one version in all entries of a kind`,
    },
  ])
})

test('several entries of one version are fine, named or not', async () => {
  expect(await resolve('v2', undefined)).toEqual({
    problems: [],
    read: ['a.example/v2', 'a.example/v2', 'b.example/v1'],
  })
})
