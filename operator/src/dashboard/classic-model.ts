/** https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/view-dashboard-json-model/ */
import { isRecord } from '../render/tree.ts'
import type { JsonRecord } from '../render/tree.ts'
import { checkTitle, checkUid } from './check-field.ts'
import { DashboardError } from './dashboard-error.ts'

/**
 * What Grafana keeps about a dashboard, and sets anew wherever it is imported: the key of its row in one database, how often
 * it was saved there, and when its rows and panels were last repeated on a screen.
 */
export const VOLATILE_FIELDS = ['id', 'version', 'iteration']

/**
 * Title and uid of a dashboard in the classic model; uid undefined where Grafana is to give it one.
 * @throws DashboardError for what Grafana would not import as one
 */
export function checkClassic(value: JsonRecord): { readonly title: string; readonly uid: string | undefined } {
  const { dashboard, title, uid, panels, rows, elements, layout } = value
  if (isRecord(dashboard) && title === undefined)
    throw new DashboardError("it is an answer of Grafana's API: give the object in its field dashboard alone")
  if (isRecord(elements) && isRecord(layout) && panels === undefined)
    throw new DashboardError(
      'it is the spec of a dashboard in schema v2 (elements and layout) alone: give the whole resource, with apiVersion, kind and metadata.name',
    )
  checkTitle('title', title)
  if (uid !== undefined && uid !== null) checkUid('uid', uid)
  for (const [name, list] of Object.entries({ panels, rows })) {
    if (list !== undefined && !(Array.isArray(list) && list.every(isRecord)))
      throw new DashboardError(`it is no dashboard: ${name} must be a list of objects`)
  }
  return { title, uid: typeof uid === 'string' && uid !== '' ? uid : undefined }
}
