import { addChangeOptions, changeBranch, depthOf } from '../branch-change.ts'
import type { ChangeFlags } from '../branch-change.ts'
import { addConnectionOptions, ADDRESS } from '../connection-flags.ts'
import type { Verb } from '../verb.ts'

interface Flags extends ChangeFlags {
  readonly force?: boolean
}

export const mv: Verb = {
  name: 'mv',
  examples: ["gitsync mv https://git.example.com/team/site.git main docs/old.md docs/new.md -m 'Rename a page'"],
  define(command, io) {
    addChangeOptions(addConnectionOptions(command))
      .description('Move a file or a folder within a branch and push the commit; contents and modes stay')
      .argument('<url>', ADDRESS)
      .argument('<branch>', 'branch to commit to')
      .argument('<from>', 'file or folder, from the root')
      .argument('<to>', 'its new path; nothing may be there')
      .option('-f, --force', 'what is at the new path makes way')
      .action(async (url: string, branch: string, from: string, to: string, flags: Flags) => {
        const depth = Math.max(depthOf(from), depthOf(to))
        const { force: replace = false } = flags
        await changeBranch(io, { url, branch, depth, flags, stage: (edit) => edit.move(from, to, { replace }) })
      })
  },
}
