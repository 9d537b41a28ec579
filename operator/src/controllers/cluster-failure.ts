import { isKubeError } from '../kube/errors.ts'
import { PushFailure } from '../push/failure.ts'

/**
 * What the API server did not do or say, as what keeps a push from being made.
 * @param what `cannot read ConfigMap shop/a`
 */
export function clusterFailure(what: string, error: unknown): PushFailure {
  if (error instanceof PushFailure) return error
  const reason = isKubeError(error, 'Forbidden') ? 'Forbidden' : 'ClusterUnavailable'
  return new PushFailure(reason, `${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
}
