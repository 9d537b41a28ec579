import type { Repository, Snapshot } from '@gitsync/protocol'
import { isPerAuthor } from '../../plan/author-branch.ts'
import { wantedTrees } from '../../push/folder-view.ts'
import type { Member } from '../../push/member.ts'
import { composeHeads } from '../../push/review/by-author/compose.ts'
import { AuthorHeads } from '../../push/review/by-author/heads.ts'
import type { Resolved } from '../common/wanted.ts'

/** The branch that a GitSync writes, or would begin: its folder is not read yet. */
export async function writtenBranch(
  repository: Repository,
  { branch, base, gitsync: { spec } }: Pick<Resolved, 'branch' | 'base' | 'gitsync'>,
): Promise<Snapshot> {
  const { path } = spec.repository
  const depth = path === '.' ? 0 : path.split('/').length
  if (base !== undefined && isPerAuthor(branch)) return await repository.snapshot(base, { depth })
  return await repository.snapshot(branch, { depth, orFrom: base ?? 'HEAD' })
}

/**
 * The same with the folder read. Where each author has a branch: all that is proposed, as far as the status tells of it.
 * @param start see {@link writtenBranch}
 */
export async function writtenFolder(
  repository: Repository,
  { branch, base, gitsync: { spec } }: Pick<Resolved, 'branch' | 'base' | 'gitsync'>,
  member: Member,
  start: Snapshot,
): Promise<Snapshot> {
  const folders = [spec.repository.path]
  const folder = await repository.read(start, { folders, recursive: true, seeds: wantedTrees(member) })
  if (base === undefined || !isPerAuthor(branch)) return folder
  const heads = new AuthorHeads(branch, base)
  const readers = { repository, members: [member] }
  await heads.find(readers)
  await heads.load(readers)
  return await composeHeads({ ...readers, base: folder, heads })
}
