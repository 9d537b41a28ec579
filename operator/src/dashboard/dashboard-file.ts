/** Text or model of a dashboard → its file, as Grafana imports it. */
import { toJson } from '../render/json.ts'
import { orderObject, orderValue } from '../render/order.ts'
import { isPrintedLarger } from '../render/printed-size.ts'
import { isRecord, omitKeys } from '../render/tree.ts'
import type { JsonRecord } from '../render/tree.ts'
import { checkClassic, VOLATILE_FIELDS } from './classic-model.ts'
import { DashboardError } from './dashboard-error.ts'
import { checkResource, isResource } from './dashboard-resource.ts'
import { parametrise } from './parametrise.ts'
import type { DatasourceInput } from './parametrise.ts'
import { parseStrict } from './parse-json.ts'

/** A larger file is no dashboard that anybody opens, in bytes. */
export const MAX_DASHBOARD_BYTES = 4 << 20

export interface DashboardFile {
  /** UTF-8; ends with a newline. */
  readonly bytes: Uint8Array
  readonly title: string
  /** Undefined where Grafana is to give it one. */
  readonly uid: string | undefined
}

const encoder = new TextEncoder()

/**
 * The file of a dashboard in the classic model, or of a resource `dashboard.grafana.app`: keys by code unit, two spaces,
 * numbers as they were spelt, without what one Grafana keeps about its own copy. Equal bytes for what it gives when that is
 * imported again.
 * @param datasources named by inputs in the file
 * @throws DashboardError for what is not JSON, is no dashboard, or is too large
 */
export function dashboardFile(text: string, datasources: readonly DatasourceInput[] = []): DashboardFile {
  const value = parseStrict(text)
  if (!isRecord(value)) throw new DashboardError('it is no dashboard: a JSON object was expected')
  const { ordered, title, uid } = isResource(value) ? ofResource(value, datasources) : ofModel(value, datasources)
  if (isPrintedLarger(ordered, 'JSON', MAX_DASHBOARD_BYTES)) throw tooLarge()
  const bytes = encoder.encode(toJson(ordered))
  if (bytes.length > MAX_DASHBOARD_BYTES) throw tooLarge()
  return { bytes, title, uid }
}

const tooLarge = (): DashboardError => new DashboardError(`its file has more than ${MAX_DASHBOARD_BYTES} bytes`)

interface Ordered extends Pick<DashboardFile, 'title' | 'uid'> {
  /** In file order. */
  readonly ordered: unknown
}

function ofModel(value: JsonRecord, datasources: readonly DatasourceInput[]): Ordered {
  const known = checkClassic(value)
  return { ...known, ordered: orderValue(parametrise(omitKeys(value, VOLATILE_FIELDS), datasources)) }
}

function ofResource(value: JsonRecord, datasources: readonly DatasourceInput[]): Ordered {
  const { apiVersion, kind } = value as { readonly apiVersion: string; readonly kind: string }
  const { metadata, spec, isClassic, title, uid } = checkResource(value)
  if (!isClassic && datasources.length > 0)
    throw new DashboardError('spec.datasources: a dashboard in schema v2 has no inputs; leave the list out')
  const named = isClassic ? parametrise(spec, datasources) : spec
  return { title, uid, ordered: orderObject({ apiVersion, kind, metadata, spec: named }) }
}
