import type { CheckedOut, CheckoutProgress } from '../../client/checkout/checkout.ts'
import { interruptible } from '../interrupt.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, ADDRESS } from '../connection-flags.ts'
import type { ConnectionFlags } from '../connection-flags.ts'
import { writeJson, writeLines } from '../output.ts'
import { formatBytes, progressMeter } from '../progress.ts'
import { collect } from '../repeatable.ts'
import type { Verb } from '../verb.ts'
import { withRepository } from '../with-repository.ts'

interface Flags extends ConnectionFlags {
  readonly ref: string
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  readonly resume?: boolean
  readonly symlinks: 'write' | 'file' | 'refuse'
  readonly json?: boolean
}

export const clone: Verb = {
  name: 'clone',
  examples: [
    'gitsync clone https://git.example.com/team/site.git site',
    "gitsync clone https://git.example.com/team/site.git docs --ref v1.0 --include '/docs/' --exclude '*.png'",
  ],
  define(command, io) {
    addConnectionOptions(command)
      .description('Write the files of a commit into a folder; no history, no .git')
      .argument('<url>', ADDRESS)
      .argument('<dir>', 'folder to write into: absent or empty, unless --resume')
      .option('--ref <rev>', 'branch, tag, full ref name or full commit id', 'HEAD')
      .option('--include <pattern>', 'only files that match, as in a .gitignore; repeatable', collect)
      .option('--exclude <pattern>', 'no files that match; repeatable', collect)
      .option('--resume', 'go on in a folder with files: equal ones are kept, others replaced, strangers stay')
      .addOption(
        command
          .createOption('--symlinks <how>', 'write them, write a file instead, or refuse')
          .choices(['write', 'file', 'refuse'])
          .default('write'),
      )
      .option('--json', 'print {commit, files, bytes}')
      .action(async (url: string, dir: string, flags: Flags) => {
        await print(io, await interruptible((signal) => run(url, dir, flags, io, signal)), flags.json ?? false)
      })
  },
}

async function run(url: string, dir: string, flags: Flags, io: Io, signal: AbortSignal): Promise<CheckedOut> {
  const { ref, include = [], exclude = [], symlinks, resume = false } = flags
  const meter = progressMeter(io)
  const onProgress = (at: CheckoutProgress): void => {
    meter.show(() => `${at.files} of ${at.totalFiles} files, ${formatBytes(at.bytes)}`)
  }
  try {
    const options = { include, exclude, symlinks, resume, onProgress }
    return await withRepository(url, flags, io, (repo) => repo.checkout(ref, dir, options), { signal })
  } finally {
    meter.clear()
  }
}

async function print(io: Io, { commit, files, bytes }: CheckedOut, json: boolean): Promise<void> {
  if (json) await writeJson(io, { commit, files, bytes })
  else await writeLines(io, [`${commit} ${files} files, ${bytes} bytes written`])
}
