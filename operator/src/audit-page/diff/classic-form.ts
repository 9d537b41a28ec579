import { checkResource, isResource } from '../../dashboard/dashboard-resource.ts'
import { asRecord, omitKeys, recordsIn } from '../../render/tree.ts'
import type { JsonRecord } from '../../render/tree.ts'

/**
 * A dashboard in the form of the classic model, whatever it is kept in, so that both are told in the same words. Undefined
 * for what is no dashboard. It is for reading: Grafana would not import what is made of schema v2.
 * @throws DashboardError for a resource that is no dashboard
 */
export function classicForm(value: JsonRecord): JsonRecord | undefined {
  if (isResource(value)) {
    const { spec, isClassic } = checkResource(value)
    return isClassic ? spec : classicOfElements(spec)
  }
  if (typeof value['title'] !== 'string') return undefined
  return ['panels', 'rows', 'templating', 'schemaVersion'].some((key) => key in value) ? value : undefined
}

/** https://grafana.com/docs/grafana/latest/as-code/observability-as-code/schema-v2/ */
function classicOfElements(spec: JsonRecord): JsonRecord {
  const { elements, layout, variables } = spec
  const places = placesIn(asRecord(layout))
  const panels = Object.entries(asRecord(elements)).map(([name, element]) => {
    const gridPos = places?.get(name)
    return { ...panelOf(asRecord(asRecord(element)['spec'])), ...(gridPos === undefined ? {} : { gridPos }) }
  })
  const list = recordsIn(variables).map(({ kind, spec: variable }) => ({ kind, ...asRecord(variable) }))
  const told = places === undefined ? ['elements', 'variables'] : ['elements', 'variables', 'layout']
  return { ...omitKeys(spec, told), panels, templating: { list } }
}

/** Element → where it is; undefined for a layout of rows or tabs. */
function placesIn({ kind, spec }: JsonRecord): ReadonlyMap<string, JsonRecord> | undefined {
  if (kind !== 'GridLayout') return undefined
  return new Map(
    recordsIn(asRecord(spec)['items']).map((item) => {
      const { element, x, y, width: w, height: h } = asRecord(item['spec'])
      return [String(asRecord(element)['name']), { x, y, w, h }]
    }),
  )
}

function panelOf(spec: JsonRecord): JsonRecord {
  const { data, vizConfig } = spec
  const { kind, group = kind, spec: look } = asRecord(vizConfig)
  const { queries, ...more } = asRecord(asRecord(data)['spec'])
  return {
    ...omitKeys(spec, ['data', 'vizConfig']),
    type: group,
    ...asRecord(look),
    ...more,
    targets: recordsIn(queries).map(targetOf),
  }
}

/** `v2alpha1` has the data source beside the query, later ones in it. */
function targetOf({ spec }: JsonRecord): JsonRecord {
  const { query, ...more } = asRecord(spec)
  const { kind, group = kind, datasource, spec: asked } = asRecord(query)
  return { ...more, ...(datasource === undefined ? {} : { datasource }), group, ...asRecord(asked) }
}
