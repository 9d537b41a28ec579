import { NAMESPACES } from '../controllers/known-resources.ts'
import type { KubeClient } from '../kube/client.ts'
import type { KubeConnection } from '../kube/connection.ts'
import { isKubeError } from '../kube/errors.ts'
import type { KubeError } from '../kube/errors.ts'

/**
 * uid of the namespace kube-system: folders are claimed in its name, without which two clusters could not be told apart.
 * It is the first thing that is asked of the API server.
 * @throws Error that says which server does not answer or what it refuses, and what to do
 */
export async function readClusterId(
  client: Pick<KubeClient, 'get'>,
  connection: Pick<KubeConnection, 'server' | 'origin'>,
): Promise<string> {
  let uid: string | undefined
  try {
    ;({ uid } = (await client.get(NAMESPACES, undefined, 'kube-system')).metadata)
  } catch (error) {
    if (!isKubeError(error)) throw error
    throw new Error(explain(error, connection), { cause: error })
  }
  if (uid === undefined) throw new Error('the namespace kube-system has no uid, by which this cluster would be known')
  return uid
}

function explain(error: KubeError, { server, origin }: Pick<KubeConnection, 'server' | 'origin'>): string {
  const where = `the API server ${server.origin} (${origin})`
  switch (error.code) {
    case 'Forbidden': {
      const rule = 'apiGroups: [""], resources: [namespaces], resourceNames: [kube-system], verbs: [get]'
      return `the namespace kube-system cannot be read: ${error.details ?? error.message}. Give the operator's account a Role in it with ${rule}`
    }
    case 'Unauthorized':
      return `${where} refuses the credentials: renew them there (${error.message})`
    case 'Network':
    case 'Timeout':
      return isUntrusted(error)
        ? `${where} shows a certificate that is not trusted: correct the certificate authority or the server's name there (${error.message})`
        : `${where} does not answer: check its address, whether it runs, and the network between (${error.message})`
    case 'NotFound':
    case 'NotServed':
    case 'Malformed':
      return `${where} does not answer as a Kubernetes API server does: check its address (${error.message})`
    default:
      return `${where}: ${error.message}`
  }
}

/** By the codes that Node and OpenSSL give what is wrong with a certificate. */
function isUntrusted({ cause }: KubeError): boolean {
  const { code } = (cause ?? {}) as { code?: unknown }
  return typeof code === 'string' && /CERT|UNABLE_TO_VERIFY/.test(code) && !code.includes('ALERT')
}
