/** Users, and what an identity provider says of them beside the name (`extra`, k8s.io/api/authentication/v1). */
import type { Person } from '../person.ts'

/** Under which keys of a user's `extra` a name and an address are, as `example.com/email`. */
export interface ExtraKeys {
  /** Default: the user name stands for it. */
  readonly name?: string | undefined
  /** Default: nobody is known by more than the user name. */
  readonly email?: string | undefined
}

/** Who has done something, as the API server knows them. */
export interface User {
  readonly name: string
  /** Whom their identity provider names. */
  readonly person?: Person
}

/** `userInfo` of an admission request, or `user` of an audit event; everything may be missing. */
export interface UserInfo {
  readonly username?: unknown
  readonly extra?: unknown
}

/** Characters of a user name: those of certificates and tokens are shorter. Thousands of users are remembered. */
export const MAX_USER_NAME = 1024
/** Characters of name and address together. The policy of the chart knows it too. */
export const MAX_PERSON = 400

/**
 * The user, and whom the identity provider names where it says an address; undefined for nobody. Who may impersonate, or has a
 * say in claims, may say anything: what is too long to be a name counts for nothing.
 */
export function readUser({ username: name, extra }: UserInfo, keys: ExtraKeys): User | undefined {
  if (typeof name !== 'string' || name === '' || name.length > MAX_USER_NAME) return undefined
  const email = valueOf(extra, keys.email)
  if (email === undefined) return { name }
  const person = { name: valueOf(extra, keys.name) ?? name, email }
  return person.name.length + email.length > MAX_PERSON ? { name } : { name, person }
}

function valueOf(extra: unknown, key: string | undefined): string | undefined {
  if (key === undefined || typeof extra !== 'object' || extra === null || !Object.hasOwn(extra, key)) return undefined
  const values: unknown = (extra as Record<string, unknown>)[key]
  const first: unknown = Array.isArray(values) ? values[0] : undefined
  return typeof first === 'string' && first !== '' ? first : undefined
}
