import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { openRepository } from '../client/open-repository.ts'
import type { RepositoryOptions } from '../client/open-repository.ts'
import type { Repository } from '../client/repository.ts'
import { DEFAULT_LIMITS } from '../client/limits.ts'
import type { Limits } from '../client/limits.ts'
import type { Credentials } from '../client/http/credentials.ts'
import type { RequestRecord } from '../client/remote/remote.ts'
import { undiciTransport } from '../client/http/undici-transport.ts'
import type { ProxyByScheme, UndiciTransportOptions } from '../client/http/undici-transport.ts'
import { parseSshAddress } from '../client/ssh/address.ts'
import type { SshOptions } from '../client/ssh/options.ts'
import { GitError } from '../format/errors.ts'
import { credentialHelper } from './credential-helper.ts'
import type { Io } from './io.ts'
import { totalCap } from './total-cap.ts'

/** How a repository is named on the command line. */
export const ADDRESS = 'repository: https://…, http://…, ssh://… or user@host:path'

/** How a commit is named on the command line. */
export const REVISION = 'branch, tag, full ref name, HEAD or full commit id'

/** Milliseconds for requests that bring or take a whole repository: an hour. */
export const LONG_REQUEST_MS = 60 * 60_000

/** Bytes that may pass by when nothing is kept of them: a tebibyte. */
export const MIRROR_BYTES = 2 ** 40

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

/**
 * The repository that the flags describe. No request is made.
 * @param options what the verb needs of it; flags win
 * @throws GitError `InvalidInput` naming the flag
 */
export async function connect(
  url: string,
  flags: ConnectionFlags,
  io: Io,
  options: RepositoryOptions = {},
): Promise<Repository> {
  const { timeout, maxBytes, retries, verbose = false } = flags
  const signals = [options.signal, timeout === undefined ? undefined : AbortSignal.timeout(timeout * 1000)]
  const common: RepositoryOptions = {
    ...options,
    ...(maxBytes === undefined ? {} : { limits: raised(maxBytes) }),
    ...(retries === undefined ? {} : { retry: { attempts: retries + 1 } }),
    ...(timeout === undefined ? {} : { requestTimeoutMs: Math.ceil(timeout * 1000) }),
    signal: AbortSignal.any(signals.filter((signal) => signal !== undefined)),
  }
  const told = (record: RequestRecord): void => {
    if (verbose) io.stderr.write(`${describe(record)}\n`)
  }
  const auth = credentials(flags)
  if (parseSshAddress(url) !== undefined) {
    return openRepository(url, { ...common, auth, ssh: await sshOptions(flags, io), onRequest: told })
  }
  const { username, password } = URL.parse(url) ?? { username: '', password: '' }
  if (username !== '' || password !== '') {
    throw usage('the URL', 'must not hold credentials: use --user and --token, or GITSYNC_USER and GITSYNC_TOKEN')
  }
  const helper = auth === undefined && (flags.credentialHelper ?? true) ? credentialHelper(url, io) : undefined
  const transport = undiciTransport(await connectionOptions(flags, io))
  return openRepository(url, {
    requestTimeoutMs: MAX_SECONDS * 1000,
    ...common,
    auth: auth ?? helper?.auth,
    transport: maxBytes === undefined ? transport : totalCap(transport, maxBytes),
    onRequest: (record) => {
      told(record)
      helper?.judge(record)
    },
  })
}

async function connectionOptions(flags: ConnectionFlags, io: Io): Promise<UndiciTransportOptions> {
  const { timeout, caFile, cert, key } = flags
  if ((cert === undefined) !== (key === undefined)) {
    throw cert === undefined ? usage('--key', 'needs --cert beside it') : usage('--cert', 'needs --key beside it')
  }
  return {
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(caFile === undefined ? {} : { ca: await readPem('--ca-file', caFile, 'CERTIFICATE') }),
    ...(cert === undefined ? {} : { cert: await readPem('--cert', cert, 'CERTIFICATE') }),
    ...(key === undefined ? {} : { key: await readPem('--key', key, 'PRIVATE KEY') }),
    proxy: flags.proxy ?? environmentProxy(io),
  }
}

/** As other tools read them: in lower case or capitals, the former first. */
function environmentProxy({ env }: Io): ProxyByScheme {
  const value = (name: string): string => env[name] || env[name.toUpperCase()] || ''
  return { http: value('http_proxy'), https: value('https_proxy'), no: value('no_proxy') }
}

async function sshOptions({ key }: ConnectionFlags, { env }: Io): Promise<SshOptions> {
  const agent = env['SSH_AUTH_SOCK'] ?? ''
  return {
    ...(key === undefined ? {} : { privateKey: await readPem('--key', key, 'PRIVATE KEY') }),
    ...(agent === '' ? {} : { agent }),
  }
}

function credentials({ user, token, bearer = false }: ConnectionFlags): Credentials | undefined {
  if (token === undefined) {
    if (user !== undefined) throw usage('--user', 'needs --token (or GITSYNC_TOKEN) beside it')
    if (bearer) throw usage('--bearer', 'needs --token (or GITSYNC_TOKEN) beside it')
    return undefined
  }
  if (!bearer) return { username: user ?? 'git', password: token }
  if (user !== undefined) throw usage('--user', 'has no place in Bearer: leave out --user or --bearer')
  return { bearer: token }
}

async function readPem(flag: string, file: string, label: 'CERTIFICATE' | 'PRIVATE KEY'): Promise<string> {
  const pem = await readFile(file, 'utf8').catch((error: unknown) => {
    throw usage(flag, `cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })
  if (!pem.includes(`${label}-----`)) throw usage(flag, `${file} holds no PEM ${label.toLowerCase()}`)
  return pem
}

/** Who allows more bytes in all allows as many in one answer and in one object. */
function raised(maxBytes: number): Partial<Limits> {
  return {
    maxResponseBytes: maxBytes,
    maxObjectBytes: Math.max(maxBytes, DEFAULT_LIMITS.maxObjectBytes),
    maxHeldBytes: Math.max(maxBytes, DEFAULT_LIMITS.maxHeldBytes),
    maxBlobBytes: Math.max(maxBytes, DEFAULT_LIMITS.maxBlobBytes),
  }
}

function describe({ method, path, status, bytesSent, bytesReceived, milliseconds }: RequestRecord): string {
  const outcome = status === 0 ? 'no answer' : String(status)
  return `${method} ${path} ${outcome}, ${bytesSent} bytes up, ${bytesReceived} down, ${Math.round(milliseconds)} ms`
}

function usage(field: string, problem: string): GitError {
  return new GitError('InvalidInput', `${field} ${problem}`, { field })
}

function parseRetries(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('a number from 0 to 99 is needed.')
  return Number(text)
}

/** Timers hold 31 bits of milliseconds. */
const MAX_SECONDS = 2_147_483

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds < 0.001 || seconds > MAX_SECONDS) {
    throw new InvalidArgumentError(`a number of seconds between 0.001 and ${MAX_SECONDS} is needed, such as 30.`)
  }
  return seconds
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 }

function parseByteCount(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([kmg]?)$/i.exec(text) ?? []
  const count = Number(digits) * (UNITS[unit.toLowerCase()] ?? 1)
  if (!Number.isSafeInteger(count) || count <= 0) {
    throw new InvalidArgumentError('a positive number of bytes is needed, such as 500k or 20M.')
  }
  return count
}
