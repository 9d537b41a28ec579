/** Data sources of one Grafana → inputs that whoever imports the dashboard gives, as in what Grafana exports for sharing. */
import { isRecord } from '../render/tree.ts'
import type { JsonRecord } from '../render/tree.ts'
import { DashboardError } from './dashboard-error.ts'

export interface DatasourceInput {
  /** Of the data source, in the dashboard. */
  readonly uid: string
  /** `DS_PROMETHEUS` */
  readonly input: string
  /** `prometheus` */
  readonly pluginId: string
  /** Default: `input`. */
  readonly label?: string | undefined
}

/**
 * The dashboard with `${DS_PROMETHEUS}` for the uid of each of these data sources wherever it is named as `datasource`, by an object with
 * its uid or by the uid alone, and with an entry in `__inputs` for each that is. One that is so already stays as it is.
 * @throws DashboardError when `__inputs` is there and no list
 */
export function parametrise(dashboard: JsonRecord, datasources: readonly DatasourceInput[]): JsonRecord {
  if (datasources.length === 0) return dashboard
  const byUid = new Map(datasources.map((datasource) => [datasource.uid, datasource]))
  const used = new Set<string>()
  const toInput = (uid: unknown): unknown => {
    const found = typeof uid === 'string' ? byUid.get(uid) : undefined
    if (found === undefined) return uid
    used.add(found.input)
    return `\${${found.input}}`
  }
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (!isRecord(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => {
        if (key !== 'datasource') return [key, walk(child)]
        if (!isRecord(child)) return [key, toInput(child)]
        return [key, Object.hasOwn(child, 'uid') ? { ...child, uid: toInput(child['uid']) } : child]
      }),
    )
  }
  const { __inputs: inputs = [], ...rest } = dashboard
  if (!Array.isArray(inputs)) throw new DashboardError('__inputs must be a list')
  const inner = walk(rest) as JsonRecord
  const known = new Set(inputs.map((input) => (isRecord(input) ? input['name'] : undefined)))
  const added = datasources
    .filter(({ input }) => used.has(input) && !known.has(input))
    .map(({ input, pluginId, label = input }) => ({
      name: input,
      label,
      description: '',
      type: 'datasource',
      pluginId,
    }))
  return added.length === 0 ? { ...dashboard, ...inner } : { ...inner, __inputs: [...(inputs as unknown[]), ...added] }
}
