import type { RefResult } from '../../client/push-result.ts'
import { fullBranchName } from '../../client/ref-name.ts'
import type { Repository } from '../../client/repository.ts'
import { GitError } from '../../format/errors.ts'
import { addConnectionOptions, ADDRESS } from '../connection-flags.ts'
import type { ConnectionFlags } from '../connection-flags.ts'
import { printRef } from '../ref-change.ts'
import type { Verb } from '../verb.ts'
import { withRepository } from '../with-repository.ts'

interface Flags extends ConnectionFlags {
  readonly delete?: boolean
  readonly force?: boolean
  readonly json?: boolean
}

export const branch: Verb = {
  name: 'branch',
  examples: [
    'gitsync branch https://git.example.com/team/site.git topic main',
    'gitsync branch -d https://git.example.com/team/site.git topic',
  ],
  define(command, io) {
    addConnectionOptions(command)
      .description('Create a branch, or delete one')
      .argument('<url>', ADDRESS)
      .argument('<name>', 'branch')
      .argument('[from]', 'branch, tag or commit at which it starts (default: HEAD)')
      .option('-d, --delete', 'delete the branch')
      .option('-f, --force', 'a branch that exists moves, even if commits get lost')
      .option('--json', 'print {ref, old, new}')
      .action(async (url: string, name: string, from: string | undefined, flags: Flags) => {
        if (flags.delete === true && from !== undefined) {
          throw new GitError('InvalidInput', `-d takes a branch only, not ${JSON.stringify(from)}`, { field: 'from' })
        }
        const result = await withRepository(url, flags, io, (repo) => {
          if (flags.delete === true) return repo.deleteRef(fullBranchName(name))
          return flags.force === true ? move(repo, name, from ?? 'HEAD') : repo.createBranch(name, from ?? 'HEAD')
        })
        await printRef(io, result, flags.json ?? false)
      })
  },
}

async function move(repo: Repository, name: string, from: string): Promise<RefResult> {
  const ref = fullBranchName(name)
  const { oid } = await repo.commit(from)
  const [result] = await repo.push([{ ref, new: oid }], { force: true })
  return result as RefResult
}
