import type { CommitInfo } from '@gitsync/protocol'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { identityKey } from '../objects/object.ts'
import { renderMessage } from '../render/message.ts'
import { addTrailers, trailerLines, TRAILERS } from '../render/trailers.ts'
import { matches } from './filter.ts'
import { recordsOf } from './record.ts'

const OPERATORS = new Set(['bot@example.com'])
const person = (name: string) => ({ name, email: `${name}@example.com`, date: new Date(0) })
const commit = (message: string, committer = 'bot'): CommitInfo => ({
  oid: 'a'.repeat(40),
  tree: '',
  parents: [],
  author: person('ann'),
  committer: person(committer),
  message,
})
const read = (message: string) => recordsOf(commit(message), { operators: OPERATORS })

const name = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,8}$/)
interface Changed {
  readonly action: 'Create' | 'Update' | 'Delete'
  readonly group: string
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string
}
const change: fc.Arbitrary<Changed> = fc.record({
  action: fc.constantFrom('Create' as const, 'Update' as const, 'Delete' as const),
  group: fc.constantFrom('', 'apps', 'rbac.authorization.k8s.io'),
  kind: fc.constantFrom('Deployment', 'ConfigMap', 'ClusterRole'),
  namespace: fc.option(name, { nil: undefined }),
  name,
})
const messageOf = (changes: readonly Changed[], trailers: boolean): string => {
  const given = changes.map(({ namespace, ...rest }) => ({
    ...rest,
    ...(namespace === undefined ? {} : { namespace }),
  }))
  const text = renderMessage(undefined, {
    changes: given,
    gitsync: 'a/b',
    author: person('ann'),
    cluster: 'c',
    time: '',
  })
  if (!trailers) return text
  const listed = given.map((one, index) => ({
    object: identityKey(one),
    by: 'ann',
    via: 'kubectl',
    version: `${index}`,
  }))
  return addTrailers(text, trailerLines(TRAILERS, { changes: listed, cluster: 'c' }))
}

test('the objects of a commit are those that the operator has written into it, by trailers or in its own words', () => {
  const several = fc.uniqueArray(change, { minLength: 1, maxLength: 8, selector: identityKey as (c: object) => string })
  fc.assert(
    fc.property(several, fc.boolean(), (changes, trailers) => {
      const expected = changes.map(({ action, group, kind, namespace, name }) => ({
        object: { kind, group: trailers ? group : undefined, namespace, name },
        said: trailers ? 'trailers' : 'message',
        // Two objects that differ in their group alone are one in the words.
        action:
          changes.filter((one) => one.kind === kind && one.name === name && one.namespace === namespace).length > 1
            ? expect.anything()
            : action,
      }))
      const records = read(messageOf(changes, trailers))
      expect(records).toMatchObject(expected)
      if (trailers) {
        expect(records.map(({ resourceVersion }) => resourceVersion)).toEqual(changes.map((_, index) => `${index}`))
        expect(records[0]).toMatchObject({ changedBy: ['ann'], changedVia: ['kubectl'], cluster: 'c' })
      }
    }),
  )
})

test('of a list that is too long the rest is counted, and a filter by object does not leave it out', () => {
  const changes = Array.from({ length: 60 }, (_, index) => ({
    action: 'Update' as const,
    group: '',
    kind: 'ConfigMap',
    namespace: 'shop',
    name: `n${index}`,
  }))
  for (const trailers of [true, false]) {
    const records = read(messageOf(changes, trailers))
    expect(records).toHaveLength(51)
    expect(records.at(-1)).toMatchObject({ object: undefined, unlisted: 10 })
    expect(records.filter((record) => matches(record, { name: 'n55' }) === 'yes')).toHaveLength(1)
  }
})

test('what says nothing of objects is told apart, and whether the operator has committed it', () => {
  const [record] = recordsOf(commit('Fix the typo\n\nObject of all this: nothing', 'ann'), { operators: OPERATORS })
  expect(record).toMatchObject({ said: 'nothing', object: undefined, isByOperator: false, subject: 'Fix the typo' })
  expect(record && matches(record, { namespace: 'shop' })).toBe('unsaid')
  expect(record && matches(record, { author: 'ANN@ex' })).toBe('yes')
  expect(read('Update ConfigMap shop/a [skip ci]')).toMatchObject([{ object: { name: 'a' }, isByOperator: true }])
})

test('trailers are the word of the operator alone: of others they are what anybody may write', () => {
  const text = addTrailers('Update it', [
    'Changed-by: bob',
    'Object: ConfigMap/shop/a',
    'Resource-version: 7',
    'Cluster: c',
  ])
  const [own] = read(text)
  expect(own).toMatchObject({ said: 'trailers', changedBy: ['bob'], resourceVersion: '7', cluster: 'c' })
  const [forged] = recordsOf(commit(text, 'mallory'), { operators: OPERATORS })
  expect(forged).toMatchObject({ said: 'message', changedBy: [], object: { name: 'a' }, isByOperator: false })
  expect([forged?.resourceVersion, forged?.cluster]).toEqual([undefined, undefined])
  expect(forged && matches(forged, { author: 'bob' })).toBe('no')
})

test('however much a commit names, what is held of it is bounded', () => {
  const lines = Array.from({ length: 1_500 }, (_, index) => `Object: ConfigMap/shop/n${index}`)
  for (const text of [
    addTrailers('x', lines),
    `x\n\n${lines.map((line) => line.replace('Object: ConfigMap/', '- Update ConfigMap ')).join('\n')}`,
  ]) {
    const records = read(text)
    expect(records).toHaveLength(1_001)
    expect(records.at(-1)).toMatchObject({ unlisted: 500 })
  }
})

test('filters: kinds with and without their group, namespaces, times', () => {
  const [record] = read(addTrailers('x', ['Object: Deployment.apps/shop/web']))
  if (record === undefined) throw new Error('no record')
  const verdicts = [{ kind: 'deployment' }, { kind: 'Deployment.apps' }, { namespace: 'shop', name: 'web' }].map(
    (filter) => matches(record, filter),
  )
  expect(verdicts).toEqual(['yes', 'yes', 'yes'])
  for (const filter of [{ kind: 'Deployment.extensions' }, { namespace: 'sho' }, { name: 'we' }, { author: 'bob' }])
    expect(matches(record, filter), JSON.stringify(filter)).toBe('no')
  expect(matches(record, { since: new Date(1) })).toBe('no')
  expect(matches(record, { until: new Date(0) })).toBe('yes')
})

test("an address that looks like the operator's is the operator's", () => {
  const { committer, ...rest } = commit('x')
  for (const email of [' bot@example.com', 'bot@example.com ', 'BOT@example.com'])
    expect(recordsOf({ ...rest, committer: { ...committer, email } }, { operators: OPERATORS })[0]?.isByOperator).toBe(
      true,
    )
})
