import { describe, expect, test } from 'vitest'
import type { KubeRequest } from '../../kube/requester.ts'
import type { KubeClient } from '../../kube/client.ts'
import { KubeError } from '../../kube/errors.ts'
import { CONFIGMAPS, CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES, SERVICE_ACCOUNTS } from '../known-resources.ts'
import type { NamespaceIndex } from '../namespace-index.ts'
import { gitSync, reconciliation } from '../testing/reconciliation.ts'
import type { Reconciliation, SelectedKind } from '../step.ts'
import { authorise } from './authorise.ts'

/** Answers reviews one turn later, and counts them. */
function reviewer(refused: readonly string[] = []) {
  const asked: string[] = []
  let open = 0
  let most = 0
  const client: Partial<KubeClient> = {
    get: async () => gitSync({ name: 'account' }),
    request: async <T>({ body }: KubeRequest) => {
      const { namespace, resource, verb } = (body as { spec: { resourceAttributes: Record<string, string> } }).spec
        .resourceAttributes
      asked.push(`${verb} ${resource} ${namespace}`)
      most = Math.max(most, ++open)
      await new Promise((resolve) => setImmediate(resolve))
      open--
      return { status: { allowed: !refused.includes(namespace ?? '') } } as T
    },
  }
  return { client, asked, most: () => most }
}

