/** A library panel → its file, as Grafana's API takes it again. */
import { stringifyExact } from '../objects/exact-json.ts'
import { toJson } from '../render/json.ts'
import { orderValue } from '../render/order.ts'
import { isPrintedLarger } from '../render/printed-size.ts'
import type { JsonRecord } from '../render/tree.ts'
import { checkUid } from './check-field.ts'
import { DashboardError } from './dashboard-error.ts'
import { MAX_DASHBOARD_BYTES } from './dashboard-file.ts'
import { parseStrict } from './parse-json.ts'

const encoder = new TextEncoder()
/** Of a panel; Grafana has had another kind in mind, and has none of it. */
const KIND = 1

export interface PanelContent {
  readonly uid: string
  readonly name: string
  /** Uid of its folder; '' at the top. */
  readonly folder: string
  readonly model: JsonRecord
}

/**
 * The file of a library panel: what `POST /api/library-elements` takes, keys by code unit, two spaces, numbers as they were spelt,
 * without what one Grafana keeps about its own copy.
 * @throws DashboardError for what is no panel, or is too large
 */
export function libraryPanelFile({ uid, name, folder, model }: PanelContent): Uint8Array {
  checkUid('uid', uid)
  if (name.trim() === '') throw new DashboardError('it has no name')
  const ordered = orderValue({ uid, name, kind: KIND, folderUid: folder, model: limited(model) })
  if (isPrintedLarger(ordered, 'JSON', MAX_DASHBOARD_BYTES)) throw tooLarge()
  const bytes = encoder.encode(toJson(ordered))
  if (bytes.length > MAX_DASHBOARD_BYTES) throw tooLarge()
  return bytes
}

/** The same, if it is no deeper and has no more values than a dashboard may have. */
function limited(model: JsonRecord): unknown {
  try {
    return parseStrict(stringifyExact(model))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new DashboardError('it is nested too deep')
  }
}

const tooLarge = (): DashboardError => new DashboardError(`its file has more than ${MAX_DASHBOARD_BYTES} bytes`)
