import { isKubeError } from '../../kube/errors.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { credentialsFor } from '../../push/credentials.ts'
import { repositoryAddress } from '../../plan/repository-address.ts'
import { PushFailure } from '../../push/failure.ts'
import { checkHost } from '../../push/host-guard.ts'
import type { HostPolicy } from '../../push/host-guard.ts'
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
    const credentials = credentialsFor(url, secret)
    if (credentials.githubApp !== undefined) checkHost(credentials.githubApp.apiUrl, apiPolicy(run), true)
    run.secret = credentials
    return undefined
  } catch (error) {
    if (error instanceof PushFailure) return error
    throw error
  }
}

/** The API of a host gets what the host gets; any other host only if the GitProvider lists it too. */
function apiPolicy({ policy, gitsync }: Reconciliation): HostPolicy {
  const { hostname } = repositoryAddress(gitsync.spec.repository.url)
  return policy.hosts === undefined ? policy : { ...policy, hosts: [...policy.hosts, hostname] }
}
