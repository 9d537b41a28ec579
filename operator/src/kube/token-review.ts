import type { KubeClient } from './client.ts'
import { KubeError } from './errors.ts'
import type { KubeUser } from './user.ts'

interface ReviewStatus {
  readonly authenticated?: unknown
  readonly audiences?: unknown
  readonly user?: {
    readonly username?: unknown
    readonly uid?: unknown
    readonly groups?: unknown
    readonly extra?: unknown
  }
}

const PATH = '/apis/authentication.k8s.io/v1/tokenreviews'

/**
 * Whose token this is. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
 * @param audiences of which the token must be for one; none: it must be for the API server itself
 * @returns undefined where it is nobody's, has expired, or is for somebody else
 * @throws KubeError when the question was not answered: that is never a yes
 */
export async function reviewToken(
  client: KubeClient,
  token: string,
  audiences: readonly string[],
  signal?: AbortSignal,
): Promise<KubeUser | undefined> {
  const spec = { token, ...(audiences.length === 0 ? {} : { audiences }) }
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec }
  const answer = await client.request<{ status?: ReviewStatus } | undefined>({
    method: 'POST',
    path: PATH,
    body,
    signal,
  })
  const status = answer?.status
  if (status === undefined || status === null)
    throw new KubeError('Malformed', `POST ${PATH}: the answer has no status`)
  if (status.authenticated !== true) return undefined
  // An authenticator that knows nothing of audiences leaves them out: then the token is for the API server alone.
  if (audiences.length > 0 && !texts(status.audiences).some((audience) => audiences.includes(audience)))
    return undefined
  const { username, uid, groups, extra } = status.user ?? {}
  if (typeof username !== 'string' || username === '')
    throw new KubeError('Malformed', `POST ${PATH}: the answer has no status.user.username`)
  return {
    username,
    ...(typeof uid === 'string' && uid !== '' ? { uid } : {}),
    groups: texts(groups),
    ...(typeof extra === 'object' && extra !== null
      ? { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, texts(values)])) }
      : {}),
  }
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
