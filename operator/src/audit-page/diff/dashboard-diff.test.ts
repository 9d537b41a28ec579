import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dashboardDiff } from './dashboard-diff.ts'

const panel = (id: number, more: object = {}): object => ({
  id,
  type: 'timeseries',
  title: `Panel ${id}`,
  gridPos: { x: 0, y: 8 * id, w: 12, h: 8 },
  targets: [{ refId: 'A', expr: `rate(x${id}[5m])` }],
  ...more,
})
const dashboard = (panels: readonly object[], more: object = {}): string =>
  JSON.stringify({ title: 'Checkout', schemaVersion: 39, panels, ...more })

test('panels that are added, removed, moved, and queries that change, are told as such', () => {
  const before = dashboard([panel(1), panel(2), panel(3)])
  const after = dashboard([
    panel(1, {
      targets: [
        { refId: 'A', expr: 'rate(x1[1m])' },
        { refId: 'B', expr: 'up' },
      ],
    }),
    panel(3, { gridPos: { x: 12, y: 0, w: 12, h: 8 } }),
    panel(4),
  ])
  expect(dashboardDiff(before, after)).toEqual([
    { action: 'removed', what: 'Panel “Panel 2” (2)', details: [] },
    {
      action: 'changed',
      what: 'Panel “Panel 1” (1)',
      details: ['query A: rate(x1[5m]) → rate(x1[1m])', 'query B added: up'],
    },
    { action: 'added', what: 'Panel “Panel 4” (4)', details: ['query A added: rate(x4[5m])'] },
    {
      action: 'moved',
      what: 'Panel “Panel 3” (3)',
      details: ['column 0, line 24, 12 × 8 → column 12, line 0, 12 × 8'],
    },
  ])
})

test('title, variables, limits of a field, panels inside rows', () => {
  const limit = (value: number): object => ({ fieldConfig: { defaults: { max: value } } })
  const variable = (query: string): object => ({ templating: { list: [{ name: 'env', query }] } })
  const row = (inner: object): object => panel(9, { type: 'row', targets: [], panels: [inner] })
  const before = dashboard([row(panel(1, limit(10)))], variable('a'))
  const after = dashboard([row(panel(1, limit(20)))], { ...variable('b'), title: 'Checkout, new' })
  expect(dashboardDiff(before, after)).toEqual([
    { action: 'changed', what: 'Settings', details: ['title: Checkout → Checkout, new'] },
    { action: 'changed', what: 'Variable env', details: ['query: a → b'] },
    { action: 'changed', what: 'Panel “Panel 1” (1)', details: ['fieldConfig.defaults.max: 10 → 20'] },
  ])
})

test('one that is new, or gone, is told by its panels; numbers are as they were spelt', () => {
  expect(dashboardDiff(undefined, dashboard([panel(1)]))?.map(({ what }) => what)).toEqual([
    'Settings',
    'Panel “Panel 1” (1)',
  ])
  expect(dashboardDiff(dashboard([panel(1)]), undefined)?.at(-1)).toMatchObject({ action: 'removed' })
  const exact = (value: string): string => dashboard([]).replace('39', value)
  expect(dashboardDiff(exact('9007199254740993'), exact('9007199254740992'))?.[0]?.details).toEqual([
    'schemaVersion: 9007199254740993 → 9007199254740992',
  ])
  expect(dashboardDiff(exact('1.0'), exact('1'))).toHaveLength(1)
})

const resource = (version: string, spec: object): string =>
  JSON.stringify({
    apiVersion: `dashboard.grafana.app/${version}`,
    kind: 'Dashboard',
    metadata: { name: 'checkout' },
    spec: { title: 'Checkout', ...spec },
  })
const element = (expr: string, max: number): object => ({
  kind: 'Panel',
  spec: {
    id: 1,
    title: 'Latency',
    data: {
      kind: 'QueryGroup',
      spec: {
        queries: [
          {
            kind: 'PanelQuery',
            spec: {
              refId: 'A',
              query: { kind: 'DataQuery', group: 'prometheus', datasource: { name: 'p1' }, spec: { expr } },
            },
          },
        ],
      },
    },
    vizConfig: { kind: 'VizConfig', group: 'timeseries', spec: { fieldConfig: { defaults: { max } } } },
  },
})
const grid = (x: number): object => ({
  kind: 'GridLayout',
  spec: {
    items: [{ kind: 'GridLayoutItem', spec: { x, y: 0, width: 12, height: 8, element: { name: 'panel-1' } } }],
  },
})

