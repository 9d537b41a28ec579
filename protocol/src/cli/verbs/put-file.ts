import { createReadStream } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import type { Edit } from '../../client/edit.ts'
import { Mode } from '../../format/tree.ts'
import { addChangeOptions, changeBranch, depthOf, needed } from '../branch-change.ts'
import type { ChangeFlags } from '../branch-change.ts'
import { readInputFile, sizeOfInputFile } from '../input-file.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, ADDRESS } from '../connection-flags.ts'
import type { Verb } from '../verb.ts'

interface Flags extends ChangeFlags {
  readonly from?: string
  readonly mode?: keyof typeof MODES
}

const MODES = { '100644': Mode.file, '100755': Mode.executable, '120000': Mode.symlink } as const

/** Bytes from which on a file is not held. */
const WORTH_STREAMING = 8 << 20

export const putFile: Verb = {
  name: 'put-file',
  examples: [
    "gitsync put-file https://git.example.com/team/site.git main docs/a.md --from a.md -m 'Add a page'",
    "date | gitsync put-file https://git.example.com/team/site.git main now - -m 'What time it is'",
  ],
  define(command, io) {
    addChangeOptions(addConnectionOptions(command))
      .description('Write one file of a branch and push the commit; the other files stay')
      .argument('<url>', ADDRESS)
      .argument('<branch>', 'branch to commit to; in an empty repository it is created')
      .argument('<path>', 'file to write, from the root')
      .argument('[source]', '- for standard input')
      .option('--from <file>', 'read the content from this file')
      .addOption(
        command
          .createOption('--mode <mode>', 'what the file is (default: an executable stays one, else an ordinary file)')
          .choices(Object.keys(MODES)),
      )
      .action(async (url: string, branch: string, path: string, source: string | undefined, flags: Flags) => {
        if (flags.message === undefined) needed('-m <message>')
        const options = flags.mode === undefined ? {} : { mode: MODES[flags.mode] }
        const put = await contentWriter(source, flags.from, io)
        await changeBranch(io, {
          url,
          branch,
          depth: depthOf(path),
          flags,
          stage: (edit) => put(edit, path, options),
        })
      })
  },
}

type Put = (edit: Edit, path: string, options: { readonly mode?: number }) => void | Promise<void>

async function contentWriter(source: string | undefined, from: string | undefined, io: Io): Promise<Put> {
  if ((source === undefined) === (from === undefined)) needed('either - (standard input) or --from <file>')
  if (source !== undefined && source !== '-')
    needed(`- (standard input) or --from <file>, not ${JSON.stringify(source)},`)
  if (from !== undefined && (await sizeOfInputFile('--from', from)) > WORTH_STREAMING) {
    return (edit, path, options) => edit.putStream(path, createReadStream(from), options)
  }
  const content = await (from === undefined ? buffer(io.stdin) : readInputFile('--from', from))
  return (edit, path, options) => {
    edit.put(path, content, options)
  }
}
