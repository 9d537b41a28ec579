import type { ObjectIdentity } from '../../objects/object.ts'
import { CLAIM_FILE } from '../../plan/compare.ts'
import type { RemoteFile } from '../../plan/compare.ts'
import type { DesiredFiles } from '../../plan/desired-files.ts'

/** One file that is not in the base as it is in the head, because of the cluster. */
export interface Difference {
  /** Below the folder. */
  readonly path: string
  /** Content id in the head; null where the file goes. */
  readonly oid: string | null
  /** Content id in the base; null where the file is new. */
  readonly before: string | null
}

/** What makes a difference one of the cluster's. */
export interface Ownership {
  /** Whether an object makes this file. */
  readonly isWanted: (path: string) => boolean
  /** Whether this GitSync has written the file at some time. */
  readonly hasWritten: (path: string) => boolean
  /** Whether anything is wanted in the folder: an empty one needs no claim. */
  readonly needsClaim: boolean
}

/**
 * What a folder of the head proposes to the base, foreign files left out: what others have added to the folder on either
 * side is nobody's business here.
 */
export function differencesOf(
  head: readonly RemoteFile[],
  base: readonly RemoteFile[],
  { isWanted, hasWritten, needsClaim }: Ownership,
): Difference[] {
  const there = new Map(base.map(({ path, oid }) => [path, oid]))
  const differences: Difference[] = []
  for (const { path, oid } of head) {
    const before = there.get(path) ?? null
    there.delete(path)
    if (before !== oid && (path === CLAIM_FILE ? needsClaim : isWanted(path))) differences.push({ path, oid, before })
  }
  for (const [path, before] of there) {
    if (path !== CLAIM_FILE && !isWanted(path) && hasWritten(path)) differences.push({ path, oid: null, before })
  }
  return differences.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** The object that makes a file; undefined where several do. */
export function identityAt(desired: DesiredFiles, path: string): ObjectIdentity | undefined {
  const objects = desired.objectsAt(path)
  return objects.length === 1 ? objects[0]?.identity : undefined
}

/** What is told of a file whose object is not known. */
export const fileIdentity = (path: string): ObjectIdentity => ({ group: '', kind: 'File', name: path })
