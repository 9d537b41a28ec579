import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, type Cluster } from '../../../test/kit/cluster/index.ts'
import { parseExact } from '../objects/exact-json.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { renderObject } from './render.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())

const name = fc.constantFrom('a', 'b', 'c')
const container = fc.record(
  {
    name,
    image: fc.constantFrom('x:1', 'x:2'),
    args: fc.array(name, { minLength: 1, maxLength: 2 }),
    ports: fc.uniqueArray(
      fc.record({ containerPort: fc.integer({ min: 80, max: 82 }) }, { requiredKeys: ['containerPort'] }),
      {
        selector: (port) => port.containerPort,
        minLength: 1,
        maxLength: 2,
      },
    ),
    env: fc.uniqueArray(fc.record({ name, value: name }), {
      selector: (each) => each.name,
      minLength: 1,
      maxLength: 2,
    }),
  },
  { requiredKeys: ['name', 'image'] },
)
const intent = fc.record(
  {
    labels: fc.dictionary(name, name, { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
    finalizers: fc.constant(['example.com/held']),
    replicas: fc.integer({ min: 1, max: 4 }),
    containers: fc.uniqueArray(container, { selector: (each) => each.name, minLength: 1, maxLength: 2 }),
    volumes: fc.constant([{ name: 'v', emptyDir: {} }]),
  },
  { requiredKeys: ['containers'] },
)

test('what is written is what was applied: applied again by the same manager it changes nothing', async () => {
  let count = 0
  await fc.assert(
    fc.asyncProperty(intent, async ({ labels, finalizers, replicas, containers, volumes }) => {
      const object = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: {
          name: `web-${count++}`,
          namespace: 'default',
          ...(labels && { labels }),
          ...(finalizers && { finalizers }),
        },
        spec: {
          ...(replicas && { replicas }),
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers, ...(volumes && { volumes }) } },
        },
      }
      const apply = async (content: string): Promise<KubernetesObject> => {
        const args = [
          'apply',
          '--server-side',
          '--field-manager=flux',
          '-f',
          '-',
          '-o',
          'json',
          '--show-managed-fields',
        ]
        return parseExact(await cluster.kubectl(args, { input: content })) as KubernetesObject
      }
      const live = await apply(JSON.stringify(object))
      const { bytes } = renderObject(live, { format: 'JSON', hasStatus: true, fields: 'Applied' })
      const again = await apply(Buffer.from(bytes).toString())
      expect(again.metadata.resourceVersion).toBe(live.metadata.resourceVersion)
      expect(again.metadata.managedFields).toEqual(live.metadata.managedFields)
    }),
    { numRuns: 12 },
  )
})
