import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { openRepository } from '../client/repository.ts'
import type { Repository } from '../client/repository.ts'
import { DEFAULT_LIMITS } from '../client/limits.ts'
import type { Limits } from '../client/limits.ts'
import type { Credentials } from '../client/http/credentials.ts'
import type { RequestRecord } from '../client/remote.ts'
import { undiciTransport } from '../client/http/undici-transport.ts'
import { GitError } from '../format/errors.ts'
import type { Io } from './io.ts'
import { totalCap } from './total-cap.ts'

/** Flags of every verb that talks to a repository. */
export interface ConnectionFlags {
  readonly user?: string
  readonly token?: string
  readonly bearer?: boolean
  readonly caFile?: string
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
    .option('--ca-file <file>', 'PEM file of certificate authorities to trust besides the usual ones')
    .option('--timeout <seconds>', 'give up after so many seconds (default: after 60 seconds of silence)', parseSeconds)
    .option('--max-bytes <count>', 'receive at most so many bytes in all; k, M and G are understood', parseByteCount)
    .option('-v, --verbose', 'print one line per request on standard error')
}

/**
 * The repository that the flags describe. No request is made.
 * @throws GitError `InvalidInput` naming the flag
 */
export async function connect(url: string, flags: ConnectionFlags, io: Io): Promise<Repository> {
  const { timeout, maxBytes, verbose = false } = flags
  const { username, password } = URL.parse(url) ?? { username: '', password: '' }
  if (username !== '' || password !== '') {
    throw usage('the URL', 'must not hold credentials: use --user and --token, or GITSYNC_USER and GITSYNC_TOKEN')
  }
  const auth = credentials(flags)
  const ca = flags.caFile === undefined ? undefined : await readCa(flags.caFile)
  const transport = undiciTransport({
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(ca === undefined ? {} : { ca }),
  })
  return openRepository(url, {
    auth,
    transport: maxBytes === undefined ? transport : totalCap(transport, maxBytes),
    ...(maxBytes === undefined ? {} : { limits: raised(maxBytes) }),
    ...(timeout === undefined
      ? {}
      : { signal: AbortSignal.timeout(timeout * 1000), requestTimeoutMs: Math.ceil(timeout * 1000) }),
    ...(verbose ? { onRequest: (record) => io.stderr.write(`${describe(record)}\n`) } : {}),
  })
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

async function readCa(file: string): Promise<string> {
  const pem = await readFile(file, 'utf8').catch((error: unknown) => {
    throw usage('--ca-file', `cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw usage('--ca-file', `${file} holds no PEM certificate`)
  return pem
}

/** Who allows more bytes in all allows as many in one answer and in one object. */
function raised(maxBytes: number): Partial<Limits> {
  return {
    maxResponseBytes: maxBytes,
    maxObjectBytes: Math.max(maxBytes, DEFAULT_LIMITS.maxObjectBytes),
    maxHeldBytes: Math.max(maxBytes, DEFAULT_LIMITS.maxHeldBytes),
  }
}

function describe({ method, path, status, bytesSent, bytesReceived, milliseconds }: RequestRecord): string {
  const outcome = status === 0 ? 'no answer' : String(status)
  return `${method} ${path} ${outcome}, ${bytesSent} bytes up, ${bytesReceived} down, ${Math.round(milliseconds)} ms`
}

function usage(field: string, problem: string): GitError {
  return new GitError('InvalidInput', `${field} ${problem}`, { field })
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
