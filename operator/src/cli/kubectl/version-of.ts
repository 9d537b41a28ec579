import { isGitError } from '@gitsync/protocol'
import type { Cluster } from '../common/cluster.ts'
import { CommandFailure } from '../common/command-failure.ts'
import { fileOf } from './file-of.ts'
import type { NamedFile } from './file-of.ts'
import { findCommit, splitRevision } from './revision.ts'
import type { Folder } from './with-folder.ts'

/** A file as it was at a commit. */
export interface Version extends NamedFile {
  readonly commit: string
  readonly bytes: Uint8Array
}

/**
 * The version that `OBJECT[@REV]` names.
 * @throws CommandFailure, GitError
 */
export async function readVersion(text: string, folder: Folder, cluster: Cluster): Promise<Version> {
  const { what, revision } = splitRevision(text)
  const file = await fileOf(what, folder, cluster)
  const { repository, branch } = folder
  const path = folder.at(file.path)
  const commit = revision === undefined ? branch : await findCommit(revision, { repository, branch, path })
  try {
    const { bytes } = await repository.file(commit, path)
    return { ...file, commit, bytes }
  } catch (error) {
    if (!isGitError(error, 'PathNotFound')) throw error
    const where = revision === undefined ? `on branch ${branch}` : `at ${commit}`
    throw new CommandFailure(
      'notFound',
      `there is no ${path} ${where}: kubectl gitsync log ${folder.resolved.gitsync.metadata.name} ${what} lists the commits that have it`,
      { cause: error },
    )
  }
}
