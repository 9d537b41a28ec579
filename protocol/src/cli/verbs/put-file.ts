import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { GitError } from '../../format/errors.ts'
import { addChangeOptions, changeBranch, needed } from '../branch-change.ts'
import type { ChangeFlags } from '../branch-change.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions } from '../options.ts'
import type { Verb } from '../verb.ts'

interface Flags extends ChangeFlags {
  readonly from?: string
}

export const putFile: Verb = {
  name: 'put-file',
  define(command, io) {
    addChangeOptions(addConnectionOptions(command))
      .description('Write one file of a branch and push the commit; the other files stay')
      .argument('<url>', 'https:// or http:// address of the repository')
      .argument('<branch>', 'branch to commit to; in an empty repository it is created')
      .argument('<path>', 'file to write, from the root')
      .argument('[source]', '- for standard input')
      .option('--from <file>', 'read the content from this file')
      .action(async (url: string, branch: string, path: string, source: string | undefined, flags: Flags) => {
        if (flags.message === undefined) needed('-m <message>')
        const content = await readContent(source, flags.from, io)
        const depth = path.split('/').length - 1
        await changeBranch(io, {
          url,
          branch,
          depth,
          flags,
          stage: (edit) => {
            edit.put(path, content)
          },
        })
      })
  },
}

async function readContent(source: string | undefined, from: string | undefined, io: Io): Promise<Buffer> {
  if ((source === undefined) === (from === undefined)) needed('either - (standard input) or --from <file>')
  if (source !== undefined && source !== '-')
    needed(`- (standard input) or --from <file>, not ${JSON.stringify(source)},`)
  if (from === undefined) return await buffer(io.stdin)
  return await readFile(from).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new GitError('InvalidInput', `--from cannot be read: ${reason}`, { field: '--from' })
  })
}
