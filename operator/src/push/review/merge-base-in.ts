import { isGitError } from '@gitsync/protocol'
import type { Change, Edit, Repository, Signer, Snapshot } from '@gitsync/protocol'
import { CLAIM_FILE } from '../../plan/compare.ts'
import { pathIn } from '../../plan/path-in.ts'
import type { Person } from '../../plan/person.ts'
import { putChanges } from './put-changes.ts'

export interface BaseMerge {
  /** The head, which exists. */
  readonly head: Snapshot
  /** The base as it is now. */
  readonly base: Snapshot
  /** Short name. */
  readonly baseName: string
  /** Where both have been the same. */
  readonly mergeBase: string
  /** Of the GitSyncs that write the head. */
  readonly folders: readonly string[]
  readonly committer: Person
  /** Default: not signed. */
  readonly sign?: Signer | undefined
  /** Milliseconds since the epoch. */
  readonly time: number
}

/**
 * Stages the merge of the base into the head: the base's files, and on them what the head has changed. Where both have
 * changed a file, the head wins in the folders, which show the cluster, except who owns them; elsewhere nobody can decide
 * that but people.
 * @returns the edit, to be pushed; or the path of which people have to decide
 */
export async function mergeBaseIn(
  repository: Repository,
  merge: BaseMerge,
): Promise<Edit | { readonly conflict: string }> {
  const { head, base, baseName, mergeBase, folders, committer, time, sign } = merge
  const theirs = new Map((await repository.compare(mergeBase, base)).map((change) => [change.path, change]))
  const ours = (await repository.compare(mergeBase, head)).filter((change) => !isSame(change, theirs.get(change.path)))
  const isInside = (path: string): boolean =>
    folders.some((folder) => folder === '.' || path.startsWith(`${folder}/`)) && !isClaim({ path }, folders)
  const kept = ours.filter(({ path }) => isInside(path) || !theirs.has(path))
  const isOpen = ({ path, rawPath }: Change): boolean => rawPath !== undefined || (!isInside(path) && theirs.has(path))
  const open = ours.find((change) => isOpen(change) && !isClaim(change, folders))
  if (open !== undefined) return { conflict: open.path }
  const { ref, tip } = head
  const edit = await repository.edit(ref, { base: base.at({ ref, tip, commit: tip }), writing: 'memory' })
  try {
    await putChanges(repository, edit, { from: head, changes: kept, mayReplace: isInside })
    const identity = { ...committer, date: new Date(time) }
    await edit.commit({
      message: `Merge ${baseName} into ${ref.replace(/^refs\/heads\//, '')}\n`,
      author: identity,
      committer: identity,
      mergeParents: [base.commit ?? ''],
      ...(sign === undefined ? {} : { sign }),
    })
    return edit
  } catch (error) {
    await edit.close()
    // A file where the other side has a folder.
    if (isGitError(error, 'TargetExists', 'UnexpectedType', 'PathNotFound'))
      return { conflict: error.details.path ?? 'a path' }
    throw error
  }
}

const isSame = (a: Change, b: Change | undefined): boolean =>
  b !== undefined && a.oid === b.oid && a.mode === b.mode && a.rawPath === b.rawPath

const isClaim = ({ path }: Pick<Change, 'path'>, folders: readonly string[]): boolean =>
  folders.some((folder) => path === pathIn(folder, CLAIM_FILE))
