import { describe, expect, test } from 'vitest'
import type { ApiResource, Discovery, ServedResources } from '../../kube/discovery.ts'
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

describe('kind: "*"', () => {
  const served = (kind: string, group: string, more: Partial<ApiResource> = {}): ApiResource => ({
    group,
    kind,
    version: 'v2',
    plural: `${kind.toLowerCase()}s`,
    namespaced: true,
    verbs: ['list', 'watch'],
    hasStatus: false,
    ...more,
  })
  const ALL = [
    served('ConfigMap', ''),
    served('Secret', ''),
    served('Event', ''),
    served('Namespace', '', { namespaced: false }),
    served('Binding', '', { verbs: ['create'] }),
    served('Lease', 'coordination.k8s.io'),
    served('Foo', 'a.example'),
    served('Bar', 'a.example', { namespaced: false }),
    served('GitSync', 'gitsync.dev', { hasStatus: true }),
  ]

  async function expand(entries: readonly object[], unknownGroups: readonly string[] = [], fields: object = {}) {
    const world: Partial<Discovery> = {
      ...discovery,
      resources: async ({ group } = {}): Promise<ServedResources> => ({
        resources: ALL.filter((each) => group === undefined || each.group === group),
        unknownGroups: unknownGroups.filter((each) => each === '*' || group === undefined || each === group),
      }),
    }
    const object = gitSync({ name: 'x' }, {}, entries)
    Object.assign(object['spec'] as object, fields)
    const run = reconciliation({ discovery: world }, object)
    await resolveKinds(run)
    const read = run.selected.map(({ resource }) => `${resource.kind}.${resource.group}/${resource.version}`)
    return { read, problems: run.problems, leftOut: run.leftOut }
  }

  test('stands for every kind of the group that can be watched, and never for Secrets and what is noise', async () => {
    expect(await expand([{ kind: '*' }])).toEqual({
      read: ['ConfigMap./v2', 'Namespace./v2'],
      problems: [],
      leftOut: [],
    })
    expect((await expand([{ group: '*', kind: '*' }])).read).toEqual([
      'ConfigMap./v2',
      'Namespace./v2',
      'Foo.a.example/v2',
      'Bar.a.example/v2',
      'GitSync.gitsync.dev/v2',
    ])
  })

  test.each([
    ['Namespaced', ['Foo.a.example/v2']],
    ['Cluster', ['Bar.a.example/v2']],
  ])('scope: %s', async (scope, read) => {
    expect((await expand([{ group: 'a.example', kind: '*', scope }])).read).toEqual(read)
  })

  test('a kind that is excluded altogether is not read', async () => {
    const exclude = [{ kind: 'Foo' }, { kind: 'Bar', names: ['x'] }]
    expect((await expand([{ group: 'a.example', kind: '*' }], [], { exclude })).read).toEqual(['Bar.a.example/v2'])
  })

  test('a kind that is named decides the version', async () => {
    const { read, problems } = await expand([
      { group: 'a.example', kind: '*' },
      { group: 'a.example', kind: 'Foo', version: 'v1' },
    ])
    expect(read.toSorted()).toEqual(['Bar.a.example/v2', 'Foo.a.example/v1', 'Foo.a.example/v1'])
    expect(problems).toEqual([])
  })

  test('a group without kinds is told, and one whose server is away: alone a problem, among all left out', async () => {
    expect((await expand([{ group: 'c.example', kind: '*' }])).problems).toMatchObject([
      { reason: 'UnknownKind', message: expect.stringContaining('serves nothing of group "c.example"') },
    ])
    expect((await expand([{ group: 'a.example', kind: '*' }], ['a.example'])).problems).toMatchObject([
      { reason: 'ClusterUnavailable' },
    ])
    const all = await expand([{ group: '*', kind: '*' }], ['away.example', 'metrics.k8s.io'])
    expect(all.problems).toEqual([])
    expect(all.leftOut).toEqual(['the servers behind away.example do not answer'])
    expect((await expand([{ group: '*', kind: '*' }], ['*'])).problems).toMatchObject([
      { reason: 'ClusterUnavailable' },
    ])
  })
})
