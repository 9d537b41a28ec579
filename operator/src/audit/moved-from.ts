import type { Change, CommitInfo, PathState, Repository } from '@gitsync/protocol'
import { ALIKE, likeness } from './similar.ts'

/** What of a repository is read. */
export type MoveSource = Pick<Repository, 'changes' | 'snapshotAt' | 'blobs'>

/** What a file was before it moved. */
export interface Origin {
  readonly path: string
  readonly state: PathState
}

/** Files that went in the same commit, and are looked into. */
const MAX_CANDIDATES = 64
/** Larger contents are compared by id alone, in bytes of all. */
const MAX_BLOBS = 64

/**
 * Where a file that appears in a commit was before it: a file that goes in the same commit, and is the same, says that it
 * is the same dashboard or object, or is alike. One request, or three.
 */
export async function movedFrom(repository: MoveSource, commit: CommitInfo, path: string): Promise<Origin | undefined> {
  const [parent] = commit.parents
  const oid = commit.change?.after?.oid
  if (parent === undefined || oid === undefined) return undefined
  const changes = (await repository.changes([commit])).get(commit.oid) ?? []
  const gone = changes.filter(({ status, path: other }) => status === 'D' && suffix(other) === suffix(path))
  const same = gone.find((change) => change.oldOid === oid)
  if (same !== undefined) return originOf(same)
  const candidates = nearest(gone, path)
  if (candidates.length === 0) return undefined
  const oids = new Set([oid, ...candidates.flatMap(({ oldOid }) => oldOid ?? [])])
  const contents = await repository.blobs(await repository.snapshotAt(parent), [...oids].slice(0, MAX_BLOBS))
  const content = contents.get(oid)
  if (content === undefined) return undefined
  const scored = candidates.map((change) => {
    const old = contents.get(change.oldOid ?? '')
    return { change, score: old === undefined ? 0 : likeness(old, content) }
  })
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a))
  return best.score >= ALIKE ? originOf(best.change) : undefined
}

const originOf = ({ path, oldMode = 0, oldOid = '' }: Change): Origin => ({
  path,
  state: { mode: oldMode, oid: oldOid },
})

const suffix = (path: string): string => /\.[A-Za-z0-9]+$/.exec(path)?.[0] ?? ''
const folder = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

/** Those of the same folder first. */
function nearest(gone: readonly Change[], path: string): Change[] {
  const rank = (change: Change): number => (folder(change.path) === folder(path) ? 0 : 1)
  return gone.toSorted((a, b) => rank(a) - rank(b)).slice(0, MAX_CANDIDATES - 1)
}
