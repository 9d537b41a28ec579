import { once } from 'node:events'
import { InvalidArgumentError } from 'commander'
import { GitServer, httpListener, loopbackOnly, tokens } from '../../server/index.ts'
import { readInputFile } from '../input-file.ts'
import { interruptible } from '../interrupt.ts'
import type { Io } from '../io.ts'
import { writeError, writeLines } from '../output.ts'
import { openServedStore } from '../serve-store.ts'
import type { StoreFlags } from '../serve-store.ts'
import { parseByteCount } from '../units.ts'
import { orUnusable } from '../unusable.ts'
import type { Verb } from '../verb.ts'

interface Address {
  readonly host: string
  readonly port: number
}

interface Flags extends StoreFlags {
  readonly http?: Address
  readonly tokenFile?: string
}

const DEFAULT: Address = { host: '127.0.0.1', port: 7080 }

export const serve: Verb = {
  name: 'serve',
  examples: [
    'gitsync serve --data ./repositories',
    'gitsync serve --http 0.0.0.0:7080 --data /srv/git --token-file /etc/gitsync/tokens',
    'gitsync serve --s3-bucket repositories --s3-region eu-central-1',
    'gitsync serve --s3-bucket repositories --s3-endpoint https://s3.example.com --data /var/cache/gitsync',
  ],
  define(command, io) {
    command
      .description('Serve Git repositories over HTTP; a push to /OWNER/NAME.git creates one')
      .option('--http <host:port>', 'address to listen at (default: 127.0.0.1:7080)', address)
      .option(
        '--data <folder>',
        'where the repositories are (default: gitsync in XDG_DATA_HOME, or ~/.local/share); with --s3-bucket what is read from there, and on its way (default: gitsync in XDG_CACHE_HOME, or ~/.cache)',
      )
      .option(
        '--s3-bucket <name>',
        'keep the repositories in this bucket. Credentials are those that AWS finds: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role',
      )
      .option('--s3-endpoint <url>', 'the S3 server, where it is not that of AWS')
      .option('--s3-region <name>', 'region of the bucket (default: AWS_REGION; us-east-1 with --s3-endpoint)')
      .option('--s3-prefix <path>', 'folder in the bucket')
      .option('--no-s3-path-style', 'with --s3-endpoint: the bucket stands in the name of the host')
      .option('--cache-bytes <n>', 'packs that are kept in --data (default: 10G)', parseByteCount)
      .option(
        '--token-file <file>',
        'who may read and write; a line each: TOKEN or sha256:HEX, user, read, write or admin, and a pattern of repositories such as team/*. Without it everybody on this machine may, and nobody else',
      )
      .action((flags: Flags) => run(flags, io))
  },
}

async function run({ http = DEFAULT, tokenFile, ...flags }: Flags, io: Io): Promise<void> {
  const authorizer =
    tokenFile === undefined ? loopbackOnly : tokens((await readInputFile('--token-file', tokenFile)).toString())
  const { store, where } = await openServedStore(flags, io.env)
  try {
    const server = new GitServer({
      store,
      authorizer,
      onError: (error) => writeError(io, error instanceof Error ? (error.stack ?? error.message) : String(error)),
    })
    const listener = httpListener(server)
    listener.listen(http.port, http.host)
    await orUnusable('--http', shown(http), once(listener, 'listening'))
    const at = listener.address()
    const port = typeof at === 'object' && at !== null ? at.port : http.port
    await writeLines(io, [`serving ${where} at http://${shown({ ...http, port })}`])
    await untilStopped()
    listener.close()
    listener.closeIdleConnections()
    await once(listener, 'close')
    await server.close()
  } finally {
    await store.close()
  }
}

/** A signal ends it, once what has begun is answered; a second one at once. */
async function untilStopped(): Promise<void> {
  await interruptible(
    (signal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
  )
}

const shown = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

function address(text: string): Address {
  const [, bracketed, plain, port = ''] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535)
    throw new InvalidArgumentError('write it as host:port, as in 127.0.0.1:7080')
  return { host, port: Number(port) }
}
