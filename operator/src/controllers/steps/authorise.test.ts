import { expect, test } from 'vitest'
import type { KubeRequest } from '../../kube/requester.ts'
import type { KubeClient } from '../../kube/client.ts'
import { CONFIGMAPS, NAMESPACES } from '../known-resources.ts'
import { gitSync, reconciliation } from '../testing/reconciliation.ts'
import type { SelectedKind } from '../step.ts'
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
  const { client, asked, most } = reviewer()
  const run = reconciliation({ client }, gitSync({ name: 'x' }))
  run.selected = [select(CONFIGMAPS, names(512))]
  expect(await authorise(run)).toBeUndefined()
  expect(asked).toHaveLength(1024)
  expect(most()).toBe(8)
})

test('more than 512 pairs are refused without asking', async () => {
  const { client, asked } = reviewer()
  const run = reconciliation({ client }, gitSync({ name: 'x' }))
  run.selected = [select(CONFIGMAPS, names(512)), select(NAMESPACES)]
  expect(await authorise(run)).toMatchObject({
    reason: 'InvalidSpec',
    message: expect.stringMatching(/^spec\.resources: 513 pairs of kind and namespace, more than 512: name fewer/),
  })
  expect(asked).toEqual([])
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
