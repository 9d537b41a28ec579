import { formatMode } from '../../format/tree.ts'
import { addConnectionOptions, connect } from '../options.ts'
import type { ConnectionFlags } from '../options.ts'
import { write, writeJson } from '../output.ts'
import type { Verb } from '../verb.ts'

export const catFile: Verb = {
  name: 'cat-file',
  define(command, io) {
    addConnectionOptions(command)
      .description("Print a file of a commit; of a symlink, the link's target")
      .argument('<url>', 'https:// or http:// address of the repository')
      .argument('<rev>', 'branch, tag, full ref name, HEAD or full commit id')
      .argument('<path>', 'file, from the root')
      .option('--json', 'print {path, oid, mode, size, base64}')
      .action(async (url: string, rev: string, path: string, flags: ConnectionFlags & { json?: boolean }) => {
        const repo = await connect(url, flags, io)
        const { oid, mode, bytes } = await repo.file(rev, path)
        if (flags.json !== true) await write(io.stdout, bytes)
        else {
          await writeJson(io, {
            path,
            oid,
            mode: formatMode(mode),
            size: bytes.length,
            base64: bytes.toString('base64'),
          })
        }
      })
  },
}
