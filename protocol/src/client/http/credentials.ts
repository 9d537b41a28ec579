import { GitError } from '../../format/errors.ts'

/** Sent with every request to the repository, and to nobody else. */
export type Credentials = ({ readonly username: string; readonly password: string } | { readonly bearer: string }) & {
  /** When they stop working, where that is known: a callback is asked for new ones shortly before. */
  readonly expiresAt?: Date
}

export interface AuthContext {
  /** Address of the repository, as it was given. */
  readonly url: string
  /** The server has refused what it got: what was given last, or nothing at all. */
  readonly rejected: boolean
  /** Aborted when nobody waits for the answer any more: it has as much time as a request. */
  readonly signal: AbortSignal
}

/**
 * Credentials, or who gives them: asked before the first request, shortly before they expire, and once more when the
 * server refuses them. Without an answer the request goes out without credentials.
 */
export type Auth = Credentials | ((context: AuthContext) => Promise<Credentials | undefined>)

/**
 * The value of the `Authorization` header (RFC 7617, RFC 6750).
 * @throws GitError `InvalidInput` for a value that no header can carry
 */
export function authorization(auth: Credentials): string {
  const value = 'bearer' in auth ? `Bearer ${auth.bearer}` : `Basic ${base64(auth.username, auth.password)}`
  // A line break would let a token write headers of its own.
  if (/[\r\n]/.test(value)) throw new GitError('InvalidInput', 'auth holds a line break', { field: 'auth' })
  if (/[^\x20-\x7e]/.test(value)) {
    throw new GitError('InvalidInput', 'auth holds a character that no header can carry: a token is plain ASCII', {
      field: 'auth',
    })
  }
  return value
}

/** Every spelling in which these credentials would give access to who reads them. */
export function secretsOf(auth: Credentials): string[] {
  if ('bearer' in auth) return [auth.bearer]
  const { username, password } = auth
  // Without a password the user name is the token.
  return [base64(username, password), `${username}:${password}`, password === '' ? username : password]
}

function base64(username: string, password: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(`${username}:${password}`)))
}
