import manifest from '../../package.json' with { type: 'json' }
import { defaultTransport } from '#platform/transport'
import { GitError } from '../format/errors.ts'
import { ObjectCache } from './cache/object-cache.ts'
import type { CacheOptions } from './cache/object-cache.ts'
import type { Auth } from './http/credentials.ts'
import { HttpRemote } from './http/http-remote.ts'
import type { Transport } from './http/transport.ts'
import { checkInteger } from './check-option.ts'
import { resolveLimits } from './limits.ts'
import type { Limits } from './limits.ts'
import { REQUEST_TIMEOUT_MS } from './remote/deadline.ts'
import type { RequestRecord } from './remote/remote.ts'
import { resolveRetry } from './remote/retry.ts'
import type { RetryOptions } from './remote/retry.ts'
import { Repository } from './repository.ts'
import { Session } from './session.ts'
import { parseSshAddress } from './ssh/address.ts'
import type { SshOptions } from './ssh/options.ts'
import { SshRemote } from './ssh/ssh-remote.ts'

export interface RepositoryOptions {
  /** Sent to this repository's origin only, also where it redirects elsewhere. Default: none. */
  readonly auth?: Auth | undefined
  /** For addresses of SSH: how to log in, and how to know the host. */
  readonly ssh?: SshOptions
  readonly limits?: Partial<Limits>
  /**
   * Default: undici with connections kept open, or `fetch` where there is no Node. Share one between repositories of a host;
   * {@link Repository.close} then leaves it alone.
   */
  readonly transport?: Transport
  /** Ends every request when it is aborted; {@link Repository.with} gives one operation a signal of its own. */
  readonly signal?: AbortSignal
  /** Milliseconds that one request may take: connection, headers and the whole body. Default 300,000. */
  readonly requestTimeoutMs?: number
  /** Tries again what changes nothing, after errors that may pass; `false` never does. Default: three tries. */
  readonly retry?: RetryOptions | false
  /**
   * Bytes that one answer with all trees down to a folder may have, to spare a request for each level; beyond, the levels
   * are asked for one by one. 0 always does so. Default 524,288.
   */
  readonly oneFetchBytes?: number
  /** Milliseconds since 1970, for credentials that expire. Default `Date.now`. */
  readonly now?: () => number
  /** Objects that need not be fetched twice; see {@link CacheOptions} on who shares them. Default: none. */
  readonly cache?: CacheOptions
  /** Called after each request. */
  readonly onRequest?: (record: RequestRecord) => void
  /** Printable ASCII without spaces. Default `git/gitsync-` and the version: some hosts refuse what does not begin with `git/`. */
  readonly userAgent?: string
}

/** Of a repository with 16,000 files, what a path six folders deep takes. */
export const ONE_FETCH_BYTES = 512 << 10

const USER_AGENT = `git/gitsync-${manifest.version}`

/**
 * For callers without types, whose configuration had something else there.
 * @throws GitError `InvalidInput`
 */
function checkText(field: string, value: unknown): void {
  if (typeof value === 'string') return
  const actual = value === null ? 'null' : typeof value
  throw new GitError('InvalidInput', `${field} must be a string, not ${actual}`, { field, actual })
}

/**
 * It stands in a header, and in a list of capabilities that spaces part.
 * @throws GitError `InvalidInput`
 */
function checkUserAgent(userAgent: string): void {
  if (/^[\x21-\x7e]+$/.test(userAgent)) return
  const what = `userAgent must be printable ASCII without spaces, not ${JSON.stringify(userAgent)}`
  throw new GitError('InvalidInput', what, { field: 'userAgent', actual: userAgent })
}

/**
 * A repository behind Git's Smart HTTP, or SSH (`ssh://[user@]host[:port]/path`, `user@host:path`), read and edited
 * without cloning it.
 * @example
 * const repo = openRepository('https://git.example.com/team/site.git', { auth: { bearer: token } })
 * const edit = await repo.edit('main')
 * edit.put('docs/index.md', '# Hello\n')
 * await edit.commit({ message: 'Say hello', author: { name: 'Ann', email: 'ann@example.com', date: new Date() } })
 * await edit.push()
 */
export function openRepository(url: string, options: RepositoryOptions = {}): Repository {
  const { userAgent = USER_AGENT, auth, signal, onRequest } = options
  checkText('url', url)
  checkUserAgent(userAgent)
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS, now = Date.now } = options
  const { oneFetchBytes = ONE_FETCH_BYTES } = options
  checkInteger('oneFetchBytes', oneFetchBytes, 0)
  const retry = resolveRetry(options.retry)
  const limits = resolveLimits(options.limits)
  const cache = options.cache && new ObjectCache(options.cache, url)
  const address = parseSshAddress(url)
  if (address !== undefined) {
    if (auth !== undefined) {
      throw new GitError('InvalidInput', 'auth is for HTTP: over SSH give ssh.privateKey, ssh.agent or ssh.password', {
        field: 'auth',
      })
    }
    const { ssh = {} } = options
    const remote = new SshRemote({ url, address, ssh, limits, userAgent, signal, requestTimeoutMs, retry, onRequest })
    return new Repository(new Session(remote, { cache, oneFetchBytes }))
  }
  const transport = options.transport ?? defaultTransport()
  const onClose = options.transport === undefined ? transport.close : undefined
  const common = { url, transport, onClose, limits, auth, userAgent, signal, requestTimeoutMs, retry, now, onRequest }
  return new Repository(new Session(new HttpRemote(common), { cache, oneFetchBytes }))
}
