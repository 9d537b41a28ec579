import type { KubeUser } from '../../kube/user.ts'
import type { Clock } from '../../time/clock.ts'
import { PageError } from '../page-error.ts'
import { header } from '../page-request.ts'
import type { PageRequest } from '../page-request.ts'
import { proxyIdentity } from './proxy-identity.ts'
import type { ProxyTrust } from './proxy-identity.ts'
import { SESSION_MS, Sessions } from './sessions.ts'
import { Tokens } from './tokens.ts'
import type { ReviewToken } from './tokens.ts'

/** Somebody who looks at pages. */
export interface Viewer {
  readonly user: KubeUser
  /** How it is known. Sessions can be ended here. */
  readonly by: 'token' | 'session' | 'proxy'
}

export interface ViewersOptions {
  readonly review: ReviewToken
  readonly trust: ProxyTrust
  readonly clock: Clock
}

/** `__Host-`: browsers take it over a secure connection alone, and from no other host (RFC 6265bis §4.1.3.2). */
const COOKIE = '__Host-gitsync-audit'
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Strict'
const HELD = new RegExp(String.raw`(?:^|;\s*)${COOKIE}=([A-Za-z0-9_-]{20,100})(?:;|$)`)

/** Finds out who asks. */
export class Viewers {
  readonly #trust: ProxyTrust
  readonly #tokens: Tokens
  readonly #sessions: Sessions

  constructor({ review, trust, clock }: ViewersOptions) {
    this.#trust = trust
    this.#tokens = new Tokens(review, clock)
    this.#sessions = new Sessions(clock)
  }

  /**
   * Who asks: by the header of a trusted proxy, else by a bearer token, else by the cookie of a session.
   * @throws PageError `Unauthenticated`, `UntrustedProxy`, `BadRequest`, `Throttled`, `Unavailable`
   */
  async of(request: PageRequest): Promise<Viewer> {
    const named = proxyIdentity(request, this.#trust)
    if (named !== undefined) return { user: named, by: 'proxy' }
    const authorization = header(request, 'authorization')
    if (authorization !== undefined) {
      const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
      if (token === undefined) throw new PageError('BadRequest', 'the header Authorization must be: Bearer TOKEN')
      const user = await this.#tokens.ownerOf(token, request.remoteAddress)
      if (user === undefined) throw new PageError('Unauthenticated', NOBODY)
      return { user, by: 'token' }
    }
    const id = sessionOf(request)
    const token = id === undefined ? undefined : this.#sessions.tokenOf(id)
    if (token === undefined)
      throw new PageError('Unauthenticated', 'nobody has logged in: send the header Authorization: Bearer TOKEN')
    const user = await this.#tokens.known(token)
    if (user !== undefined) return { user, by: 'session' }
    if (id !== undefined) this.#sessions.end(id)
    throw new PageError('Unauthenticated', 'the token of this session is not valid any more: log in again')
  }

  /**
   * Begins a session with a token.
   * @returns the header Set-Cookie
   * @throws PageError `Unauthenticated`, `Throttled`, `Unavailable`
   */
  async logIn(token: string, remoteAddress: string): Promise<string> {
    const user = await this.#tokens.ownerOf(token, remoteAddress)
    if (user === undefined) throw new PageError('Unauthenticated', NOBODY)
    const id = this.#sessions.begin(token, user.username)
    return `${COOKIE}=${id}; Max-Age=${SESSION_MS / 1000}; ${ATTRIBUTES}`
  }

  /** @returns the header Set-Cookie */
  logOut(request: PageRequest): string {
    const id = sessionOf(request)
    if (id !== undefined) this.#sessions.end(id)
    return `${COOKIE}=; Max-Age=0; ${ATTRIBUTES}`
  }
}

const NOBODY = 'this token is not valid here: it is nobody’s, has expired, or is for another audience'

const sessionOf = ({ headers }: PageRequest): string | undefined => HELD.exec((headers['cookie'] ?? []).join('; '))?.[1]
