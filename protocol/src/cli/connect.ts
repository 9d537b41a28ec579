import { openRepository } from '../client/open-repository.ts'
import type { RepositoryOptions } from '../client/open-repository.ts'
import type { Repository } from '../client/repository.ts'
import { DEFAULT_LIMITS } from '../client/limits.ts'
import type { Limits } from '../client/limits.ts'
import type { Credentials } from '../client/http/credentials.ts'
import { undiciTransport } from '../client/http/undici-transport.ts'
import type { UndiciTransportOptions } from '../client/http/undici-transport.ts'
import type { RequestRecord } from '../client/remote/remote.ts'
import { parseSshAddress } from '../client/ssh/address.ts'
import type { SshOptions } from '../client/ssh/options.ts'
import { GitError } from '../format/errors.ts'
import type { ConnectionFlags } from './connection-flags.ts'
import { credentialHelper } from './credential-helper.ts'
import { describeRequest } from './describe-request.ts'
import { environmentProxy } from './environment-proxy.ts'
import { readPem } from './input-file.ts'
import type { Io } from './io.ts'
import { MAX_SECONDS } from './units.ts'

/** What a verb needs of a repository; PEM that is given so stands beside what the flags name. */
export interface VerbOptions extends RepositoryOptions {
  readonly ca?: string | undefined
  readonly clientCertificate?: { readonly cert: string; readonly key: string } | undefined
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
  { ca, clientCertificate, ...options }: VerbOptions = {},
): Promise<Repository> {
  const { timeout, maxBytes, retries, verbose = false } = flags
  const signals = [options.signal, timeout === undefined ? undefined : AbortSignal.timeout(timeout * 1000)]
  const tell = (line: string): void => {
    if (verbose) io.stderr.write(`${line}\n`)
  }
  const common: RepositoryOptions = {
    // Silence ends a request, or --timeout.
    requestTimeoutMs: MAX_SECONDS * 1000,
    ...options,
    ...(maxBytes === undefined ? {} : { limits: raised(maxBytes) }),
    ...(retries === undefined ? {} : { retry: { attempts: retries + 1 } }),
    ...(timeout === undefined ? {} : { requestTimeoutMs: Math.ceil(timeout * 1000) }),
    signal: AbortSignal.any(signals.filter((signal) => signal !== undefined)),
    onRequest: (record) => tell(describeRequest(record)),
  }
  if (parseSshAddress(url) !== undefined) {
    for (const flag of unusedOverSsh(flags)) tell(`${flag} is for HTTP, and left aside for ${url}`)
    return openRepository(url, { ...common, ssh: await sshOptions(flags, io, options.ssh) })
  }
  const { username, password } = URL.parse(url) ?? { username: '', password: '' }
  if (username !== '' || password !== '') {
    throw usage('the URL', 'must not hold credentials: use --user and --token, or GITSYNC_USER and GITSYNC_TOKEN')
  }
  const auth = credentials(flags) ?? options.auth
  const helper = auth === undefined && (flags.credentialHelper ?? true) ? credentialHelper(url, io) : undefined
  return openRepository(url, {
    ...common,
    auth: auth ?? helper?.auth,
    transport: undiciTransport(await connectionOptions(flags, io, { ca, clientCertificate })),
    onRequest: (record: RequestRecord) => {
      common.onRequest?.(record)
      helper?.judge(record)
    },
  })
}

const HTTP_ONLY = {
  user: '--user',
  token: '--token',
  bearer: '--bearer',
  caFile: '--ca-file',
  cert: '--cert',
  proxy: '--proxy',
} as const satisfies Partial<Record<keyof ConnectionFlags, string>>

/**
 * Flags from the environment that mean nothing over SSH.
 * @throws GitError `InvalidInput` for one that was given on the command line
 */
function unusedOverSsh(flags: ConnectionFlags): string[] {
  const { inherited = [] } = flags
  const names = Object.keys(HTTP_ONLY) as (keyof typeof HTTP_ONLY)[]
  const given = names.filter((name) => flags[name] !== undefined)
  const own = given.find((name) => !inherited.includes(name))
  if (own !== undefined) {
    throw usage(HTTP_ONLY[own], 'is for HTTP: over SSH give --key, or have an agent (SSH_AUTH_SOCK)')
  }
  return given.map((name) => `GITSYNC_${HTTP_ONLY[name].slice(2).toUpperCase().replaceAll('-', '_')}`)
}

async function connectionOptions(
  flags: ConnectionFlags,
  io: Io,
  { ca, clientCertificate }: Pick<VerbOptions, 'ca' | 'clientCertificate'>,
): Promise<UndiciTransportOptions> {
  const { timeout, caFile, cert, key } = flags
  if ((cert === undefined) !== (key === undefined)) {
    throw cert === undefined ? usage('--key', 'needs --cert beside it') : usage('--cert', 'needs --key beside it')
  }
  const named = caFile === undefined ? undefined : await readPem('--ca-file', caFile, 'CERTIFICATE')
  const trusted = [named, ca].filter((pem) => pem !== undefined)
  return {
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(trusted.length === 0 ? {} : { ca: trusted.join('\n') }),
    ...clientCertificate,
    ...(cert === undefined ? {} : { cert: await readPem('--cert', cert, 'CERTIFICATE') }),
    ...(key === undefined ? {} : { key: await readPem('--key', key, 'PRIVATE KEY') }),
    proxy: flags.proxy ?? environmentProxy(io),
  }
}

async function sshOptions(
  { key, timeout }: ConnectionFlags,
  { env }: Io,
  login: SshOptions | undefined,
): Promise<SshOptions> {
  // Who logs in with this very key has no use for those of an agent.
  const agent = login === undefined ? (env['SSH_AUTH_SOCK'] ?? '') : ''
  return {
    ...(timeout === undefined ? {} : { timeoutMs: Math.ceil(timeout * 1000) }),
    ...(key === undefined ? {} : { privateKey: await readPem('--key', key, 'PRIVATE KEY') }),
    ...(agent === '' ? {} : { agent }),
    ...login,
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

/** Who allows more bytes in all allows as many in one answer and in one object. */
function raised(maxBytes: number): Partial<Limits> {
  return {
    maxTotalBytes: maxBytes,
    maxResponseBytes: maxBytes,
    maxObjectBytes: Math.max(maxBytes, DEFAULT_LIMITS.maxObjectBytes),
    maxHeldBytes: Math.max(maxBytes, DEFAULT_LIMITS.maxHeldBytes),
    maxBlobBytes: Math.max(maxBytes, DEFAULT_LIMITS.maxBlobBytes),
  }
}

function usage(field: string, problem: string): GitError {
  return new GitError('InvalidInput', `${field} ${problem}`, { field })
}
