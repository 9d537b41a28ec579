import type { GitSyncStatus } from '../../../api/gitsync.ts'
import { COMMIT_MESSAGE } from '../../../controllers/requests.ts'
import { addClusterOptions } from '../../common/cluster.ts'
import { CommandFailure } from '../../common/command-failure.ts'
import type { Verb } from '../../common/program.ts'
import { addRequestOptions, ask } from '../request.ts'
import type { RequestFlags } from '../request.ts'
import { withTarget } from '../target.ts'

interface Flags extends RequestFlags {
  readonly message?: string
}

/** The operator acts on 1,024 characters of the annotation, spaces at the end included. */
const MAX_LENGTH = 1000

export const commit: Verb = {
  name: 'commit',
  examples: ["kubectl gitsync commit shop -n shop -m 'Prices of the summer sale'"],
  define(command, io) {
    addRequestOptions(addClusterOptions(command))
      .description('Commit what has changed so far now, with this message; prints the commit when it is in Git')
      .argument('<name>', 'GitSync')
      .option('-m, --message <text>', `message of the commit, ${MAX_LENGTH} characters at most`)
      .action(async (name: string, flags: Flags) => {
        const message = flags.message?.trim() ?? ''
        if (message === '') throw new CommandFailure('usage', '-m <message> is needed')
        if (message.length > MAX_LENGTH) {
          throw new CommandFailure(
            'usage',
            `--message has ${message.length} characters, more than ${MAX_LENGTH}: shorten it`,
          )
        }
        await withTarget(name, flags, io, async (target) => {
          const { lastHandledRequest } = (target.object['status'] ?? {}) as GitSyncStatus
          const used = new Set([target.object.metadata.annotations?.[COMMIT_MESSAGE], lastHandledRequest])
          // Each value is acted on once, and the same words again are another one by the spaces behind them.
          const spellings = ['', ' ', '  '].map((spaces) => message + spaces)
          const value = spellings.find((spelling) => !used.has(spelling)) ?? message
          await ask(target, COMMIT_MESSAGE, value, { flags, io })
        })
      })
  },
}
