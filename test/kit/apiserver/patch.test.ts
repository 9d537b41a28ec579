import { expect, test } from 'vitest'
import { mergePatch, parsePatch } from './patch.ts'
import { strategicMerge } from './strategic-merge.ts'

const json = (operations: object[]) => parsePatch('application/json-patch+json', JSON.stringify(operations), false)

test('a merge patch replaces lists, merges objects and removes with null', () => {
  const target = { a: { b: 1, c: 2 }, list: [1, 2], gone: 1 }
  expect(mergePatch(target, { a: { c: null, d: 3 }, list: [3], gone: null, made: { x: null, y: 1 } })).toEqual({
    a: { b: 1, d: 3 },
    list: [3],
    made: { y: 1 },
  })
  expect(target).toEqual({ a: { b: 1, c: 2 }, list: [1, 2], gone: 1 })
})

test('a JSON patch does its operations in order and leaves its input alone', () => {
  const target = { list: ['a', 'b'], map: { 'x/y': 1, 'p~q': 2 } }
  const patched = json([
    { op: 'test', path: '/list/0', value: 'a' },
    { op: 'add', path: '/list/1', value: 'between' },
    { op: 'add', path: '/list/-', value: 'last' },
    { op: 'remove', path: '/list/0' },
    { op: 'replace', path: '/map/x~1y', value: 3 },
    { op: 'move', from: '/map/p~0q', path: '/moved' },
    { op: 'copy', from: '/list', path: '/copied' },
  ])(target)
  const list = ['between', 'b', 'last']
  expect(patched).toEqual({ list, map: { 'x/y': 3 }, moved: 2, copied: list })
  expect(target.list).toEqual(['a', 'b'])
})

test.each([
  ['a failed test', [{ op: 'test', path: '/a', value: 2 }]],
  ['removing what is not there', [{ op: 'remove', path: '/b' }]],
  ['replacing what is not there', [{ op: 'replace', path: '/b', value: 1 }]],
  ['an index past the end', [{ op: 'add', path: '/list/3', value: 1 }]],
])('a JSON patch with %s is refused', (_what, operations) => {
  expect(() => json(operations)({ a: 1, list: [] })).toThrow(expect.objectContaining({ code: 422 }))
})

const deployment = {
  spec: {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: {
      spec: {
        containers: [
          {
            name: 'web',
            image: 'web:1',
            env: [{ name: 'A', value: '1' }],
            ports: [{ containerPort: 80 }, { containerPort: 81 }],
          },
          { name: 'side', image: 'side:1' },
        ],
        tolerations: [{ key: 'a' }],
      },
    },
  },
}
const containers = (patch: object[]) =>
  (strategicMerge(deployment, { spec: { template: { spec: { containers: patch } } } }) as any).spec.template.spec
    .containers

test('containers are merged by name, their env by name, their ports by number', () => {
  const merged = containers([
    { name: 'web', env: [{ name: 'B', value: '2' }], ports: [{ containerPort: 81, name: 'x' }] },
  ])
  expect(merged).toEqual([
    {
      name: 'web',
      image: 'web:1',
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
      ports: [{ containerPort: 80 }, { containerPort: 81, name: 'x' }],
    },
    { name: 'side', image: 'side:1' },
  ])
})

test('directives delete, replace, order and keep', () => {
  expect(containers([{ name: 'side', $patch: 'delete' }])).toHaveLength(1)
  expect(containers([{ $patch: 'replace' }, { name: 'new', image: 'n' }])).toEqual([{ name: 'new', image: 'n' }])
  const ordered = strategicMerge(
    { spec: deployment.spec.template.spec },
    { spec: { '$setElementOrder/containers': [{ name: 'side' }, { name: 'web' }] } },
  ) as any
  expect(ordered.spec.containers.map(({ name }: any) => name)).toEqual(['side', 'web'])
  const recreate = strategicMerge(deployment, {
    spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
  }) as any
  expect(recreate.spec.strategy).toEqual({ type: 'Recreate' })
  const finalizers = strategicMerge(
    { metadata: { finalizers: ['a', 'b'] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['c'] } },
  ) as any
  expect(finalizers.metadata.finalizers).toEqual(['b', 'c'])
})

test('Service ports are merged by port, other lists are replaced', () => {
  const service = { spec: { ports: [{ port: 80, name: 'http' }, { port: 443 }] } }
  const merged = strategicMerge(service, { spec: { ports: [{ port: 80, targetPort: 8080 }] } }) as any
  expect(merged.spec.ports).toEqual([{ port: 80, name: 'http', targetPort: 8080 }, { port: 443 }])
  const tolerations = strategicMerge(deployment.spec.template, { spec: { tolerations: [{ key: 'b' }] } }) as any
  expect(tolerations.spec.tolerations).toEqual([{ key: 'b' }])
})
