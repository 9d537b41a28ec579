import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dashboardFile } from './dashboard-file.ts'
import { parametrise } from './parametrise.ts'

const PROMETHEUS = { uid: 'prom-1', input: 'DS_PROMETHEUS', pluginId: 'prometheus', label: 'Prometheus' }
const LOKI = { uid: 'loki-1', input: 'DS_LOKI', pluginId: 'loki' }
const BOTH = [PROMETHEUS, LOKI]
const inputOf = (name: string, pluginId: string, label = name): object => ({
  name,
  label,
  description: '',
  type: 'datasource',
  pluginId,
})

test('panels, queries, annotations and variables name inputs, and only those that are used are listed', () => {
  const source = {
    annotations: { list: [{ datasource: { type: 'grafana', uid: '-- Grafana --' } }] },
    panels: [
      {
        datasource: { type: 'prometheus', uid: 'prom-1' },
        targets: [{ datasource: { uid: 'prom-1' }, expr: 'prom-1' }],
      },
      { datasource: 'prom-1', title: 'prom-1' },
      { datasource: null, panels: [{ datasource: { uid: '${datasource}' } }] },
      { datasource: {} },
    ],
    templating: { list: [{ datasource: { type: 'prometheus', uid: 'prom-1' } }] },
    title: 'x',
  }
  expect(parametrise(source, BOTH)).toEqual({
    __inputs: [inputOf('DS_PROMETHEUS', 'prometheus', 'Prometheus')],
    annotations: { list: [{ datasource: { type: 'grafana', uid: '-- Grafana --' } }] },
    panels: [
      {
        datasource: { type: 'prometheus', uid: '${DS_PROMETHEUS}' },
        targets: [{ datasource: { uid: '${DS_PROMETHEUS}' }, expr: 'prom-1' }],
      },
      { datasource: '${DS_PROMETHEUS}', title: 'prom-1' },
      { datasource: null, panels: [{ datasource: { uid: '${datasource}' } }] },
      { datasource: {} },
    ],
    templating: { list: [{ datasource: { type: 'prometheus', uid: '${DS_PROMETHEUS}' } }] },
    title: 'x',
  })
  expect(parametrise({ title: 'x', panels: [] }, BOTH)).toEqual({ title: 'x', panels: [] })
})

test('inputs that are there stay, and none is listed twice', () => {
  const shared = { __inputs: [inputOf('DS_PROMETHEUS', 'prometheus', 'Mine'), { name: 'VAR_X', type: 'constant' }] }
  const panels = [{ datasource: { uid: 'prom-1' } }, { datasource: { uid: 'loki-1' } }]
  expect(parametrise({ ...shared, panels }, BOTH)['__inputs']).toEqual([...shared.__inputs, inputOf('DS_LOKI', 'loki')])
  expect(() => parametrise({ __inputs: {} }, BOTH)).toThrow('__inputs must be a list')
})

test('who gives the same data sources has the same dashboard, and what is written again is the same file', () => {
  const datasource = fc.constantFrom(
    '"prom-1"',
    '"loki-1"',
    'null',
    '"other"',
    '{"type": "prometheus", "uid": "prom-1"}',
    '{"uid": "loki-1", "max": 1.50}',
    '{"uid": "other"}',
    '{}',
  )
  const panel = fc
    .tuple(datasource, datasource, fc.constantFrom('1.0', '9007199254740993'))
    .map(
      ([own, query, max]) =>
        `{"datasource": ${own}, "max": ${max}, "targets": [{"datasource": ${query}}], "__proto__": {"datasource": ${own}}}`,
    )
  fc.assert(
    fc.property(fc.array(panel, { maxLength: 4 }), (panels) => {
      const text = `{"title": "x", "panels": [${panels.join()}]}`
      const bytes = Buffer.from(dashboardFile(text, BOTH).bytes).toString()
      expect(Buffer.from(dashboardFile(bytes, BOTH).bytes).toString()).toBe(bytes)
      expect(bytes).not.toMatch(/"(?:prom|loki)-1"/)
      const given = JSON.parse(
        bytes.replaceAll('${DS_PROMETHEUS}', 'prom-1').replaceAll('${DS_LOKI}', 'loki-1'),
      ) as object
      const { __inputs: inputs = [], ...rest } = given as { __inputs?: { name: string }[] }
      expect(rest).toEqual(JSON.parse(Buffer.from(dashboardFile(text).bytes).toString()))
      const used = BOTH.filter(({ input }) => bytes.includes(`\${${input}}`)).map(({ input }) => input)
      expect(inputs.map(({ name }) => name)).toEqual(used)
    }),
  )
})
