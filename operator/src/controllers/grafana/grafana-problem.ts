import { DashboardError } from '../../dashboard/dashboard-error.ts'
import { isForgeError } from '../../forge/forge-error.ts'
import { isKubeError } from '../../kube/errors.ts'
import { failureIn, toFailure } from '../../push/failure.ts'
import type { Problem } from '../step.ts'

/** Why nothing came from a Grafana, in the words of a condition. */
export function grafanaProblem(error: unknown): Problem {
  const guarded = failureIn(error)
  if (guarded !== undefined) return guarded
  if (error instanceof DashboardError) return { reason: 'InvalidDashboard', message: error.message }
  if (isForgeError(error, 'InvalidInput')) return { reason: 'InvalidSpec', message: error.message }
  if (isForgeError(error, 'Unauthorized', 'Forbidden')) return { reason: 'GrafanaRefused', message: error.message }
  if (isForgeError(error)) return { reason: 'GrafanaUnavailable', message: error.message }
  if (isKubeError(error)) return { reason: 'ClusterUnavailable', message: error.message }
  return toFailure(error)
}
