import type { IncomingHttpHeaders } from 'node:http'
import { forbidden, unauthorized } from './errors.ts'
import { groupsOf, MASTERS, type Authorizer, type User } from './rbac.ts'

/** Who a bearer token stands for. */
export interface TokenUser {
  readonly name: string
  readonly groups?: readonly string[]
}

const ADMIN: User = { name: 'kubernetes-admin', groups: [MASTERS, 'system:authenticated'] }

/** Finds the users behind bearer tokens. */
export class Authenticator {
  readonly #tokens: Map<string, TokenUser>
  readonly #isOpen: boolean

  /** @param tokens who each token stands for; when left out, every token is its user's name */
  constructor(tokens: Readonly<Record<string, TokenUser>> | undefined) {
    this.#tokens = new Map(Object.entries(tokens ?? {}))
    this.#isOpen = tokens === undefined
  }

  add(token: string, user: TokenUser): void {
    this.#tokens.set(token, user)
  }

  identify(token: string): User | undefined {
    const known = this.#tokens.get(token) ?? (this.#isOpen ? { name: token } : undefined)
    return known === undefined ? undefined : withGroups(known.name, known.groups)
  }

  /**
   * The user of a request, after impersonation. Without a token it is a member of system:masters.
   * @throws ApiError 401 for an unknown token, 403 for an impersonation that is not allowed
   */
  userOf(headers: IncomingHttpHeaders, authorizer: Authorizer): User {
    const { authorization } = headers
    const token = authorization === undefined ? undefined : /^Bearer\s+(.+)$/i.exec(authorization)?.[1]
    if (authorization !== undefined && token === undefined) throw unauthorized()
    const user = token === undefined ? ADMIN : this.identify(token.trim())
    if (user === undefined) throw unauthorized()
    return impersonated(user, headers, authorizer)
  }
}

function withGroups(name: string, groups: readonly string[] = []): User {
  return { name, groups: [...new Set([...groups, ...groupsOf(name)])] }
}

function impersonated(user: User, headers: IncomingHttpHeaders, authorizer: Authorizer): User {
  const name = headers['impersonate-user']
  if (typeof name !== 'string') return user
  const header = headers['impersonate-group']
  const groups = typeof header === 'string' ? header.split(',').map((group) => group.trim()) : (header ?? [])
  const targets = [{ resource: 'users', name }, ...groups.map((group) => ({ resource: 'groups', name: group }))]
  for (const target of targets) {
    if (!authorizer.decide(user, { verb: 'impersonate', group: '', ...target }).allowed) {
      const why = `User "${user.name}" cannot impersonate resource "${target.resource}" in API group "" at the cluster scope`
      throw forbidden({ group: '', plural: target.resource }, target.name, why)
    }
  }
  return withGroups(name, groups)
}
