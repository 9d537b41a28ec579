import type { CheckedOut, CheckoutProgress } from '../../client/checkout/checkout.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, connect } from '../options.ts'
import type { ConnectionFlags } from '../options.ts'
import { writeJson, writeLines } from '../output.ts'
import { progressMeter } from '../progress.ts'
import type { Verb } from '../verb.ts'

interface Flags extends ConnectionFlags {
  readonly ref: string
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly resume?: boolean
  readonly symlinks: 'write' | 'file' | 'refuse'
  readonly json?: boolean
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value]

export const clone: Verb = {
  name: 'clone',
  define(command, io) {
    addConnectionOptions(command)
      .description('Write the files of a commit into a folder; no history, no .git')
      .argument('<url>', 'https:// or http:// address of the repository')
      .argument('<dir>', 'folder to write into: absent or empty, unless --resume')
      .option('--ref <rev>', 'branch, tag, full ref name or full commit id', 'HEAD')
      .option('--include <pattern>', 'only files that match, as in a .gitignore; repeatable', collect, [])
      .option('--exclude <pattern>', 'no files that match; repeatable', collect, [])
      .option('--resume', 'go on in a folder with files: equal ones are kept, others replaced, strangers stay')
      .addOption(
        command
          .createOption('--symlinks <how>', 'write them, write a file instead, or refuse')
          .choices(['write', 'file', 'refuse'])
          .default('write'),
      )
      .option('--json', 'print {commit, files, bytes}')
      .action(async (url: string, dir: string, flags: Flags) => {
        const { ref, include, exclude, symlinks, resume = false } = flags
        const repo = await connect(url, flags, io)
        const meter = progressMeter(io)
        const onProgress = (at: CheckoutProgress): void => {
          meter.show(() => `${at.files} of ${at.totalFiles} files, ${at.bytes} bytes`)
        }
        const done = await repo.checkout(ref, dir, { include, exclude, symlinks, resume, onProgress })
        meter.clear()
        await print(io, done, flags.json ?? false)
      })
  },
}

async function print(io: Io, { commit, files, bytes }: CheckedOut, json: boolean): Promise<void> {
  if (json) await writeJson(io, { commit, files, bytes })
  else await writeLines(io, [`${commit} ${files} files, ${bytes} bytes written`])
}
