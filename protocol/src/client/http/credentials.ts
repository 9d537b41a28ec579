import { GitError } from '../../format/errors.ts'

/** Sent with every request to the repository, and to nobody else. */
export type Credentials = { readonly username: string; readonly password: string } | { readonly bearer: string }

/**
 * The value of the `Authorization` header (RFC 7617, RFC 6750).
 * @throws GitError `InvalidInput` for a value that no header can carry
 */
export function authorization(auth: Credentials): string {
  const value = 'bearer' in auth ? `Bearer ${auth.bearer}` : `Basic ${base64(auth.username, auth.password)}`
  // A line break would let a token write headers of its own.
  if (/[\r\n]/.test(value)) throw new GitError('InvalidInput', 'auth holds a line break', { field: 'auth' })
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
  return Buffer.from(`${username}:${password}`).toString('base64')
}
