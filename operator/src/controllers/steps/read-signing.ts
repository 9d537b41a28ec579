import type { GitSync } from '../../api/parse.ts'
import { isKubeError } from '../../kube/errors.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { PushFailure } from '../../push/failure.ts'
import { signingKeyFrom } from '../../push/signing.ts'
import { makeSshKey } from '../../push/ssh-key.ts'
import { SECRETS } from '../known-resources.ts'
import type { Problem, Reconciliation } from '../step.ts'

/** The key that signs commits: read by name, or made once. Without it nothing is written: a commit is signed or not made. */
export async function readSigning(run: Reconciliation): Promise<Problem | undefined> {
  const { signing } = run.gitsync.spec.commit
  if (signing === undefined) return undefined
  const { client } = run.environment
  const { namespace } = run.gitsync.metadata
  const name = signing.secretRef?.name ?? generatedName(run.gitsync)
  let secret: KubernetesObject
  try {
    secret = await client.get(SECRETS, namespace, name)
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error
    if (signing.secretRef !== undefined) {
      const message = `spec.commit.signing.secretRef: Secret ${name} does not exist in namespace ${namespace}`
      return { reason: 'SecretNotFound', message }
    }
    const made = await generate(run, name)
    if (isProblem(made)) return made
    secret = made
  }
  if (signing.secretRef === undefined && !isOwned(secret, run.gitsync)) {
    const message = `spec.commit.signing.generate: Secret ${name} exists and does not belong to this GitSync: delete it`
    return { reason: 'InvalidSecret', message }
  }
  const owner = otherOwner(secret, run.gitsync)
  if (owner !== undefined) {
    const message = `spec.commit.signing.secretRef: Secret ${name} was made for GitSync ${owner}, and signs for no other: name another Secret`
    return { reason: 'SecretNotConsenting', message }
  }
  const before = run.runtimes.get(run.name)?.signing
  if (before !== undefined && before.version === secret.metadata.resourceVersion) {
    run.signing = before
    return undefined
  }
  try {
    run.signing = await signingKeyFrom(secret, signing.secretRef === undefined ? 'SSH' : signing.format)
    return undefined
  } catch (error) {
    if (error instanceof PushFailure) return error
    throw error
  }
}

const generatedName = ({ metadata }: GitSync): string => `gitsync-signing-${metadata.uid ?? ''}`

const isOwned = ({ metadata }: KubernetesObject, gitsync: GitSync): boolean =>
  metadata.ownerReferences?.some(({ uid }) => uid === gitsync.metadata.uid) === true

/** Another GitSync that it belongs to: whoever may write GitSyncs could otherwise have commits of their own signed with its key. */
function otherOwner(secret: KubernetesObject, gitsync: GitSync): string | undefined {
  if (isOwned(secret, gitsync)) return undefined
  return secret.metadata.ownerReferences?.find(({ kind }) => kind === gitsync.kind)?.name
}

const isProblem = (made: KubernetesObject | Problem): made is Problem => 'reason' in made

async function generate(run: Reconciliation, name: string): Promise<KubernetesObject | Problem> {
  const { apiVersion, kind, metadata } = run.gitsync
  const { namespace, uid = '' } = metadata
  const { privateKey, publicKey } = makeSshKey(`gitsync:${namespace}/${metadata.name}`)
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: { 'gitsync.dev/credential': 'true', 'app.kubernetes.io/managed-by': 'gitsync-operator' },
      ownerReferences: [{ apiVersion, kind, name: metadata.name, uid }],
    },
    type: 'Opaque',
    stringData: { identity: privateKey, 'identity.pub': publicKey },
  }
  try {
    return await run.environment.client.create(SECRETS, namespace, object)
  } catch (error) {
    // An answer that was lost: it is there, and read the next time.
    if (!isKubeError(error, 'Forbidden')) throw error
    const message = `spec.commit.signing.generate: the operator may not make Secrets (chart value signing.generate): ${error.message}`
    return { reason: 'Forbidden', message }
  }
}
