import type { Repository } from '@gitsync/protocol'
import { isClaimFile, readClaimFile } from '../../audit/verify/claims.ts'
import type { RecordedClaim } from '../../audit/verify/claims.ts'
import type { ForeignCommit } from '../../audit/verify/record-check.ts'

/** The files of a commit that say who writes a folder. */
export async function claimsAt(repository: Repository, commit: string): Promise<RecordedClaim[]> {
  const files = (await repository.tree(commit, { recursive: true })).filter(
    ({ path, type }) => type === 'blob' && isClaimFile(path),
  )
  if (files.length === 0) return []
  const snapshot = await repository.snapshotAt(commit)
  const contents = await repository.blobs(snapshot, [...new Set(files.map(({ oid }) => oid))])
  return files.map(({ path, oid }) => ({ path, oid, ...readClaimFile(contents.get(oid) ?? new Uint8Array()) }))
}

/** Commits of others that are looked into with one request. */
const AT_ONCE = 50
/** Parents of a merge that it is held against, a request each. */
const MAX_PARENTS = 16

export interface Touched {
  /** What each has changed, for a person. */
  readonly texts: ReadonlyMap<string, string>
  /** Claims that it changed. */
  readonly claims: readonly { readonly commit: string; readonly path: string; readonly text: string }[]
}

/** What commits by others have changed. Of a merge nobody can say how much of it was the merge; of claims it can be said. */
export async function touchedBy(
  repository: Repository,
  foreign: readonly ForeignCommit[],
  claims: readonly RecordedClaim[],
): Promise<Touched> {
  const folders = claims.map(({ path }) => path.slice(0, path.lastIndexOf('/') + 1))
  const texts = new Map<string, string>()
  const changed: Touched['claims'][number][] = []
  for (let start = 0; start < foreign.length; start += AT_ONCE) {
    const some = foreign.slice(start, start + AT_ONCE)
    const changes = await repository.changes(some)
    for (const commit of some) {
      const { oid, parents, text } = commit
      const paths = (changes.get(oid) ?? []).map(({ path }) => path)
      const inside = paths.filter((path) => folders.some((folder) => path.startsWith(folder)))
      const files = paths.length === 1 ? '1 file' : `${paths.length} files`
      texts.set(oid, parents.length > 1 ? 'a merge' : `${files}, ${inside.length} of them in claimed folders`)
      const own = await changedByItself(repository, commit, paths.filter(isClaimFile))
      for (const path of own) changed.push({ commit: oid, path, text })
    }
  }
  return { texts, claims: changed }
}

/** Of the files in which a commit differs from its first parent those that it has from no other parent either. */
async function changedByItself(
  repository: Repository,
  { oid, tree, parents }: ForeignCommit,
  paths: readonly string[],
): Promise<readonly string[]> {
  let own = paths
  for (const parent of parents.slice(1, MAX_PARENTS)) {
    if (own.length === 0) break
    const changes = (await repository.changes([{ oid, tree, parents: [parent] }])).get(oid) ?? []
    const others = new Set(changes.map(({ path }) => path))
    own = own.filter((path) => others.has(path))
  }
  return own
}
