import type { Edit } from '../../client/edit.ts'
import { GitError, isGitError } from '../../format/errors.ts'
import { addChangeOptions, changeBranch, depthOf } from '../branch-change.ts'
import type { ChangeFlags } from '../branch-change.ts'
import { addConnectionOptions, ADDRESS } from '../connection-flags.ts'
import type { Verb } from '../verb.ts'

interface Flags extends ChangeFlags {
  readonly recursive?: boolean
}

export const rm: Verb = {
  name: 'rm',
  examples: [
    "gitsync rm https://git.example.com/team/site.git main old.md -m 'Drop a page'",
    "gitsync rm https://git.example.com/team/site.git main -r drafts -m 'Drop the drafts'",
  ],
  define(command, io) {
    addChangeOptions(addConnectionOptions(command))
      .description('Remove files from a branch and push the commit; folders that become empty vanish')
      .argument('<url>', ADDRESS)
      .argument('<branch>', 'branch to commit to')
      .argument('<path...>', 'files to remove, from the root')
      .option('-r, --recursive', 'remove folders as well, with everything below them')
      .action(async (url: string, branch: string, given: string[], flags: Flags) => {
        const paths = given.map((path) => path.replace(/\/+$/, ''))
        const { recursive = false } = flags
        const depth = Math.max(...paths.map(depthOf)) + (recursive ? 1 : 0)
        const stage = async (edit: Edit): Promise<void> => {
          for (const path of paths) await remove(edit, path, recursive)
        }
        await changeBranch(io, { url, branch, depth, flags, stage })
      })
  },
}

async function remove(edit: Edit, path: string, recursive: boolean): Promise<void> {
  const isFolder = await edit.list(path).then(
    (entries) => entries.length > 0,
    (error: unknown) => {
      if (isGitError(error, 'UnexpectedType')) return false
      throw error
    },
  )
  if (isFolder && !recursive) {
    const message = `${JSON.stringify(path)} is a folder: -r removes it with everything below it`
    throw new GitError('UnexpectedType', message, { path, expected: 'blob', actual: 'tree' })
  }
  if (isFolder) edit.deleteTree(path)
  else edit.delete(path)
}
