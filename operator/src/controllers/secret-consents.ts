import { SECRETS_ALLOWED, SECRETS_LABEL } from '../api/secrets.ts'
import type { KubeClient } from '../kube/client.ts'
import { isKubeError } from '../kube/errors.ts'
import type { ReflectorPool } from '../kube/reflector-pool.ts'
import { NAMESPACES } from './known-resources.ts'

/** Whether the Secrets of a namespace may be read. */
export interface SecretConsents {
  /**
   * Asks the API server now.
   * @returns why they may not be read; undefined when they may
   */
  refusal(namespace: string): Promise<string | undefined>
}

/** Follows the labels from the first question on: while nobody selects Secrets, namespaces are not read. */
export function secretConsents(
  client: KubeClient,
  pool: ReflectorPool,
  options: {
    /** Only Roles: namespaces can be read one by one, and not watched. */
    readonly rolesOnly: boolean
    /** A namespace has given or withdrawn its consent. */
    readonly changed: () => void
  },
): SecretConsents {
  let isFollowed = options.rolesOnly
  const follow = (): void => {
    if (isFollowed) return
    isFollowed = true
    pool.subscribe(
      NAMESPACES,
      undefined,
      {
        onObject: (_namespace, phase) => {
          if (phase === 'live') options.changed()
        },
        // Out of the selection is how a withdrawn consent looks.
        onDelete: options.changed,
        onSynced: ({ vanished }) => {
          if (vanished.size > 0) options.changed()
        },
      },
      { labelSelector: `${SECRETS_LABEL}=${SECRETS_ALLOWED}` },
    )
  }
  return {
    async refusal(namespace) {
      follow()
      const wanted = `label ${SECRETS_LABEL}: ${SECRETS_ALLOWED}`
      try {
        const { metadata } = await client.get(NAMESPACES, undefined, namespace)
        if (metadata.labels?.[SECRETS_LABEL] === SECRETS_ALLOWED) return undefined
        return `namespace ${namespace} has not got the ${wanted}`
      } catch (error) {
        if (isKubeError(error, 'NotFound')) return `namespace ${namespace} does not exist`
        if (isKubeError(error, 'Forbidden'))
          return `the operator may not read namespace ${namespace}, so that its ${wanted} is not known (watch.secrets of the chart)`
        throw error
      }
    },
  }
}
