import { getCACertificates } from 'node:tls'
import { Agent, ProxyAgent } from 'undici'
import type { Dispatcher } from 'undici'
import { guardedLookup } from './host-guard.ts'
import type { HostPolicy } from './host-guard.ts'

export interface GuardedDispatcherOptions {
  readonly policy: HostPolicy
  /** PEM of certificate authorities to trust besides the public ones. */
  readonly ca?: string | undefined
  /** PEM of certificate and private key, for hosts that ask for one; a proxy never sees it. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string } | undefined
  /** Milliseconds of silence after which a request is given up. Default 30,000. */
  readonly timeoutMs?: number
}

/**
 * What carries requests to hosts that tenants name: pushes, tokens of GitHub Apps, and every API. It connects to no address
 * that the policy forbids, follows no redirects, and through a proxy leaves look-ups to the proxy: `checkHost` has to be
 * asked about each URL before.
 */
export function guardedDispatcher(options: GuardedDispatcherOptions): Dispatcher {
  const { policy, ca, clientCertificate, timeoutMs = 30_000 } = options
  const trust = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }
  const times = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connections: 8 }
  const tls = { timeout: timeoutMs, ...trust, ...clientCertificate }
  if (policy.proxy === undefined) return new Agent({ ...times, connect: { ...tls, lookup: guardedLookup(policy) } })
  return new ProxyAgent({
    ...times,
    uri: policy.proxy,
    // What is named by the platform team needs no guard.
    proxyTls: { timeout: timeoutMs, ...trust },
    requestTls: tls,
  })
}
