import { GitError } from '../../format/errors.ts'
import type { GitErrorDetails } from '../../format/errors.ts'
import { printable } from '../../format/side-band.ts'
import type { Redact } from '../../format/side-band.ts'
import type { TransportResponse } from './transport.ts'

/** Bytes of an error's body that are read. */
const MAX_READ = 2048
/** Characters of them that are shown. */
const MAX_SHOWN = 200
/** The longest wait that a server is believed: one hour. */
const MAX_WAIT_MS = 60 * 60_000

/** What an HTTP status other than 200 means, with the server's words where it sends plain text. */
export async function statusError(
  url: string,
  response: TransportResponse,
  received: AsyncGenerator<Uint8Array>,
  redact: Redact,
  loggedIn: boolean,
): Promise<GitError> {
  const { status, headers } = response
  const remote = await excerpt(headers['content-type'], received, redact)
  const waitMs = retryAfter(headers['retry-after'])
  const details: GitErrorDetails = { status, ...(remote === undefined ? {} : { remote: [remote] }) }
  const patient: GitErrorDetails = waitMs === undefined ? details : { ...details, waitMs }
  const because = remote === undefined ? '' : `: ${remote}`
  // With a time to wait, 403 is a limit on requests and no matter of rights.
  if (status === 429 || (status === 403 && waitMs !== undefined)) {
    return new GitError('RateLimited', `${url} asks for fewer requests (${status})${because}`, patient)
  }
  if (status === 401) {
    const what = loggedIn ? 'refuses these credentials' : 'asks for credentials, and none were given'
    return new GitError('Unauthorized', `${url} ${what} (401)${because}`, details)
  }
  if (status === 403) return new GitError('Forbidden', `${url} does not allow this (403)${because}`, details)
  if (status === 404) {
    return new GitError(
      'RepositoryNotFound',
      `${url} does not exist, or these credentials may not see it (404)`,
      details,
    )
  }
  if (status >= 300 && status < 400) {
    const target = URL.parse(headers['location'] ?? '', url)
    const actual = target === null ? 'nowhere' : redact(`${target.origin}${target.pathname}`)
    return new GitError('Redirected', `${url} has moved to ${actual} (${status}): use that address`, {
      ...details,
      actual,
    })
  }
  if (status >= 500) return new GitError('ServerError', `${url} failed (${status})${because}`, patient)
  return new GitError('NotGit', `${url} answers with HTTP status ${status}${because}`, details)
}

async function excerpt(
  type: string | undefined,
  body: AsyncGenerator<Uint8Array>,
  redact: Redact,
): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      length += chunk.length
      if (length > MAX_READ) break
    }
  } catch {
    return undefined
  }
  const bytes = Buffer.concat(chunks, length)
  // Cut after the secrets are gone: half of one would not be recognised.
  const text = redact(bytes.toString('utf8', 0, MAX_READ), length > MAX_READ)
  const line = printable(text.slice(0, MAX_SHOWN))
  return type?.startsWith('text/plain') === true && line !== '' ? line : undefined
}

/** Milliseconds of `Retry-After`, given in seconds or as a date (RFC 9110, section 10.2.3). */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), MAX_WAIT_MS)
}
