import { addChangeOptions, changeBranch } from '../branch-change.ts'
import type { ChangeFlags } from '../branch-change.ts'
import { addConnectionOptions } from '../options.ts'
import type { Verb } from '../verb.ts'

export const mv: Verb = {
  name: 'mv',
  define(command, io) {
    addChangeOptions(addConnectionOptions(command))
      .description('Move a file or a folder within a branch and push the commit; contents and modes stay')
      .argument('<url>', 'https:// or http:// address of the repository')
      .argument('<branch>', 'branch to commit to')
      .argument('<from>', 'file or folder, from the root')
      .argument('<to>', 'its new path; nothing may be there')
      .action(async (url: string, branch: string, from: string, to: string, flags: ChangeFlags) => {
        const depth = Math.max(...[from, to].map((path) => path.split('/').length - 1))
        await changeBranch(io, { url, branch, depth, flags, stage: (edit) => edit.move(from, to) })
      })
  },
}
