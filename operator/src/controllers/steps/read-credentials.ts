import { isKubeError } from '../../kube/errors.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { credentialsFor } from '../../push/credentials.ts'
import { PushFailure } from '../../push/failure.ts'
import { SECRETS } from '../known-resources.ts'
import type { Problem, Reconciliation } from '../step.ts'

/** Reads the Secret, by name, when it is needed: Secrets are never listed or watched. */
export async function readCredentials(run: Reconciliation): Promise<Problem | undefined> {
  const { secretRef, url } = run.gitsync.spec.repository
  if (secretRef === undefined) return undefined
  let secret: KubernetesObject
  try {
    secret = await run.environment.client.get(SECRETS, run.gitsync.metadata.namespace, secretRef.name)
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error
    return {
      reason: 'SecretNotFound',
      message: `spec.repository.secretRef: Secret ${secretRef.name} does not exist in namespace ${run.gitsync.metadata.namespace}`,
    }
  }
  try {
    run.secret = credentialsFor(url, secret)
    return undefined
  } catch (error) {
    if (error instanceof PushFailure) return error
    throw error
  }
}
