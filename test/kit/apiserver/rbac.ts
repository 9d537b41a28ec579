import { fieldsOf, isFields, listOf, textOf, type Fields } from './json.ts'
import type { KubeObject } from './object.ts'
import { matchesLabels, parseObjectSelector } from './selector.ts'
import type { Store } from './store.ts'

export interface User {
  readonly name: string
  readonly groups: readonly string[]
}

/** What a request wants to do: something to a resource, or something to a path that is none. */
export interface Attributes {
  readonly verb: string
  readonly group?: string
  readonly resource?: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
  readonly path?: string
}

export interface Decision {
  readonly allowed: boolean
  readonly reason: string
}

export const MASTERS = 'system:masters'
const RBAC = 'rbac.authorization.k8s.io'
const SERVICE_ACCOUNT = 'system:serviceaccount:'

/** Groups that a user has by name alone. */
export function groupsOf(name: string): string[] {
  if (name === 'system:anonymous') return ['system:unauthenticated']
  if (!name.startsWith(SERVICE_ACCOUNT)) return ['system:authenticated']
  const namespace = name.slice(SERVICE_ACCOUNT.length).split(':')[0] ?? ''
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated']
}

/** Decides by the stored roles and bindings, read anew for each question. */
export class Authorizer {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  decide(user: User, attributes: Attributes): Decision {
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: '' }
    for (const { rules, reason } of this.#grants(user, attributes.namespace ?? '')) {
      if (rules.some((rule) => ruleAllows(rule, attributes))) return { allowed: true, reason }
    }
    return { allowed: false, reason: '' }
  }

  /** Every rule that a user has in a namespace. */
  rules(user: User, namespace: string): Fields[] {
    if (user.groups.includes(MASTERS)) {
      const all = ['*']
      return [
        { verbs: all, apiGroups: all, resources: all },
        { verbs: all, nonResourceURLs: all },
      ]
    }
    return this.#grants(user, namespace).flatMap(({ rules }) => rules)
  }

  #grants(user: User, namespace: string): { rules: Fields[]; reason: string }[] {
    const cluster = this.#bound(`${RBAC}/clusterrolebindings`, '', user)
    const local = namespace === '' ? [] : this.#bound(`${RBAC}/rolebindings`, namespace, user)
    return [...cluster, ...local].map((binding) => {
      const role = fieldsOf(binding['roleRef'])
      const named = `${textOf(role['kind'])} "${textOf(role['name'])}"`
      const reason = `RBAC: allowed by ${binding.kind} "${binding.metadata.name}" of ${named} to User "${user.name}"`
      return { rules: this.#rulesOf(role, binding.metadata.namespace ?? ''), reason }
    })
  }

  #bound(storage: string, namespace: string, user: User): KubeObject[] {
    return this.#store
      .all(storage)
      .map(({ object }) => object)
      .filter((object) => (object.metadata.namespace ?? '') === namespace)
      .filter((object) => listOf(object['subjects']).some((subject) => isSubject(fieldsOf(subject), user, namespace)))
  }

  #rulesOf(roleRef: Fields, namespace: string): Fields[] {
    const name = textOf(roleRef['name'])
    if (roleRef['kind'] === 'Role') {
      const role = this.#store.get(`${RBAC}/roles`, `${namespace}/${name}`)
      return listOf(role?.object['rules']).filter(isFields)
    }
    const role = this.#store.get(`${RBAC}/clusterroles`, name)?.object
    const selectors = listOf(fieldsOf(role?.['aggregationRule'])['clusterRoleSelectors']).map(parseObjectSelector)
    const aggregated = this.#store
      .all(`${RBAC}/clusterroles`)
      .filter(({ object }) => selectors.some((selector) => matchesLabels(selector, object.metadata.labels)))
    return [...listOf(role?.['rules']), ...aggregated.flatMap(({ object }) => listOf(object['rules']))].filter(isFields)
  }
}

function isSubject(subject: Fields, user: User, bindingNamespace: string): boolean {
  const name = textOf(subject['name'])
  if (subject['kind'] === 'User') return name === user.name
  if (subject['kind'] === 'Group') return user.groups.includes(name)
  if (subject['kind'] !== 'ServiceAccount') return false
  return user.name === `${SERVICE_ACCOUNT}${textOf(subject['namespace']) || bindingNamespace}:${name}`
}

const includes = (list: unknown, ...values: string[]): boolean =>
  listOf(list).some((item) => item === '*' || values.includes(textOf(item)))

function ruleAllows(
  rule: Fields,
  { verb, group = '', resource = '', subresource = '', name = '', path }: Attributes,
): boolean {
  if (!includes(rule['verbs'], verb)) return false
  if (path !== undefined) {
    return listOf(rule['nonResourceURLs']).some((pattern) => {
      const text = textOf(pattern)
      return text.endsWith('*') ? path.startsWith(text.slice(0, -1)) : path === text
    })
  }
  const wanted = subresource === '' ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`]
  const names = listOf(rule['resourceNames'])
  return (
    includes(rule['apiGroups'], group) &&
    includes(rule['resources'], ...wanted) &&
    (names.length === 0 || (name !== '' && names.includes(name)))
  )
}
