/** A real Grafana imports what names its data sources by inputs, and takes those that it is given. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dashboardFile } from '../../../operator/src/dashboard/dashboard-file.ts'
import { startGrafana } from './index.ts'
import type { Grafana } from './index.ts'

let grafana: Grafana

beforeAll(async () => {
  grafana = await startGrafana()
}, 180_000)
afterAll(() => grafana?.stop())

test('whoever imports the file says which data sources to take', async () => {
  const text = JSON.stringify({
    uid: 'shared',
    title: 'Shared',
    annotations: { list: [{ name: 'deployments', datasource: { type: 'prometheus', uid: 'there' } }] },
    panels: [
      {
        type: 'timeseries',
        datasource: { type: 'prometheus', uid: 'there' },
        targets: [{ refId: 'A', expr: 'there', datasource: { type: 'prometheus', uid: 'there' } }],
      },
      { type: 'text', datasource: { type: 'loki', uid: 'untold' } },
    ],
    templating: { list: [{ type: 'query', name: 'job', datasource: { type: 'prometheus', uid: 'there' } }] },
  })
  const inputs = [{ uid: 'there', input: 'DS_PROMETHEUS', pluginId: 'prometheus' }]
  const dashboard: unknown = JSON.parse(Buffer.from(dashboardFile(text, inputs).bytes).toString())
  const { datasource } = await grafana.api('POST', '/api/datasources', {
    name: 'Here',
    type: 'prometheus',
    access: 'proxy',
    url: 'http://127.0.0.1:1',
  })
  const given = [{ name: 'DS_PROMETHEUS', type: 'datasource', pluginId: 'prometheus', value: datasource.uid }]
  await grafana.api('POST', '/api/dashboards/import', { dashboard, inputs: given, overwrite: true })
  const { dashboard: imported } = await grafana.api('GET', '/api/dashboards/uid/shared')
  const here = { type: 'prometheus', uid: datasource.uid }
  expect(imported.panels[0]).toMatchObject({ datasource: here, targets: [{ expr: 'there', datasource: here }] })
  expect(imported.panels[1]).toMatchObject({ datasource: { type: 'loki', uid: 'untold' } })
  expect(imported.annotations.list).toContainEqual({ name: 'deployments', datasource: here })
  expect(imported.templating.list[0]).toMatchObject({ datasource: here })
  expect(JSON.stringify(imported)).not.toMatch(/DS_PROMETHEUS|"uid":"there"/)
})
