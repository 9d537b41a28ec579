import { buildTrees, GitError, isGitError, SHA1 } from '@gitsync/protocol'
import type { Repository, Snapshot } from '@gitsync/protocol'
import { claimFile } from '../plan/claim.ts'
import { CLAIM_FILE } from '../plan/compare.ts'
import type { RemoteFile } from '../plan/compare.ts'
import type { LastChange } from '../plan/drift.ts'
import { pathIn } from '../plan/path-in.ts'
import { PushFailure } from './failure.ts'
import { contentId } from './member.ts'
import type { Member } from './member.ts'

/** The member's folder at the commit that the push goes on top of. */
export interface FolderView {
  /** Every file below the folder. */
  files(): readonly RemoteFile[]
  /** Whether there is, or may be, a file. */
  has(path: string): boolean
  /** Content id of a file; null where there is none, undefined where that has not been read. */
  oidOf(path: string): string | null | undefined
  blobs(oids: readonly string[]): Promise<ReadonlyMap<string, Buffer>>
  /** The commit that last changed, or removed, a file; undefined where there is none. Costs requests. */
  lastChange(path: string): Promise<LastChange | undefined>
}

/** Id of the folder's tree, null where there is none, undefined where it has not been read. */
export function folderId(snapshot: Snapshot, path: string): string | null | undefined {
  const entry = snapshot.entry(path)
  if (entry === 'unread') return undefined
  return entry?.oid ?? null
}

/** @param commitOf commit whose history leads to a path of the repository, null where that does not matter; default the snapshot's */
export function viewOf(
  member: Member,
  repository: Repository,
  snapshot: Snapshot,
  commitOf: (path: string) => string | null = () => snapshot.commit,
): FolderView {
  const { path } = member.settings
  let paths: ReadonlySet<string> | undefined
  return {
    has(below) {
      try {
        paths ??= new Set(this.files().map((file) => file.path))
      } catch (error) {
        if (isGitError(error, 'ObjectMissing')) return true
        throw error
      }
      return paths.has(below)
    },
    oidOf(below) {
      const entry = snapshot.entry(pathIn(path, below))
      return entry === 'unread' ? undefined : (entry?.oid ?? null)
    },
    files() {
      const start = path === '.' ? 0 : path.length + 1
      try {
        const files = [...snapshot.list(path, true)].filter(({ type }) => type === 'blob')
        return files.map(({ path: full, oid }) => ({ path: full.slice(start), oid }))
      } catch (error) {
        if (error instanceof GitError && error.code === 'UnexpectedType') {
          throw new PushFailure(
            'PathConflict',
            `spec.repository.path: ${path} is a file in the repository, where this GitSync needs a folder: choose another path, or remove the file`,
          )
        }
        throw error
      }
    },
    blobs: (oids) => repository.blobs(snapshot, oids),
    async lastChange(below) {
      const full = pathIn(path, below)
      const start = commitOf(full)
      if (start === null) return undefined
      for await (const commit of repository.history(start, { path: full, limit: 1 })) {
        const { oid, author, committer } = commit
        return { commit: oid, author, committer, time: committer.date.getTime() }
      }
      return undefined
    },
  }
}

/** The trees that the folder has if it is as it should be: then none of them is fetched. */
export function wantedTrees(member: Member): ReadonlyMap<string, Buffer> {
  const files = new Map<string, RemoteFile>()
  for (const file of member.desired.files()) files.set(file.path, file)
  for (const file of member.holdings.files()) files.set(file.path, file)
  files.set(CLAIM_FILE, { path: CLAIM_FILE, oid: contentId(claimFile(member.settings.claim)) })
  return buildTrees(withoutClashes(files), SHA1).trees
}

/** A path that is a file and a folder is in no tree: whichever it was, it is not as it was. */
function* withoutClashes(files: ReadonlyMap<string, RemoteFile>): Generator<RemoteFile> {
  for (const file of files.values()) {
    const parts = file.path.split('/')
    if (!parts.some((_, i) => i > 0 && files.has(parts.slice(0, i).join('/')))) yield file
  }
}
