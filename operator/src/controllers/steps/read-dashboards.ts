import type { ResourceSelector } from '../../api/gitsync.ts'
import { groupKindKey } from '../../objects/object.ts'
import { DASHBOARDS, isDashboardKind } from '../known-resources.ts'
import type { Problem, Reconciliation } from '../step.ts'

/** Definitions are watched, and what is known of kinds is thrown away when one changes; how old it may be otherwise, in milliseconds. */
const FRESH_MS = 5_000

/**
 * Reads the Dashboards of the namespace that name the GitSync, whatever `resources` select. Its account is not asked: the
 * operator may read its own kind, and who writes a Dashboard there says who is to write it to Git.
 */
export async function readDashboards(run: Reconciliation): Promise<Problem | undefined> {
  const { group, kind } = DASHBOARDS
  const { namespace = '', name } = run.gitsync.metadata
  const resolution = await run.environment.discovery.resolve({ group, kind }, { maxAgeMs: FRESH_MS })
  if (resolution.state === 'Unknown') {
    const message = `cannot find out about kind ${groupKindKey(DASHBOARDS)}: ${resolution.error.message}`
    run.problems.push({ reason: 'ClusterUnavailable', message })
    return undefined
  }
  // Definitions of an older release: there are none.
  if (resolution.state === 'NotServed') return undefined
  const { resource } = resolution
  const selector: ResourceSelector = {
    group,
    kind,
    fieldSelector: { matchFields: [{ key: 'spec.syncRef.name', operator: 'In', values: [name] }] },
  }
  const { exclude, defaultExclusions, ignoreManagers } = run.gitsync.spec
  // One reading for each kind: those that `resources` select beside them are objects like any others.
  const selected = run.readings.find((reading) => isDashboardKind(reading.resource))
  const rules = [...(selected?.rules ?? []), { selector, namespaces: new Set([namespace]) }]
  run.selected = [...run.selected, { selector, resource }]
  run.readings = [
    ...run.readings.filter((reading) => reading !== selected),
    { resource, rules, exclusions: { exclude, defaultExclusions, ignoreManagers }, isByWildcard: false },
  ]
  return undefined
}
