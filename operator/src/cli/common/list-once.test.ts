import { expect, test } from 'vitest'
import { CONFIGMAPS, NAMESPACES } from '../../controllers/known-resources.ts'
import type { ObjectList } from '../../kube/answer.ts'
import { KubeError } from '../../kube/errors.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { ReflectorState } from '../../kube/reflector.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { lookAt, lookOnce } from './list-once.ts'
import type { OneLook } from './list-once.ts'

const object = (name: string, namespace = 'shop'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
})

/** Answers each list with the next page or error. */
function client(...answers: readonly (Partial<ObjectList> | KubeError)[]) {
  const asked: unknown[] = []
  const list: KubeClient['list'] = async (resource, namespace, query) => {
    asked.push([resource.plural, namespace, query])
    const answer = answers[asked.length - 1]
    if (answer instanceof Error) throw answer
    return { items: [], resourceVersion: '1', ...answer }
  }
  return { list, asked }
}

async function follow(pool: OneLook, scope?: string, resource = CONFIGMAPS) {
  const objects: string[] = []
  const states: ReflectorState[] = []
  const present: string[] = []
  pool.subscribe(resource, scope, {
    onObject: ({ metadata }) => objects.push(metadata.name),
    onDelete: () => expect.fail('nothing is deleted'),
    onSynced: (sync) => present.push(...sync.present),
    onState: (state) => states.push(state),
  })
  await pool.settled()
  return { objects, present, phases: states.map(({ phase }) => phase), error: states.at(-1)?.lastError }
}

test('all pages are told, and that this was all', async () => {
  const { list, asked } = client({ items: [object('a')], continue: 'more' }, { items: [object('b')] })
  const seen = await follow(lookOnce({ list }, { labelSelector: 'app=web' }), 'shop')
  expect(seen).toMatchObject({ objects: ['a', 'b'], present: ['shop/a', 'shop/b'], phases: ['Watching'] })
  expect(asked).toEqual([
    ['configmaps', 'shop', { limit: 500, continue: undefined, labelSelector: 'app=web' }],
    ['configmaps', 'shop', { limit: 500, continue: 'more', labelSelector: 'app=web' }],
  ])
})

test('a list that has grown too old begins again, and nothing of it is told twice', async () => {
  const gone = new KubeError('Gone', '410')
  const { list } = client({ items: [object('a')], continue: 'more' }, gone, { items: [object('a'), object('b')] })
  expect((await follow(lookOnce({ list }), 'shop')).objects).toEqual(['a', 'b'])
})

test('what may not be listed is told as such, and never as empty', async () => {
  const { list } = client(new KubeError('Forbidden', 'GET: 403', { details: 'no' }))
  const seen = await follow(lookOnce({ list }), 'shop')
  expect(seen).toMatchObject({ objects: [], present: [], phases: ['Forbidden'] })
  expect(seen.error?.message).toBe('ConfigMap in namespace shop cannot be listed: no')
})

test('the namespaces of a kind stand for the whole cluster; two that ask for the same share a list', async () => {
  const { list, asked } = client({ items: [object('a', 'one')] }, { items: [object('b', 'two')] })
  const pool = lookOnce({ list }, { namespacesOf: () => ['one', 'two'] })
  expect((await follow(pool)).objects).toEqual(['a', 'b'])
  expect((await follow(pool)).objects).toEqual(['a', 'b'])
  expect(asked).toHaveLength(2)
})

test('a look at one object shows it to its own kind and namespace only', async () => {
  const pool = () => lookAt(object('a'), CONFIGMAPS)
  expect((await follow(pool())).objects).toEqual(['a'])
  expect((await follow(pool(), 'shop')).objects).toEqual(['a'])
  expect((await follow(pool(), 'other')).objects).toEqual([])
  expect(await follow(pool(), undefined, NAMESPACES)).toMatchObject({ objects: [], phases: ['Watching'] })
})
