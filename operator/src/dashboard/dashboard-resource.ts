/** https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/apis/ */
import { asRecord, isRecord, omitKeys } from '../render/tree.ts'
import type { JsonRecord } from '../render/tree.ts'
import { checkTitle, checkUid, shown } from './check-field.ts'
import { checkClassic, VOLATILE_FIELDS } from './classic-model.ts'
import { DashboardError } from './dashboard-error.ts'

export const DASHBOARD_GROUP = 'dashboard.grafana.app'
/** `v0` and `v1` have the classic model in their spec, `v2` elements and a layout. */
const VERSION = /^v([012])(?:(?:alpha|beta)[1-9]\d*)?$/
/** What a Grafana says of its own copy: who saved it, when, in which of its folders. */
const OWN_PREFIX = 'grafana.app/'

export interface DashboardResource {
  /** Without what one Grafana sets: namespace, versions, times, status, and all that is named `grafana.app/`. */
  readonly metadata: JsonRecord & { readonly name: string }
  readonly spec: JsonRecord
  readonly isClassic: boolean
  readonly title: string
  readonly uid: string
}

export const isResource = (value: JsonRecord): boolean => typeof value['apiVersion'] === 'string'

/** A dashboard as a resource of Grafana. @throws DashboardError for another resource, or a version that is not known */
export function checkResource(value: JsonRecord): DashboardResource {
  const { apiVersion, kind, metadata, spec } = value
  const [group, version = ''] = String(apiVersion).split('/')
  if (group !== DASHBOARD_GROUP || kind !== 'Dashboard')
    throw new DashboardError(
      `it is no dashboard but a resource ${JSON.stringify(kind)} of ${JSON.stringify(apiVersion)}`,
    )
  const schema = VERSION.exec(version)?.[1]
  if (schema === undefined)
    throw new DashboardError(
      `apiVersion "${shown(String(apiVersion))}" must be ${DASHBOARD_GROUP}/v0, v1 or v2, or an alpha or beta of one of them`,
    )
  if (!isRecord(metadata) || !isRecord(spec))
    throw new DashboardError('it is no dashboard: metadata or spec is missing')
  checkConversion(version, value['status'])
  const { name } = metadata
  if (name === undefined || name === '') throw new DashboardError('metadata.name is missing: it is the uid')
  checkUid('metadata.name', name)
  const { title } = spec
  checkTitle('spec.title', title)
  const isClassic = schema !== '2'
  if (isClassic) checkClassic({ ...spec, uid: undefined })
  else if (!isRecord(spec['elements']) || !isRecord(spec['layout']))
    throw new DashboardError('it is no dashboard of schema v2: spec.elements or spec.layout is missing')
  return {
    metadata: { name, ...setByPeople('labels', metadata), ...setByPeople('annotations', metadata) },
    // In a resource the name is the uid.
    spec: isClassic ? omitKeys(spec, [...VOLATILE_FIELDS, 'uid']) : spec,
    isClassic,
    title,
    uid: name,
  }
}

/** Where Grafana cannot say a dashboard in the version that it was asked for, it gives something else, and says so. */
function checkConversion(version: string, status: unknown): void {
  const { failed, storedVersion, error } = asRecord(asRecord(status)['conversion'])
  if (failed !== true) return
  const [kept, why] = [storedVersion, error].map((value) => (typeof value === 'string' ? shown(value) : ''))
  throw new DashboardError(
    `it is not the dashboard: Grafana keeps that in ${kept || 'another version'}, and could not convert it to ${version}${why ? ` (${why})` : ''}; take it in the schema that it is kept in`,
  )
}

function setByPeople(field: 'labels' | 'annotations', { [field]: entries }: JsonRecord): JsonRecord {
  if (!isRecord(entries)) return {}
  const kept = Object.entries(entries).filter(([key]) => !key.startsWith(OWN_PREFIX))
  return kept.length === 0 ? {} : { [field]: Object.fromEntries(kept) }
}
