import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DashboardError } from './dashboard-error.ts'
import { dashboardFile } from './dashboard-file.ts'

const written = (value: unknown): string => Buffer.from(dashboardFile(JSON.stringify(value)).bytes).toString()

const V2 = {
  title: 'Checkout',
  elements: {
    'panel-1': { kind: 'Panel', spec: { id: 1, title: 'Latency', version: 3, vizConfig: { kind: 'VizConfig' } } },
  },
  layout: { kind: 'GridLayout', spec: { items: [] } },
  variables: [],
}
const resource = (spec: object, version = 'v2', metadata: object = { name: 'checkout' }): object => ({
  spec,
  metadata,
  kind: 'Dashboard',
  apiVersion: `dashboard.grafana.app/${version}`,
})

test('the file is the resource without what one Grafana keeps about its copy; what people set stays', () => {
  const kept = resource(V2, 'v2beta1', {
    uid: '9b1c',
    name: 'checkout',
    namespace: 'org-7',
    resourceVersion: '1764',
    generation: 4,
    creationTimestamp: '2026-06-01T10:00:00Z',
    managedFields: [],
    labels: { 'grafana.app/deprecatedInternalID': '12', team: 'shop' },
    annotations: {
      'grafana.app/createdBy': 'user:u1',
      'grafana.app/folder': 'f1',
      'grafana.app/message': 'higher limit',
      'grafana.app/updatedTimestamp': '2026-06-02T10:00:00Z',
      'example.com/owner': 'ann',
    },
  })
  expect(dashboardFile(JSON.stringify({ ...kept, status: { conversion: {} }, access: {} }))).toMatchObject({
    title: 'Checkout',
    uid: 'checkout',
  })
  expect(written({ ...kept, status: { conversion: {} } })).toBe(`{
  "apiVersion": "dashboard.grafana.app/v2beta1",
  "kind": "Dashboard",
  "metadata": {
    "name": "checkout",
    "labels": {
      "team": "shop"
    },
    "annotations": {
      "example.com/owner": "ann"
    }
  },
  "spec": {
    "elements": {
      "panel-1": {
        "kind": "Panel",
        "spec": {
          "id": 1,
          "title": "Latency",
          "version": 3,
          "vizConfig": {
            "kind": "VizConfig"
          }
        }
      }
    },
    "layout": {
      "kind": "GridLayout",
      "spec": {
        "items": []
      }
    },
    "title": "Checkout",
    "variables": []
  }
}
`)
})

test('of a classic model in a resource the row of one database goes too, and data sources become inputs', () => {
  const spec = {
    id: 3,
    uid: 'checkout',
    version: 9,
    iteration: 1,
    title: 'Checkout',
    panels: [{ id: 1, datasource: { uid: 'p1' } }],
  }
  const text = JSON.stringify(resource(spec, 'v1beta1'))
  const { bytes } = dashboardFile(text, [{ uid: 'p1', input: 'DS_PROMETHEUS', pluginId: 'prometheus' }])
  const file = JSON.parse(Buffer.from(bytes).toString()) as { readonly spec: object }
  expect(file.spec).toEqual({
    __inputs: [expect.objectContaining({ name: 'DS_PROMETHEUS' })],
    panels: [{ id: 1, datasource: { uid: '${DS_PROMETHEUS}' } }],
    title: 'Checkout',
  })
  expect(() => dashboardFile(JSON.stringify(resource(V2)), [{ uid: 'p1', input: 'A', pluginId: 'b' }])).toThrow(
    'spec.datasources: a dashboard in schema v2 has no inputs',
  )
})

test('importing a file again and writing it changes no byte', () => {
  const spec = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }))
  const metadata = fc.record(
    {
      name: fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/),
      namespace: fc.constant('default'),
      generation: fc.nat(),
      labels: fc.dictionary(fc.constantFrom('team', 'grafana.app/x', '__proto__'), fc.string()),
    },
    { requiredKeys: ['name'] },
  )
  fc.assert(
    fc.property(fc.constantFrom('v0alpha1', 'v1', 'v2alpha1', 'v2'), metadata, spec, (version, meta, more) => {
      const fields = version.startsWith('v2') ? V2 : { title: 'x', panels: [], rows: [] }
      const file = written(resource({ ...more, ...fields }, version, meta))
      expect(written(JSON.parse(file))).toBe(file)
    }),
    { numRuns: 300 },
  )
})

test.each([
  [{ apiVersion: 'v1', kind: 'ConfigMap' }, 'it is no dashboard but a resource "ConfigMap" of "v1"'],
  [
    { apiVersion: 'dashboard.grafana.app/v1', kind: 'LibraryPanel' },
    'it is no dashboard but a resource "LibraryPanel" of "dashboard.grafana.app/v1"',
  ],
  [
    {
      ...resource({ title: 'x' }, 'v1'),
      status: { conversion: { failed: true, storedVersion: 'v2', error: 'no\u001b[2K' } },
    },
    'it is not the dashboard: Grafana keeps that in v2, and could not convert it to v1 (no [2K); take it in the schema that it is kept in',
  ],
  [
    { ...resource(V2), status: { conversion: { failed: true, storedVersion: 1 } } },
    'it is not the dashboard: Grafana keeps that in another version, and could not convert it to v2; take it in the schema that it is kept in',
  ],
  [
    resource(V2, 'v3'),
    'apiVersion "dashboard.grafana.app/v3" must be dashboard.grafana.app/v0, v1 or v2, or an alpha or beta of one of them',
  ],
  [{ ...resource(V2), metadata: undefined }, 'it is no dashboard: metadata or spec is missing'],
  [resource(V2, 'v2', { generateName: 'x' }), 'metadata.name is missing: it is the uid'],
  [resource(V2, 'v2', { name: 'a b' }), 'metadata.name "a b" must be at most 40 letters, digits, - and _'],
  [resource({ ...V2, title: '' }), 'it is no dashboard: spec.title is missing, or is not a text'],
  [resource({ ...V2, layout: [] }), 'it is no dashboard of schema v2: spec.elements or spec.layout is missing'],
  [resource({ title: 'x', panels: {} }, 'v1'), 'it is no dashboard: panels must be a list of objects'],
])('refused: %j', (value, message) => {
  expect(() => dashboardFile(JSON.stringify(value))).toThrow(new DashboardError(message))
})
