import { NAMESPACES } from '../controllers/known-resources.ts'
import type { KubeClient } from '../kube/client.ts'
import type { KubeConnection } from '../kube/connection.ts'
import { isKubeError } from '../kube/errors.ts'
import type { KubeError } from '../kube/errors.ts'
import { backoffMs } from '../time/backoff.ts'
import { sleep } from '../time/clock.ts'
import type { Clock } from '../time/clock.ts'

/** A server that answers, and cannot serve just now, is asked for so long, in milliseconds: less than a Pod has to start. */
const PATIENCE_MS = 30_000
const BACKOFF = { baseMs: 500, maxMs: 5_000 }

export interface ClusterIdOptions {
  readonly clock: Clock
  readonly random: () => number
  /** Told before it is asked again. */
  readonly onRetry: (problem: string) => void
}

/**
 * uid of the namespace kube-system: folders are claimed in its name, without which two clusters could not be told apart.
 * It is the first thing that is asked of the API server.
 * @throws Error that says which server does not answer or what it refuses, and what to do
 */
export async function readClusterId(
  client: Pick<KubeClient, 'get'>,
  connection: Pick<KubeConnection, 'server' | 'origin'>,
  { clock, random, onRetry }: ClusterIdOptions,
): Promise<string> {
  const deadline = clock.now() + PATIENCE_MS
  for (let failures = 1; ; failures++) {
    try {
      const { uid } = (await client.get(NAMESPACES, undefined, 'kube-system')).metadata
      if (uid !== undefined) return uid
    } catch (error) {
      if (!isKubeError(error)) throw error
      const problem = explain(error, connection)
      const waitMs = Math.max(error.retryAfterMs ?? 0, backoffMs(failures, BACKOFF, random))
      if (!isOverload(error) || clock.now() + waitMs > deadline) throw new Error(problem, { cause: error })
      onRetry(problem)
      await sleep(clock, waitMs)
      continue
    }
    throw new Error('the namespace kube-system has no uid, by which this cluster would be known')
  }
}

/** Whether the right server has been found: one that begins, or has too much to do, or closes connections because of that. */
function isOverload(error: KubeError): boolean {
  if (isKubeError(error, 'Unavailable', 'TooManyRequests')) return true
  const { code } = (error.cause ?? {}) as { code?: unknown }
  return error.code === 'Network' && (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET')
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
