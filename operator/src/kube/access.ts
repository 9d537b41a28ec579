import type { KubeClient } from './client.ts'
import { KubeError } from './errors.ts'
import type { ApiResource } from './resource.ts'
import type { KubeUser } from './user.ts'

export interface Account {
  readonly namespace: string
  readonly serviceAccount: string
}

export interface Access {
  readonly allowed: boolean
  /** What the authorizer said to a refusal, naming the verb. */
  readonly reason?: string
}

export interface AccessOptions {
  /** Asks in the namespace, which a Role allows, instead of in the cluster. Not for questions about all namespaces. */
  readonly local?: boolean
  readonly signal?: AbortSignal | undefined
}

interface ReviewStatus {
  readonly allowed?: unknown
  readonly denied?: unknown
  readonly reason?: unknown
  readonly evaluationError?: unknown
}

/**
 * Asks whether a service account may both list and watch a kind, in one namespace or (undefined) in all. Its existence is
 * not checked: roles may be bound to an account before there is one.
 * @throws KubeError when the question was not answered: that is never a yes
 */
export async function canReadAs(
  client: KubeClient,
  account: Account,
  resource: ApiResource,
  namespace: string | undefined,
  options: AccessOptions = {},
): Promise<Access> {
  const verbs = ['list', 'watch'] as const
  const reviews = await Promise.all(verbs.map((verb) => review(client, account, resource, namespace, verb, options)))
  return reviews.find(({ allowed }) => !allowed) ?? { allowed: true }
}

/**
 * Asks whether a user may get every object of a kind, in one namespace or (undefined) in all.
 * @throws KubeError when the question was not answered: that is never a yes
 */
export async function mayGet(
  client: KubeClient,
  user: KubeUser,
  resource: ApiResource,
  namespace: string | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  return (await ask(client, user, resource, namespace, 'get', { signal })).allowed
}

function review(
  client: KubeClient,
  { namespace: home, serviceAccount }: Account,
  resource: ApiResource,
  namespace: string | undefined,
  verb: 'list' | 'watch',
  options: AccessOptions,
): Promise<Access> {
  const user = {
    username: `system:serviceaccount:${home}:${serviceAccount}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${home}`, 'system:authenticated'],
  }
  return ask(client, user, resource, namespace, verb, options)
}

async function ask(
  client: KubeClient,
  { username, ...user }: KubeUser,
  { group, version, plural }: ApiResource,
  namespace: string | undefined,
  verb: 'get' | 'list' | 'watch',
  { local = false, signal }: AccessOptions,
): Promise<Access> {
  const kind = local ? 'LocalSubjectAccessReview' : 'SubjectAccessReview'
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind,
    ...(local ? { metadata: { namespace } } : {}),
    spec: {
      user: username,
      ...user,
      resourceAttributes: { namespace: namespace ?? '', verb, group, version, resource: plural },
    },
  }
  const path = `/apis/authorization.k8s.io/v1/${local ? `namespaces/${namespace ?? ''}/` : ''}${kind.toLowerCase()}s`
  const answer = await client.request<{ status?: ReviewStatus } | undefined>({ method: 'POST', path, body, signal })
  const status = answer?.status
  if (typeof status?.allowed !== 'boolean')
    throw new KubeError('Malformed', `POST ${path}: the answer has no status.allowed`)
  if (status.allowed && status.denied !== true) return { allowed: true }
  const said = [status.reason, status.evaluationError].filter((text) => typeof text === 'string' && text !== '')
  return { allowed: false, reason: [`${verb} is not allowed`, ...said].join(': ') }
}
