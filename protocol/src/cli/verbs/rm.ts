import type { Edit } from '../../client/edit.ts'
import { addChangeOptions, changeBranch } from '../branch-change.ts'
import type { ChangeFlags } from '../branch-change.ts'
import { addConnectionOptions } from '../options.ts'
import type { Verb } from '../verb.ts'

interface Flags extends ChangeFlags {
  readonly recursive?: boolean
}

export const rm: Verb = {
  name: 'rm',
  define(command, io) {
    addChangeOptions(addConnectionOptions(command))
      .description('Remove files from a branch and push the commit; folders that become empty vanish')
      .argument('<url>', 'https:// or http:// address of the repository')
      .argument('<branch>', 'branch to commit to')
      .argument('<path...>', 'files to remove, from the root')
      .option('-r, --recursive', 'the paths are folders: remove everything below them')
      .action(async (url: string, branch: string, paths: string[], flags: Flags) => {
        const depth = Math.max(...paths.map((path) => path.split('/').length - 1))
        const remove = (edit: Edit): void => {
          for (const path of paths) {
            if (flags.recursive === true) edit.deleteTree(path)
            else edit.delete(path)
          }
        }
        await changeBranch(io, { url, branch, depth, flags, stage: remove })
      })
  },
}
