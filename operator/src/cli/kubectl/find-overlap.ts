import type { GitSync } from '../../api/parse.ts'
import type { Reason } from '../../api/reasons.ts'
import { nameOf } from '../../controllers/environment.ts'
import type { Environment } from '../../controllers/environment.ts'
import { beginReconciliation, runSteps } from '../../controllers/step.ts'
import type { Problem } from '../../controllers/step.ts'
import { checkSpec, checkSuspended } from '../../controllers/steps/check-spec.ts'
import { overlapProblem, placeOf } from '../../controllers/steps/claim-place.ts'
import { findProvider } from '../../controllers/steps/find-provider.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { isOlder, normalizeUrl, olderOverlap } from '../../plan/overlap.ts'
import type { Place } from '../../plan/overlap.ts'
import { parseRepositoryAddress } from '../../plan/repository-address.ts'
import type { Cluster } from '../common/cluster.ts'
import { CommandFailure } from '../common/command-failure.ts'
import type { Notes } from '../common/notes.ts'
import type { Resolved } from '../common/wanted.ts'
import { listReachable, statusOf } from './gitsyncs.ts'

/** Of a GitSync that is not applied: it will be newer than all that are there. */
const NOT_YET = '9999-12-31T23:59:59Z'
/** What the operator says of credentials, which are not this user's to read. Without them a GitSync keeps nobody from a folder. */
const NO_CREDENTIALS: readonly Reason[] = ['SecretNotFound', 'SecretNotConsenting', 'InvalidSecret']

/** The GitSyncs that this user may list; a note says which are not known. @throws KubeError */
export async function listOthers(
  { gitsync }: Resolved,
  cluster: Cluster,
  notes: Notes,
): Promise<readonly KubernetesObject[]> {
  const namespace = gitsync.metadata.namespace ?? ''
  try {
    return await listReachable({ ...cluster, namespace }, () =>
      notes('whether GitSyncs of other namespaces write to the folder is not checked: you may not list gitsyncs there'),
    )
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    // Before the first installation there are none.
    if (error.kind === 'permission') notes(`whether others write to the folder is not checked: ${error.message}`)
    return []
  }
}

/** What the operator would say of an older GitSync of these that writes to the same folder, one above or one below. */
export async function findOverlap({ run }: Resolved, all: readonly KubernetesObject[]): Promise<Problem | undefined> {
  const { metadata, spec } = run.gitsync
  const near = all.filter((object) => writesTo(object, spec.repository.url))
  const written = new Set(near.filter((object) => statusOf(object).lastCommit !== undefined).map(nameOf))
  const hasWritten = ({ namespace, name }: Place): boolean => written.has(`${namespace}/${name}`)
  const claimed: Place[] = []
  for (const object of near) {
    const place = nameOf(object) === run.name ? undefined : await placeTaken(object, run.environment)
    if (place !== undefined) claimed.push(place)
  }
  const held: Place[] = []
  for (const place of claimed.sort((a, b) => (isOlder(a, b, hasWritten) ? -1 : 1))) {
    // Who is refused itself keeps nobody from a folder.
    if (olderOverlap(place, held, hasWritten) === undefined) held.push(place)
  }
  const place = { ...placeOf(run), createdAt: metadata.creationTimestamp ?? NOT_YET }
  const older = olderOverlap(place, held, hasWritten)
  return older === undefined ? undefined : overlapProblem(run, older)
}

/** The place of a GitSync that may write; undefined for one that the operator stops before. */
async function placeTaken(object: KubernetesObject, environment: Environment): Promise<Place | undefined> {
  const run = beginReconciliation({ environment, name: nameOf(object), object, runtimes: new Map() })
  const problem = await runSteps(run, [checkSpec, checkSuspended, findProvider])
  return problem === undefined && !lacksCredentials(object) ? placeOf(run) : undefined
}

function lacksCredentials(object: KubernetesObject): boolean {
  const ready = statusOf(object).conditions?.find(({ type }) => type === 'Ready')
  return ready?.observedGeneration === object.metadata.generation && NO_CREDENTIALS.some((one) => one === ready?.reason)
}

function writesTo(object: KubernetesObject, url: string): boolean {
  const theirs = (object as Partial<GitSync>).spec?.repository?.url
  return (
    theirs !== undefined && parseRepositoryAddress(theirs) !== undefined && normalizeUrl(theirs) === normalizeUrl(url)
  )
}
