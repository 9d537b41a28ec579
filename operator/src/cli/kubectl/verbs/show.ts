import type { Repository } from '@gitsync/protocol'
import { addConnectionOptions, commitMedium, write } from '@gitsync/protocol/cli'
import { addClusterOptions } from '../../common/cluster.ts'
import { printable, writeFileTo } from '../../common/output.ts'
import { addObjectArgument } from '../../common/object-argument.ts'
import type { Verb } from '../../common/program.ts'
import { withTarget } from '../target.ts'
import type { GitFlags } from '../target.ts'

export const show: Verb = {
  name: 'show',
  examples: [
    'kubectl gitsync show shop deployment/web',
    'kubectl gitsync show shop deployment/web@~1',
    'kubectl gitsync show shop 4f2a9c1',
  ],
  define(command, io) {
    addConnectionOptions(addClusterOptions(command)).argument('<name>', 'GitSync')
    addObjectArgument(
      command,
      '<what>',
      'a commit id or its beginning, or OBJECT[@REV]: a commit, tag, or ~1 for the version before',
    )
      .description("A commit with what it changed in the folder, or an object's file as it is or was")
      .action(async (name: string, what: string, flags: GitFlags) => {
        await withTarget(name, flags, io, async (target) => {
          const [{ withFolder }, { readVersion }, { COMMIT, findCommit }] = await Promise.all([
            import('../with-folder.ts'),
            import('../version-of.ts'),
            import('../revision.ts'),
          ])
          await withFolder(target, { flags, io }, async (folder) => {
            if (!COMMIT.test(what)) {
              await writeFileTo(io.stdout, (await readVersion(what, folder, target.cluster)).bytes)
              return
            }
            const { repository, branch, at } = folder
            const commit = await repository.commit(await findCommit(what, { repository, branch, path: at() }))
            await write(io.stdout, `${printable(commitMedium(commit))}\n`)
            const [parent = null] = commit.parents
            for await (const patch of patches(repository, { base: parent, head: commit.oid, path: at() })) {
              if (!(await write(io.stdout, patch))) return
            }
          })
        })
      })
  },
}

async function* patches(
  repository: Repository,
  { base, head, path }: { readonly base: string | null; readonly head: string; readonly path: string },
): AsyncGenerator<string> {
  const { patchOf } = await import('../patches.ts')
  const changes = await changed(repository, { base, head, path })
  const read = async (commit: string, paths: readonly string[]) =>
    new Map((paths.length === 0 ? [] : await repository.files(commit, paths)).map((file) => [file.path, file.bytes]))
  const [before, after] = await Promise.all([
    base === null ? new Map<string, Uint8Array>() : read(base, pathsWith(changes, ['D', 'M', 'T'])),
    read(head, pathsWith(changes, ['A', 'M', 'T'])),
  ])
  for (const change of changes)
    yield patchOf({ path: change.path, bytes: after.get(change.path) }, before.get(change.path))
}

async function changed(
  repository: Repository,
  { base, head, path }: { readonly base: string | null; readonly head: string; readonly path: string },
): Promise<readonly { readonly status: string; readonly path: string }[]> {
  if (base !== null) return await repository.compare(base, head, path === '' ? {} : { path })
  const files = await repository.tree(head, { path, recursive: true })
  return files.filter(({ type }) => type === 'blob').map((file) => ({ status: 'A', path: file.path }))
}

const pathsWith = (
  changes: readonly { readonly status: string; readonly path: string }[],
  statuses: readonly string[],
) => changes.filter(({ status }) => statuses.includes(status)).map(({ path }) => path)
