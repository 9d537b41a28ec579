import { expect, test } from 'vitest'
import { KubeError } from '../../kube/errors.ts'
import type { Resolution } from '../../kube/discovery.ts'
import { DASHBOARDS } from '../known-resources.ts'
import { Source } from '../source.ts'
import { gitSync, reconciliation } from '../testing/reconciliation.ts'
import { readDashboards } from './read-dashboards.ts'

const runWith = async (resolution: Resolution, readings: object[] = []) => {
  const run = reconciliation({ discovery: { resolve: async () => resolution } }, gitSync({ name: 'sync' }))
  run.readings = readings as unknown as typeof run.readings
  await readDashboards(run)
  return run
}
const dashboard = (name: string, sync: string, namespace = 'shop') => ({
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'Dashboard',
  metadata: { name, namespace },
  spec: { syncRef: { name: sync } },
})
const handler = {} as ConstructorParameters<typeof Source>[2]

test('the Dashboards of the namespace that name the GitSync are read, and nobody is asked', async () => {
  const { readings, selected, problems } = await runWith({ state: 'Served', resource: DASHBOARDS })
  expect(readings.map(({ resource, isByWildcard }) => [resource, isByWildcard])).toEqual([[DASHBOARDS, false]])
  const source = new Source(DASHBOARDS, readings[0]?.rules ?? [], handler)
  expect(source.selects(dashboard('a', 'sync'))).toBe(true)
  expect(source.selects(dashboard('a', 'other'))).toBe(false)
  expect(source.selects(dashboard('a', 'sync', 'elsewhere'))).toBe(false)
  expect(selected).toHaveLength(1)
  expect(problems).toEqual([])
})

test('those that resources select are read beside them, by one source', async () => {
  const rule = { selector: { group: 'gitsync.dev', kind: '*' }, namespaces: new Set(['shop']) }
  const others = { resource: { ...DASHBOARDS, plural: 'gitsyncs' }, rules: [rule], exclusions: {}, isByWildcard: true }
  const before = [others, { resource: DASHBOARDS, rules: [rule], exclusions: {}, isByWildcard: true }]
  const { readings } = await runWith({ state: 'Served', resource: DASHBOARDS }, before)
  expect(readings).toHaveLength(2)
  expect(readings[1]?.rules).toHaveLength(2)
  expect(readings[1]?.isByWildcard).toBe(false)
  expect(new Source(DASHBOARDS, readings[1]?.rules ?? [], handler).selects(dashboard('a', 'other'))).toBe(true)
})

test('with definitions of an older release there are none, and without an answer it is said', async () => {
  expect((await runWith({ state: 'NotServed' })).readings).toEqual([])
  const { problems, readings } = await runWith({ state: 'Unknown', error: new KubeError('Unavailable', 'no answer') })
  expect(readings).toEqual([])
  expect(problems).toEqual([
    { reason: 'ClusterUnavailable', message: 'cannot find out about kind Dashboard.gitsync.dev: no answer' },
  ])
})
