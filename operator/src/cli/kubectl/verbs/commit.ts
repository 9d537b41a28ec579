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

/** The operator cuts longer ones. */
const MAX_LENGTH = 1024

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
          const { metadata } = target.object
          const { lastHandledRequest } = (target.object['status'] ?? {}) as GitSyncStatus
          if (metadata.annotations?.[COMMIT_MESSAGE]?.trim() === message || lastHandledRequest === message) {
            throw new CommandFailure(
              'conflict',
              `--message ${JSON.stringify(message)} was used by the last request, and each is acted on once: say what is new`,
            )
          }
          await ask(target, COMMIT_MESSAGE, message, { flags, io })
        })
      })
  },
}
