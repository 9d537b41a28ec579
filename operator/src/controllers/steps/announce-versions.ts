import { groupKindKey } from '../../objects/object.ts'
import type { Problem, Reconciliation } from '../step.ts'

/** Says that a kind is read in another version from now on, as after an upgrade of the cluster: all its files change. */
export function announceVersions(run: Reconciliation): Problem | undefined {
  const runtime = run.runtimes.get(run.name)
  if (runtime === undefined) return undefined
  const { apiVersion, kind, metadata } = run.object
  const { namespace, name, uid } = metadata
  for (const { resource } of run.readings) {
    const before = runtime.versionOf(resource)
    if (before === undefined || before === resource.version) continue
    const shown = groupKindKey(resource)
    const note = `${shown} is read in version ${resource.version} from now on, and was in ${before}: its files change. To stay with one, give its version in spec.resources`
    run.environment.logger.info({ gitsync: run.name }, note)
    run.environment.events.emit({
      type: 'Normal',
      reason: 'VersionChanged',
      action: 'Reconcile',
      note,
      regarding: { apiVersion, kind, namespace, name, uid },
    })
  }
  return undefined
}