const select = (resource: SelectedKind['resource'], names?: readonly string[]): SelectedKind =>
  ({
    resource,
    selector: { group: resource.group, kind: resource.kind, ...(names === undefined ? {} : { namespaces: { names } }) },
  }) as SelectedKind

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`)

test('entries of one kind and namespace are asked for once', async () => {
  const { client, asked } = reviewer()
  const run = reconciliation({ client }, gitSync({ name: 'x' }))
  run.selected = [select(CONFIGMAPS), select(CONFIGMAPS, ['shop', 'other']), select(NAMESPACES), select(NAMESPACES)]
  expect(await authorise(run)).toBeUndefined()
  expect(asked.toSorted()).toEqual([
    'list configmaps other',
    'list configmaps shop',
    'list namespaces ',
    'watch configmaps other',
    'watch configmaps shop',
    'watch namespaces ',
  ])
  expect(run.readings.map(({ rules }) => rules.map(({ namespaces }) => namespaces && [...namespaces]))).toEqual([
    [['shop'], ['shop', 'other']],
    [undefined, undefined],
  ])
})

test('several are asked at once, and never more than eight', async () => {
  const { client, asked, most } = reviewer([''])
  const run = reconciliation({ client }, gitSync({ name: 'x' }))
  run.selected = [select(CONFIGMAPS, names(512))]
  expect(await authorise(run)).toBeUndefined()
  expect(asked).toHaveLength(1026)
  expect(most()).toBe(8)
})

test('an account that may read the whole cluster is asked for that alone, however many namespaces there are', async () => {
  const { client, asked } = reviewer()
  const run = reconciliation({ client }, gitSync({ name: 'x' }))
  run.selected = [select(CONFIGMAPS, names(5000))]
  expect(await authorise(run)).toBeUndefined()
  expect(asked.toSorted()).toEqual(['list configmaps ', 'watch configmaps '])
  expect(run.readings[0]?.rules[0]?.namespaces?.size).toBe(5000)
})

test('more than 8192 pairs are refused without asking for each', async () => {
  const { client, asked } = reviewer([''])
  const run = reconciliation({ client }, gitSync({ name: 'x' }))
  run.selected = [select(CONFIGMAPS, names(8192)), select(SERVICE_ACCOUNTS)]
  expect(await authorise(run)).toMatchObject({
    reason: 'InvalidSpec',
    message: expect.stringMatching(/^spec\.resources: 8193 pairs of kind and namespace, more than 8192: let default/),
  })
  expect(asked).toHaveLength(2)
})

describe('namespaces by label', () => {
  const selector = { matchLabels: { team: 'shop' } }
  const resources = [{ kind: 'ConfigMap', namespaces: { selector } }]
  const selecting = (run: Reconciliation): SelectedKind[] =>
    run.gitsync.spec.resources.map((entry) => ({ selector: entry, resource: CONFIGMAPS }))

  test('those that match are read, each where the account may', async () => {
    const { client } = reviewer(['b'])
    const asked: unknown[] = []
    const labelled: Partial<NamespaceIndex> = {
      matching: async (name, _question, selectors) => {
        asked.push(name, selectors)
        return [['a', 'b', 'c']]
      },
    }
    const run = reconciliation({ client, labelled }, gitSync({ name: 'x' }, {}, resources))
    run.selected = selecting(run)
    expect(await authorise(run)).toBeUndefined()
    expect(asked).toEqual(['shop/x', [selector]])
    expect(run.readings).toMatchObject([{ rules: [{ namespaces: new Set(['a', 'c']) }] }])
    expect(run.problems).toMatchObject([
      { reason: 'Forbidden', message: expect.stringContaining('ConfigMap in namespace b') },
    ])
  })

  test('many that are refused are one message', async () => {
    const { client } = reviewer(['', ...names(9)])
    const labelled = { matching: async () => [[...names(9), 'open']] }
    const run = reconciliation({ client, labelled }, gitSync({ name: 'x' }, {}, resources))
    run.selected = selecting(run)
    await authorise(run)
    expect(run.problems.map(({ message }) => message)).toEqual([
      'ServiceAccount default may not list and watch ConfigMap in 9 namespaces: n0, n1, n2 and 6 more (resource configmaps, group ""); its files stay',
    ])
  })

  test('of none that match nothing is read, and what was read is not begun anew when one comes', async () => {
    const { client } = reviewer()
    const labelled = { matching: async () => [[]] }
    const run = reconciliation({ client, labelled }, gitSync({ name: 'x' }, {}, resources))
    run.selected = selecting(run)
    expect(await authorise(run)).toBeUndefined()
    expect(run.readings).toMatchObject([{ rules: [{ namespaces: new Set() }] }])
    expect(run.problems).toEqual([])
  })

  test('an operator that may not list namespaces says so, and the rest goes on', async () => {
    const { client } = reviewer()
    const labelled = { matching: () => Promise.reject(new KubeError('Forbidden', 'namespaces is forbidden')) }
    const run = reconciliation({ client, labelled }, gitSync({ name: 'x' }, {}, [...resources, { kind: 'ConfigMap' }]))
    run.selected = selecting(run)
    expect(await authorise(run)).toBeUndefined()
    expect(run.problems).toMatchObject([
      { reason: 'Forbidden', message: expect.stringContaining('namespaces.selector') },
    ])
    expect(run.readings).toMatchObject([{ rules: [{ namespaces: new Set() }, { namespaces: new Set(['shop']) }] }])
  })

  test('with Roles only it is not asked for', async () => {
    const { client } = reviewer()
    const parts = { client, rolesOnly: true, namespaces: ['shop'] }
    const run = reconciliation(parts, gitSync({ name: 'x' }, {}, resources))
    run.selected = selecting(run)
    expect(await authorise(run)).toBeUndefined()
    expect(run.problems).toMatchObject([
      { reason: 'Forbidden', message: expect.stringContaining('give namespaces.names') },
    ])
  })
})

describe('kind: "*"', () => {
  const entry = { kind: '*', group: '*' }
  const wildcard = (run: Reconciliation, ...resources: SelectedKind['resource'][]): SelectedKind[] =>
    resources.map((resource) => ({ selector: run.gitsync.spec.resources[0] as never, resource }))

  test('what the account may not read is left out, and told in one message', async () => {
    const { client } = reviewer([''])
    const run = reconciliation({ client }, gitSync({ name: 'x' }, {}, [entry]))
    run.selected = wildcard(run, CONFIGMAPS, SERVICE_ACCOUNTS, NAMESPACES, CUSTOM_RESOURCE_DEFINITIONS)
    expect(await authorise(run)).toBeUndefined()
    expect(run.problems).toEqual([])
    expect(run.leftOut).toEqual([
      'ServiceAccount default may not list and watch 2 of 4 kinds that kind: "*" stands for: Namespace, CustomResourceDefinition.apiextensions.k8s.io',
    ])
    expect(run.readings.map(({ resource, isByWildcard }) => [resource.plural, isByWildcard])).toEqual([
      ['configmaps', true],
      ['serviceaccounts', true],
    ])
  })

  test('one that gives nothing at all is a mistake', async () => {
    const { client } = reviewer(['shop'])
    const run = reconciliation({ client }, gitSync({ name: 'x' }, {}, [entry]))
    run.selected = wildcard(run, CONFIGMAPS, SERVICE_ACCOUNTS)
    await authorise(run)
    expect(run.leftOut).toEqual([])
    expect(run.problems).toMatchObject([{ reason: 'Forbidden', message: expect.stringContaining('2 of 2 kinds') }])
  })

  test('a kind that is named as well must be readable', async () => {
    const { client } = reviewer(['shop'])
    const run = reconciliation({ client }, gitSync({ name: 'x' }, {}, [entry]))
    run.selected = [...wildcard(run, CONFIGMAPS, NAMESPACES), select(CONFIGMAPS)]
    await authorise(run)
    expect(run.problems).toMatchObject([
      { reason: 'Forbidden', message: expect.stringContaining('ConfigMap in namespace') },
    ])
    expect(run.readings.map(({ resource }) => resource.plural)).toEqual(['namespaces'])
  })
})

test('what is refused is told once and the rest is read', async () => {
  const { client } = reviewer(['secret'])
  const run = reconciliation({ client }, gitSync({ name: 'x' }))
  run.selected = [select(CONFIGMAPS, ['secret', 'shop']), select(CONFIGMAPS, ['secret'])]
  await authorise(run)
  expect(run.problems.map(({ message }) => message)).toEqual([
    'ServiceAccount default may not list and watch ConfigMap in namespace secret (resource configmaps, group ""); its files stay',
  ])
  expect(run.readings).toMatchObject([{ rules: [{ namespaces: new Set(['shop']) }] }])
})

test('a review without an answer ends the reconcile', async () => {
  const { client } = reviewer()
  const run = reconciliation(
    { client: { ...client, request: () => Promise.reject(new Error('away')) } },
    gitSync({ name: 'x' }),
  )
  run.selected = [select(CONFIGMAPS, names(20))]
  await expect(authorise(run)).rejects.toThrow('away')
})

test('an operator with Roles only asks for nothing beyond them', async () => {
  const { client, asked } = reviewer()
  const run = reconciliation({ client, rolesOnly: true, namespaces: ['shop'] }, gitSync({ name: 'x' }))
  run.selected = [select(CONFIGMAPS, ['shop', 'other']), select(NAMESPACES)]
  expect(await authorise(run)).toBeUndefined()
  expect(asked).toEqual(['list configmaps shop', 'watch configmaps shop'])
  expect(run.problems).toEqual([
    {
      reason: 'Forbidden',
      message:
        'ConfigMap in namespace other is not read by this operator, which has Roles in shop only; its files stay',
    },
    {
      reason: 'Forbidden',
      message:
        'Namespace outside namespaces is not read by this operator, which has Roles in shop only; its files stay',
    },
  ])
  expect(run.readings.map(({ resource }) => resource.plural)).toEqual(['configmaps'])
})
