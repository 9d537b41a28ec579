import { addConnectionOptions, ExitCode, write } from '@gitsync/protocol/cli'
import { addClusterOptions } from '../../common/cluster.ts'
import { addOutputOption, printable, printData } from '../../common/output.ts'
import type { OutputFlags } from '../../common/output.ts'
import { EndWith } from '../../common/program.ts'
import type { Verb } from '../../common/program.ts'
import { lookAhead } from '../look-ahead.ts'
import { withTarget } from '../target.ts'
import type { GitFlags } from '../target.ts'

interface Flags extends GitFlags, OutputFlags {
  readonly exitCode?: boolean
  readonly nameOnly?: boolean
}

export const diff: Verb = {
  name: 'diff',
  examples: ['kubectl gitsync diff shop -n shop', 'kubectl gitsync diff shop --exit-code || echo "not in Git yet"'],
  define(command, io) {
    addOutputOption(addConnectionOptions(addClusterOptions(command)))
      .description('What is in Git (a/) and what the cluster holds now (b/), as unified differences')
      .argument('<name>', 'GitSync')
      .option('--exit-code', 'end with 1 when there are differences, as git diff does')
      .option('--name-only', 'only the paths of files that differ')
      .action(async (name: string, flags: Flags) => {
        const count = await withTarget(name, flags, io, (target) =>
          lookAhead(target, { flags, io }, async (next, repository) => {
            const { changes } = next
            const { patchesOf } = await import('../patches.ts')
            const data = changes.map(({ status, path }) => ({ status, path }))
            if (flags.nameOnly === true && flags.json !== true && flags.output === undefined) {
              await write(io.stdout, changes.map(({ path }) => `${printable(path)}\n`).join(''))
            } else if (flags.json === true || flags.output !== undefined) {
              const patches: string[] = []
              for await (const patch of patchesOf(repository, next)) patches.push(patch)
              await printData(
                io,
                flags,
                data.map((one, index) => ({ ...one, patch: patches[index] })),
              )
            } else for await (const patch of patchesOf(repository, next)) if (!(await write(io.stdout, patch))) break
            return changes.length
          }),
        )
        if (count > 0 && flags.exitCode === true) throw new EndWith(ExitCode.other)
      })
  },
}
