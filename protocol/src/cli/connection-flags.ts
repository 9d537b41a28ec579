import type { Command } from 'commander'
import { parseByteCount, parseRetries, parseSeconds } from './units.ts'

/** How a repository is named on the command line. */
export const ADDRESS = 'repository: https://…, http://…, ssh://… or user@host:path'

/** How a commit is named on the command line. */
export const REVISION = 'branch, tag, full ref name, HEAD or full commit id'

/** Flags of every verb that talks to a repository. */
export interface ConnectionFlags {
  readonly user?: string
  readonly token?: string
  readonly bearer?: boolean
  readonly credentialHelper?: boolean
  readonly caFile?: string
  readonly cert?: string
  readonly key?: string
  readonly proxy?: string
  /** Tries after the first one. */
  readonly retries?: number
  /** Seconds. */
  readonly timeout?: number
  readonly maxBytes?: number
  readonly verbose?: boolean
  /** Those above that come from the environment: they may be meant for other repositories. */
  readonly inherited?: readonly string[]
}

export function addConnectionOptions(command: Command): Command {
  return command
    .option('--user <name>', 'user name that goes with --token (default: git)')
    .option('--token <token>', 'password or access token; better given as GITSYNC_TOKEN, which no process list shows')
    .option('--bearer', 'send the token as Bearer instead of Basic')
    .option('--no-credential-helper', "do not ask git's credential helpers when the server wants credentials")
    .option('--ca-file <file>', 'PEM file of certificate authorities to trust besides the usual ones')
    .option('--cert <file>', "PEM file of the client's certificate; needs --key")
    .option('--key <file>', 'PEM file of the private key of --cert; for ssh the key to log in with')
    .option('--proxy <url>', 'HTTP proxy for every host (default: by HTTPS_PROXY, HTTP_PROXY and NO_PROXY)')
    .option(
      '--retries <count>',
      'tries after a first one that failed in passing; never of a push (default: 2)',
      parseRetries,
    )
    .option('--timeout <seconds>', 'give up after so many seconds (default: after 60 seconds of silence)', parseSeconds)
    .option('--max-bytes <count>', 'receive at most so many bytes in all; k, M and G are understood', parseByteCount)
    .option('-v, --verbose', 'print one line per request on standard error')
}
