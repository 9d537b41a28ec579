import { DashboardError } from '../dashboard/dashboard-error.ts'
import type { KubernetesObject } from '../objects/object.ts'
import type { Protection } from '../render/secrets/protection.ts'

/** @throws DashboardError for an object of which a field is sensitive: a dashboard in it would show that */
export function refuseSensitive(object: KubernetesObject, protection: Protection | undefined): void {
  if (protection !== undefined && protection.protect(object, 'JSON').object !== object)
    throw new DashboardError(
      `spec.sensitive of the GitSync marks a field of ${object.kind} ${object.metadata.name}, which the file would show`,
    )
}
