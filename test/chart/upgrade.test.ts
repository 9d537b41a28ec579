import { afterAll, beforeAll, expect, test } from 'vitest'
import { gitsync } from '../e2e/harness/gitsync.ts'
import { startChartCluster } from './cluster.ts'
import type { ChartCluster } from './cluster.ts'

/** What the next release is compared with: docs/releases.md. */
const BEFORE = new URL('../../scripts/release/baseline/gitsync-operator.tgz', import.meta.url).pathname
const RELEASE = 'sync'
const HOME = 'gitsync-system'
const at = ['--namespace', HOME]

let world: ChartCluster
beforeAll(async () => {
  world = await startChartCluster()
})
afterAll(() => world?.stop())

test('the chart of the last release becomes this one and goes back, with its values; GitSyncs stay as they are', async () => {
  const helm = await world.helm()
  const values = JSON.stringify({
    replicas: 2,
    logLevel: 'debug',
    watch: { rules: [{ apiGroups: ['example.com'], resources: ['widgets'] }] },
  })
  await helm(['install', RELEASE, BEFORE, ...at, '--create-namespace', '--values=-'], values)
  await world.kubectl(['wait', '--for=condition=Established', 'crd', 'gitsyncs.gitsync.dev', '--timeout=30s'])
  await world.namespace('shop')
  const sync = gitsync({ namespace: 'shop', url: 'https://git.example.com/shop.git', name: 'shop' })
  await world.kubectl(['create', '-f', '-'], JSON.stringify(sync))
  const read = async (): Promise<{ readonly generation: number; readonly spec: object }> => {
    const { metadata, spec } = JSON.parse(
      await world.kubectl(['get', 'gitsync', 'shop', '--namespace=shop', '--output=json']),
    )
    return { generation: metadata.generation, spec }
  }
  const written = await read()
  const arguments_ = (): Promise<string> =>
    world.kubectl([
      'get',
      'deployment',
      `${RELEASE}-gitsync-operator`,
      ...at,
      '--output=jsonpath={.spec.replicas} {..args}',
    ])
  const before = await arguments_()

  await world.install(helm, RELEASE, HOME, JSON.parse(values))
  expect(await arguments_()).toContain('--log-level=debug')
  // Fields that are new have their defaults.
  expect(await read()).toMatchObject(written)
  // What the new definitions have is served: the same object is taken once more, whole.
  await world.kubectl(
    ['replace', '--dry-run=server', '--validate=strict', '-f', '-'],
    await world.kubectl(['get', 'gitsync', 'shop', '--namespace=shop', '--output=json']),
  )

  await helm(['rollback', RELEASE, '1', ...at])
  expect(await arguments_()).toBe(before)
  expect(await read()).toEqual(written)
})
