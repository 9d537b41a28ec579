import { isKubeError } from '../../kube/errors.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { GITSYNCS } from '../known-resources.ts'
import { PushFailure } from '../../push/failure.ts'
import type { Problem, Reconciliation } from '../step.ts'
import { leaveForGood } from './leave.ts'

/** Holds the deletion of a GitSync back until its files are gone. */
const FINALIZER = 'gitsync.dev/remove-files'

const CATCH_UP_MS = 1_000

export const isEnding = ({ metadata }: KubernetesObject): boolean => metadata.deletionTimestamp !== undefined

/** Whether a deletion waits for this operator. */
export const isHeldBack = ({ metadata }: KubernetesObject): boolean => metadata.finalizers?.includes(FINALIZER) === true

/** With `deletionPolicy: Remove` the GitSync stays, when it is deleted, until its files are gone; with `Keep` it goes at once. */
export async function holdDeletion(run: Reconciliation): Promise<Problem | undefined> {
  const { gitsync, object } = run
  const wanted = gitsync.spec.deletionPolicy === 'Remove'
  if (wanted !== isHeldBack(object)) await setFinalizer(run, wanted)
  return undefined
}

/** Removes the files of a GitSync that is being deleted, and then lets it go. */
export async function removeFiles(run: Reconciliation): Promise<Problem | undefined> {
  try {
    if (run.gitsync.spec.deletionPolicy === 'Remove' && !(await leaveForGood(run)))
      return { reason: 'Progressing', message: 'the files are being removed', keepsWorking: true }
  } catch (error) {
    if (!(error instanceof PushFailure)) throw error
    return error
  }
  await setFinalizer(run, false)
  return undefined
}

/** Lets a GitSync go that is being deleted; its files stay. */
export async function setFinalizer({ environment, object, name: key }: Reconciliation, wanted: boolean): Promise<void> {
  const { namespace, name, uid, resourceVersion, finalizers = [] } = object.metadata
  const others = finalizers.filter((finalizer) => finalizer !== FINALIZER)
  // A merge patch replaces the list: others' finalizers must be as they were seen. To what is being deleted nobody can add any,
  // and its version changes with each status.
  const version = isEnding(object) ? {} : { resourceVersion }
  const metadata = { uid, ...version, finalizers: wanted ? [...others, FINALIZER] : others }
  try {
    await environment.client.mergePatch(GITSYNCS, namespace, name, { metadata })
  } catch (error) {
    // Changed meanwhile: the watch tells how.
    if (isKubeError(error, 'Conflict')) environment.clock.after(CATCH_UP_MS, () => environment.enqueue(key))
    else if (!isKubeError(error, 'NotFound')) throw error
  }
}