test('a resource is told as any dashboard, in schema v2 too', () => {
  const before = resource('v2', {
    elements: { 'panel-1': element('up', 10) },
    layout: grid(0),
    variables: [{ kind: 'QueryVariable', spec: { name: 'env', query: 'a' } }],
  })
  const after = resource('v2', {
    elements: { 'panel-1': element('up == 1', 20) },
    layout: grid(12),
    variables: [{ kind: 'QueryVariable', spec: { name: 'env', query: 'b' } }],
  })
  expect(dashboardDiff(before, after)).toEqual([
    { action: 'changed', what: 'Variable env', details: ['query: a → b'] },
    {
      action: 'changed',
      what: 'Panel “Latency” (1)',
      details: ['query A: up → up == 1', 'fieldConfig.defaults.max: 10 → 20'],
    },
    {
      action: 'moved',
      what: 'Panel “Latency” (1)',
      details: ['column 0, line 0, 12 × 8 → column 12, line 0, 12 × 8'],
    },
  ])
  const tabs = { elements: {}, layout: { kind: 'TabsLayout', spec: { tabs: [] } } }
  expect(dashboardDiff(resource('v2beta1', { elements: {}, layout: grid(0) }), resource('v2beta1', tabs))).toEqual([
    {
      action: 'changed',
      what: 'Settings',
      details: [expect.stringContaining('layout: nothing → {"kind":"TabsLayout"')],
    },
  ])
  expect(dashboardDiff(resource('v1', { panels: [] }), resource('v1', { panels: [panel(1)] }))).toEqual([
    { action: 'added', what: 'Panel “Panel 1” (1)', details: ['query A added: rate(x1[5m])'] },
  ])
})

test.each([
  ['{"a": 1}', '{"a": 2}'],
  ['[]', '[]'],
  ['no JSON', dashboard([])],
  [dashboard([]), '{"title": "x"'],
  ['{"title": "a package.json has none of it"}', dashboard([])],
  ['{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}', dashboard([])],
])('%s and %s are no dashboards', (before, after) => {
  expect(dashboardDiff(before, after)).toBeUndefined()
})

test('panels that share one id are told apart, however many they are, in no more time than others', () => {
  const before = dashboard([panel(1), panel(1, { title: 'Other' })])
  const after = dashboard([panel(1), panel(1, { title: 'New' })])
  expect(dashboardDiff(before, after)).toEqual([
    { action: 'changed', what: 'Panel “New” (1 (2))', details: ['title: Other → New'] },
  ])
  const many = (title: string): string => dashboard(Array.from({ length: 20_000 }, () => ({ id: 1, title })))
  expect(dashboardDiff(many('a'), many('b'))).toHaveLength(200)
})

test('what is said of a dashboard is bounded, whatever is in it', () => {
  const keys = (value: number): object =>
    Object.fromEntries(Array.from({ length: 5_000 }, (_key, index) => [`${'k'.repeat(200)}${index}`, value]))
  const long = 'x'.repeat(10_000)
  const before = dashboard([panel(1, keys(1)), panel(2, { title: long, options: { [long]: { [long]: 1 } } })])
  const after = dashboard([panel(1, keys(2)), panel(2, { title: long, options: { [long]: { [long]: long } } })])
  const changes = dashboardDiff(before, after) ?? []
  expect(changes[0]?.details).toHaveLength(501)
  expect(changes[0]?.details.at(-1)).toBe('and 4500 more')
  expect(changes[1]).toMatchObject({ details: ['and 1 more'] })
  const texts = changes.flatMap(({ what, details }) => [what, ...details])
  expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(1_000)
})

test('whatever is in the files: it ends, equal ones have no changes, and what is said is bounded', () => {
  const anything = fc.record(
    {
      title: fc.constant('T'),
      panels: fc.anything({ maxDepth: 4 }),
      rows: fc.anything({ maxDepth: 3 }),
      templating: fc.anything({ maxDepth: 3 }),
    },
    { requiredKeys: ['title', 'panels'] },
  )
  const text = anything.map((value) => JSON.stringify({ schemaVersion: 1, ...value }))
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(dashboardDiff(before, before)).toEqual([])
      expect(dashboardDiff(before, after)?.length ?? 0).toBeLessThanOrEqual(200)
    }),
    { numRuns: 300 },
  )
})

test('library panels and alert rules of a Grafana are no dashboards: their lines are shown', () => {
  const panel = (title: string): string =>
    JSON.stringify({ folderUid: 'team', kind: 1, model: { type: 'text', title, panels: [] }, name: title, uid: 'p' })
  expect(dashboardDiff(panel('a'), panel('b'))).toBeUndefined()
  expect(dashboardDiff(undefined, panel('a'))).toBeUndefined()
  expect(dashboardDiff('apiVersion: 1\ngroups: []\n', 'apiVersion: 1\n')).toBeUndefined()
})
