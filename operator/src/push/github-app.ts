import { createHash } from 'node:crypto'
import type { Auth, Credentials } from '@gitsync/protocol'
import { request } from 'undici'
import type { Dispatcher } from 'undici'
import { readCapped } from '../forge/read-capped.ts'
import { failureIn, PushFailure } from './failure.ts'
import type { GitHubApp } from './github-app-keys.ts'

export interface AppTokensOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly userAgent: string
}

/** A token that ends within this time is replaced, in milliseconds: a push has to be over before. */
const REFRESH_AHEAD_MS = 300_000
/** A token that was refused is replaced at most this often, in milliseconds. */
const REPLACE_MS = 10_000
/** Bytes of an answer at most. */
const MAX_ANSWER = 256 << 10
/** Clocks of hosts may be behind, in seconds. */
const CLOCK_SKEW_S = 60
/** How long a JWT holds, in seconds: GitHub takes ten minutes at most, the skew included. */
const JWT_S = 540

interface Held {
  readonly credentials: Promise<Credentials>
  readonly askedAt: number
}

/** Tokens of installations of GitHub Apps, shared by all GitSyncs that have the same App. */
export class AppTokens {
  readonly #options: AppTokensOptions
  readonly #held = new Map<string, Held>()

  constructor(options: AppTokensOptions) {
    this.#options = options
  }

  /**
   * Credentials for the engine, which asks for them before they end and when they are refused.
   * @param dispatcher carries the requests: guarded, and with the authorities that the host needs
   */
  auth(app: GitHubApp, dispatcher: Dispatcher): Auth {
    return ({ rejected, signal }) => this.#token(app, dispatcher, rejected, signal)
  }

  async #token(app: GitHubApp, dispatcher: Dispatcher, rejected: boolean, signal: AbortSignal): Promise<Credentials> {
    const key = keyOf(app)
    const now = this.#options.now()
    const held = this.#held.get(key)
    if (held !== undefined && (!rejected || now - held.askedAt < REPLACE_MS)) {
      const credentials = await held.credentials
      const endsAt = credentials.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
      if (endsAt - now > REFRESH_AHEAD_MS) return credentials
      // Somebody else has asked meanwhile.
      const newer = this.#held.get(key)
      if (newer !== undefined && newer !== held) return await newer.credentials
    }
    const credentials = this.#ask(app, dispatcher, signal)
    this.#held.set(key, { credentials, askedAt: now })
    credentials.catch(() => {
      if (this.#held.get(key)?.credentials === credentials) this.#held.delete(key)
    })
    return await credentials
  }

  async #ask(app: GitHubApp, dispatcher: Dispatcher, signal: AbortSignal): Promise<Credentials> {
    const { now, userAgent } = this.#options
    const { SignJWT } = await import('jose')
    const seconds = Math.floor(now() / 1_000)
    const jwt = await new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .setIssuer(app.appId)
      .setIssuedAt(seconds - CLOCK_SKEW_S)
      .setExpirationTime(seconds + JWT_S)
      .sign(app.privateKey)
    let status: number
    let text: string
    try {
      const answer = await request(`${app.apiUrl}/app/installations/${app.installationId}/access_tokens`, {
        method: 'POST',
        dispatcher,
        signal,
        headers: {
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${jwt}`,
          'user-agent': userAgent,
          'x-github-api-version': '2022-11-28',
        },
      })
      status = answer.statusCode
      text = (await readCapped(answer.body, MAX_ANSWER)) ?? ''
    } catch (error) {
      throw noAnswer(app, error)
    }
    if (status !== 201) throw refusal(app, status)
    return tokenOf(text, app)
  }
}

function noAnswer({ apiUrl }: GitHubApp, error: unknown): PushFailure {
  const failure = failureIn(error)
  if (failure !== undefined) return failure
  const { code } = error as { readonly code?: unknown }
  const why = typeof code === 'string' ? ` (${code})` : ''
  return new PushFailure('Unreachable', `${apiUrl} does not answer when it is asked for a token${why}`, {
    cause: error,
  })
}

function keyOf({ appId, installationId, apiUrl, privateKey }: GitHubApp): string {
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' })
  return createHash('sha256')
    .update(JSON.stringify([appId, installationId, apiUrl, key]))
    .digest('hex')
}

function tokenOf(text: string, { apiUrl }: GitHubApp): Credentials {
  let answer: { readonly token?: unknown; readonly expires_at?: unknown } = {}
  try {
    answer = (JSON.parse(text) ?? {}) as typeof answer
  } catch {
    // Told below: what came is not shown, since it may hold a token.
  }
  const { token, expires_at: end } = answer
  const expiresAt = typeof end === 'string' ? new Date(end) : undefined
  if (typeof token !== 'string' || token === '' || expiresAt === undefined || Number.isNaN(expiresAt.getTime())) {
    throw new PushFailure('AuthenticationFailed', `${apiUrl} answers, but gives no token for the App`)
  }
  return { username: 'x-access-token', password: token, expiresAt }
}

const MEANINGS: Readonly<Record<number, string>> = {
  401: 'refuses the App: check githubAppID, the private key and the clock',
  403: 'does not let the App have a token: the installation may be suspended',
  404: 'knows no such installation of the App: check githubAppInstallationID and githubAppBaseURL',
}

function refusal({ apiUrl }: GitHubApp, status: number): PushFailure {
  const what = MEANINGS[status] ?? 'gives no token for the App'
  return new PushFailure(status >= 500 ? 'Unreachable' : 'AuthenticationFailed', `${apiUrl} ${what} (${status})`)
}
