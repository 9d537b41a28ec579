/** Text of a group of alert rules → its file, as Grafana provisions it. */
import { parseYaml, UnreadableYamlError } from '../render/edit/exact-yaml.ts'
import { isRecord } from '../render/tree.ts'
import { DashboardError } from './dashboard-error.ts'
import { MAX_DASHBOARD_BYTES } from './dashboard-file.ts'

const encoder = new TextEncoder()
/** What no YAML has as such. */
const CONTROL = /[^\P{Cc}\n\t]/u

/** At the beginning of a line it ends a document, wherever that is. */
const NEXT_DOCUMENT = /\n(---|\.\.\.)(\s|$)/

/**
 * The file of one group of alert rules: what Grafana exports, spelt as it is there, with the line ends of Git.
 * https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning/
 * @param group the name of the group
 * @throws DashboardError for what is not that
 */
export function alertRulesFile(text: string, group: string): Uint8Array {
  if (text.length > MAX_DASHBOARD_BYTES) throw tooLarge()
  const lines = text.replaceAll(/\r\n?/g, '\n').replace(/\n*$/, '\n')
  if (CONTROL.test(lines)) throw new DashboardError('its export has control characters')
  const value = parsed(lines)
  if (!isRecord(value) || value['apiVersion'] !== 1 || !Array.isArray(value['groups']))
    throw new DashboardError('its export is no file for provisioning: apiVersion: 1 and groups were expected')
  const [one, ...more] = value['groups'] as readonly unknown[]
  if (!isRecord(one) || one['name'] !== group || !Array.isArray(one['rules']) || more.length > 0)
    throw new DashboardError('its export is not that of this group alone')
  const bytes = encoder.encode(lines)
  if (bytes.length > MAX_DASHBOARD_BYTES) throw tooLarge()
  return bytes
}

function parsed(text: string): unknown {
  if (NEXT_DOCUMENT.test(text)) throw new DashboardError('its export is not YAML of one document')
  try {
    return parseYaml(text).value
  } catch (error) {
    // What is nested without end is no syntax that anybody has.
    if (!(error instanceof UnreadableYamlError || error instanceof RangeError)) throw error
    throw new DashboardError(`its export is not YAML: ${error.message}`)
  }
}

const tooLarge = (): DashboardError => new DashboardError(`its export has more than ${MAX_DASHBOARD_BYTES} bytes`)
