/** Secrets that are not written although they are selected. */
import type { KubernetesObject } from '../objects/object.ts'

/** Label of a Secret that may be sent to a Git host: it is a login of this very operator. */
const CREDENTIAL_LABEL = 'gitsync.dev/credential'

/** Made by the cluster or by a tool for its own use, and of no use anywhere else. The first part of the type. */
const PASSING_TYPES = ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token', 'helm.sh/release.']

/**
 * The operator's own logins are never written. What the cluster made is when `names` has exactly its name.
 * @param names of the selector
 */
export function isWithheld(secret: KubernetesObject, names: readonly string[] | undefined): boolean {
  const { name, labels = {} } = secret.metadata
  if (Object.hasOwn(labels, CREDENTIAL_LABEL)) return true
  const type = secret['type']
  const isPassing = typeof type === 'string' && PASSING_TYPES.some((passing) => type.startsWith(passing))
  return isPassing && names?.includes(name) !== true
}
