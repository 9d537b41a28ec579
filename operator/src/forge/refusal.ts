import { errors } from 'undici'
import { ForgeError } from './forge-error.ts'
import type { ForgeErrorCode } from './forge-error.ts'

/** Of the host's own words in a message. */
const MAX_WORDS = 300
/** Answers of which it matters when to ask again. */
const MAY_WAIT: ReadonlySet<number> = new Set([403, 429, 503])

/** What the host says is wrong: the `message` of a JSON answer with details, or nothing of a web page. */
function wordsOf(text: string, secrets: readonly string[]): string {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return ''
  }
  if (typeof answer !== 'object' || answer === null) return ''
  const { message, error, error_description: description, errors: details } = answer as Record<string, unknown>
  const words = [message, error, description, details]
    .filter((part) => part !== undefined && part !== null && part !== '')
    .map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
  // Before it is cut: the beginning of a token is not looked for.
  return hide([...new Set(words)].join('; '), secrets)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, MAX_WORDS)
}

/** A host may repeat what it was sent. */
function hide(text: string, secrets: readonly string[]): string {
  return secrets.filter((secret) => secret !== '').reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
}

/** What a request was answered that was not done. */
export function refusal(
  shown: string,
  answer: {
    readonly status: number
    readonly text: string
    /** Credentials, which the host may repeat. */
    readonly secrets: readonly string[]
    /** Milliseconds that the host wants to be left alone. */
    readonly waitMs: number | undefined
    /** What a token needs. */
    readonly rights: string
  },
): ForgeError {
  const { status, text, secrets, waitMs, rights } = answer
  const words = wordsOf(text, secrets)
  const said = words === '' ? '' : `: ${words}`
  const fail = (code: ForgeErrorCode, remark = ''): ForgeError =>
    new ForgeError(code, `${shown} was answered ${status}${said}${remark}`, {
      status,
      waitMs: MAY_WAIT.has(status) ? waitMs : undefined,
    })
  if (status === 429 || (status === 403 && waitMs !== undefined)) return fail('RateLimited')
  if (status === 401) return fail('Unauthorized', `; the login is wrong or has expired, and needs ${rights}`)
  if (status === 403) return fail('Forbidden', `; the token needs ${rights}`)
  if (status === 404) return fail('NotFound', `; a token without ${rights} is answered like this, too`)
  if (status === 409) return fail('Exists')
  if (status >= 500) return fail('ServerError')
  return fail(status >= 300 && status < 400 ? 'Redirected' : 'Rejected')
}

/** Why there was no answer. */
export function unreachable(error: unknown, shown: string, secrets: readonly string[]): ForgeError {
  const isTimeout =
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError ||
    (error instanceof Error && error.name === 'TimeoutError')
  const words = hide(error instanceof Error ? error.message : String(error), secrets)
  return new ForgeError(isTimeout ? 'Timeout' : 'Network', `${shown}: ${words}`, { cause: error })
}
