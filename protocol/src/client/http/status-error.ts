import { GitError } from '../../format/errors.ts'
import type { GitErrorDetails } from '../../format/errors.ts'
import { printable } from '../../format/side-band.ts'
import type { Redact } from '../../format/side-band.ts'
import { isRedirect } from './redirect.ts'

/** Bytes of an error's body that are read. */
const MAX_READ = 2048
/** Characters of them that are shown. */
const MAX_SHOWN = 200
/** The longest wait that a server is believed: one hour. */
export const MAX_WAIT_MS = 60 * 60_000

/** An answer other than 200, and what is needed to tell what it means. */
export interface Refusal {
  /** Address of the repository that was asked. */
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
  readonly redact: Redact
  /** `withheld`: there are credentials, but for another origin. */
  readonly login: 'sent' | 'none' | 'withheld'
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What an HTTP status other than 200 means and what to do, with the server's words where it sends plain text. */
export async function statusError(refusal: Refusal): Promise<GitError> {
  const { url, status, headers, redact } = refusal
  const text = await excerpt(refusal)
  const remote = headers['content-type']?.startsWith('text/plain') === true && text !== '' ? text : undefined
  const waitMs = retryAfter(headers['retry-after'], refusal.now)
  const details: GitErrorDetails = { status, ...(remote === undefined ? {} : { remote: [remote] }) }
  const patient: GitErrorDetails = waitMs === undefined ? details : { ...details, waitMs }
  const because = remote === undefined ? '' : `: ${remote}`
  // With a time to wait, 403 is a limit on requests and no matter of rights.
  if (status === 429 || (status === 403 && waitMs !== undefined)) {
    return new GitError('RateLimited', `${url} asks for fewer requests (${status})${because}`, patient)
  }
  if (status === 401) return new GitError('Unauthorized', `${url} ${UNAUTHORIZED[refusal.login]}${because}`, details)
  if (status === 403) {
    const what = 'does not allow this (403): these credentials lack the right, or the address is wrong'
    return new GitError('Forbidden', `${url} ${what}${because}`, details)
  }
  if (status === 404) {
    return new GitError(
      'RepositoryNotFound',
      `${url} does not exist, or these credentials may not see it (404)`,
      details,
    )
  }
  if (isRedirect(status)) {
    const target = URL.parse(headers['location'] ?? '', url)
    const actual = target === null ? 'nowhere' : redact(`${target.origin}${target.pathname}`)
    return new GitError('Redirected', `${url} has moved to ${actual} (${status}): use that address`, {
      ...details,
      actual,
    })
  }
  if (status >= 500) return new GitError('ServerError', `${url} failed (${status})${because}`, patient)
  if (status === 400 && /HTTP request.*HTTPS/is.test(text)) {
    return new GitError('NotGit', `${url} is a TLS port: the address begins with https:// (${status})`, details)
  }
  if (status === 400 && /SSL certificate/i.test(text)) {
    const what = 'wants a client certificate that it trusts: give cert and key'
    return new GitError('NotGit', `${url} ${what} (${status})`, details)
  }
  return new GitError('NotGit', `${url} answers with HTTP status ${status}${because}`, details)
}

const UNAUTHORIZED: Readonly<Record<Refusal['login'], string>> = {
  sent: 'refuses these credentials (401): check user and token, and whether the token has expired; many hosts take a token where a password used to be',
  none: 'asks for credentials, and none were given (401): give them as auth',
  withheld:
    'asks for credentials (401), and those of the address that leads here are not sent to another origin: use this address itself',
}

/** The beginning of the body as one clean line. */
async function excerpt({ body, redact }: Refusal): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk.subarray(0, MAX_READ - length), { stream: true })
      length += chunk.length
      if (length > MAX_READ) break
    }
  } catch {
    return ''
  }
  // Cut after the secrets are gone: half of one would not be recognised.
  return printable(redact(text, length > MAX_READ).slice(0, MAX_SHOWN))
}

/** Milliseconds of `Retry-After`, given in seconds or as a date (RFC 9110, section 10.2.3). */
function retryAfter(header: string | undefined, now: () => number): number | undefined {
  if (header === undefined) return undefined
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now()
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), MAX_WAIT_MS)
}
