import { GitError, isGitError } from '../../format/errors.ts'
import { formatMode } from '../../format/tree.ts'
import type { FileStream } from '../../client/read/read-blob.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, ADDRESS, REVISION } from '../connection-flags.ts'
import type { ConnectionFlags } from '../connection-flags.ts'
import { write } from '../output.ts'
import type { Verb } from '../verb.ts'
import { withRepository } from '../with-repository.ts'

export const catFile: Verb = {
  name: 'cat-file',
  examples: [
    'gitsync cat-file https://git.example.com/team/site.git main docs/index.md',
    'gitsync cat-file https://git.example.com/team/site.git v1.0 logo.png > logo.png',
  ],
  define(command, io) {
    addConnectionOptions(command)
      .description("Print a file of a commit; of a symlink, the link's target")
      .argument('<url>', ADDRESS)
      .argument('<rev>', REVISION)
      .argument('<path>', 'file, from the root')
      .option('--json', 'print {path, oid, mode, size, base64}')
      .action(async (url: string, rev: string, path: string, flags: ConnectionFlags & { json?: boolean }) => {
        await withRepository(url, flags, io, async (repo) => {
          await print(io, await repo.readBlob(rev, path).catch(withHint), flags.json ?? false)
        })
      })
  },
}

function withHint(error: unknown): never {
  if (!isGitError(error, 'UnexpectedType') || error.details.actual !== 'tree') throw error
  throw new GitError('UnexpectedType', `${error.message}; gitsync ls-tree lists it`, { ...error.details, cause: error })
}

/** As it comes, whatever its size. */
async function print(io: Io, { path, oid, mode, size, chunks }: FileStream, json: boolean): Promise<void> {
  const head = JSON.stringify({ path, oid, mode: formatMode(mode), size, base64: '' }).slice(0, -2)
  if (json && !(await write(io.stdout, head))) return
  for await (const chunk of json ? base64(chunks) : chunks) if (!(await write(io.stdout, chunk))) return
  if (json) await write(io.stdout, '"}\n')
}

/** Three bytes make four letters: what is left over waits for the next chunk. */
async function* base64(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk])
    const end = bytes.length - (bytes.length % 3)
    rest = bytes.subarray(end)
    yield bytes.toString('base64', 0, end)
  }
  yield rest.toString('base64')
}
