import { GitError } from '../../format/errors.ts'
import type { Redact } from '../../format/side-band.ts'
import { authorization, secretsOf } from './credentials.ts'
import type { Auth, Credentials } from './credentials.ts'
import { Deadline } from '../remote/deadline.ts'
import { redactor } from '../remote/redact.ts'

/** Milliseconds before their end at which credentials are replaced: a request takes time, and clocks differ. */
const REFRESH_AHEAD_MS = 60_000

/** Credentials whose spellings are blotted out; an hourly token is remembered for ten days. */
const MAX_REMEMBERED = 256

export interface LoginOptions {
  readonly auth: Auth | undefined
  /** Address of the repository. */
  readonly url: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds that the callback may take. */
  readonly timeoutMs: number
}

/** The credentials of one repository as they change, and the memory of all that were ever used. */
export class Login {
  readonly #options: LoginOptions
  readonly #remembered: Credentials[] = []
  #redactKnown: Redact = redactor([])
  #current: Credentials | undefined
  #asked = false
  #asking: Promise<Credentials | undefined> | undefined

  /** @throws GitError `InvalidInput` for credentials that no header can carry */
  constructor(options: LoginOptions) {
    this.#options = options
    if (options.auth !== undefined && typeof options.auth !== 'function') this.#accept(options.auth)
  }

  readonly redact: Redact = (text, cut) => this.#redactKnown(text, cut)

  /**
   * What to send with the next request.
   * @throws GitError `Unauthorized` when the callback fails, `Timeout` when it does not answer
   */
  async current(): Promise<Credentials | undefined> {
    if (typeof this.#options.auth !== 'function') return this.#current
    if (!this.#asked) return await this.#ask(false)
    if (this.#leftMs() > REFRESH_AHEAD_MS) return this.#current
    try {
      return await this.#ask(false)
    } catch (error) {
      if (this.#leftMs() > 0) return this.#current
      throw error
    }
  }

  /** What to send instead of what was refused; undefined when there is nothing else. */
  async instead(refused: Credentials | undefined): Promise<Credentials | undefined> {
    if (typeof this.#options.auth !== 'function') return undefined
    // Another request may have met the same refusal before.
    if (this.#current !== refused) return this.#current
    return await this.#ask(true)
  }

  #leftMs(): number {
    const end = this.#current?.expiresAt
    return end === undefined ? Number.POSITIVE_INFINITY : end.getTime() - this.#options.now()
  }

  #ask(rejected: boolean): Promise<Credentials | undefined> {
    this.#asking ??= this.#answer(rejected).finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #answer(rejected: boolean): Promise<Credentials | undefined> {
    const { auth, url, timeoutMs } = this.#options
    if (typeof auth !== 'function') return undefined
    let answer: Credentials | undefined
    const deadline = new Deadline(timeoutMs, undefined)
    try {
      answer = await deadline.race(auth({ url, rejected, signal: deadline.signal }))
    } catch (error) {
      if (error instanceof GitError) throw error
      if (deadline.signal.aborted) {
        const what = `no credentials for ${url}: the auth callback has not answered within ${timeoutMs} ms (requestTimeoutMs)`
        throw new GitError('Timeout', what, { limit: 'requestTimeoutMs', expected: timeoutMs, cause: error })
      }
      const reason = this.redact(error instanceof Error ? error.message : String(error))
      throw new GitError('Unauthorized', `no credentials for ${url}: the auth callback failed: ${reason}`, {
        cause: error,
      })
    } finally {
      deadline.end()
    }
    if (answer === undefined) this.#current = undefined
    else this.#accept(answer)
    this.#asked = true
    return answer
  }

  #accept(credentials: Credentials): void {
    authorization(credentials)
    this.#current = credentials
    this.#remembered.push(credentials)
    if (this.#remembered.length > MAX_REMEMBERED) this.#remembered.shift()
    this.#redactKnown = redactor(this.#remembered.flatMap((known) => secretsOf(known)))
  }
}
