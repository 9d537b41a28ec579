import type { KubernetesObject } from '../objects/object.ts'
import type { ApiResource } from './resource.ts'

export const LEASES: ApiResource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  verbs: ['get', 'create', 'update'],
  hasStatus: false,
}

/** Which Lease. */
export interface LeaseRef {
  readonly namespace: string
  readonly name: string
}

/** What a Lease says of its holder. The times in it are for people: nobody's clock is compared with another's. */
export interface LeaseRecord {
  /** Empty when nobody holds it. */
  readonly holder: string
  /** How long a renewal is good for, in milliseconds; 0 when the record does not say. */
  readonly durationMs: number
  /** How often it has been acquired after the first time: tells one term from another, the same holder's too. */
  readonly transitions: number
  /** Where the holder says that it is reached, by what it serves there. */
  readonly addresses: Addresses
}

/** `host:port` by the name of what is served there. */
export type Addresses = Readonly<Record<string, string>>

/** The fields of a `coordination.k8s.io/v1` LeaseSpec that are written. */
export interface LeaseSpec {
  readonly holderIdentity?: string
  readonly leaseDurationSeconds: number
  readonly acquireTime?: string
  readonly renewTime: string
  readonly leaseTransitions?: number
}

/** Fields that are missing or of a wrong type count as not said. */
export function readLease({ metadata, spec }: KubernetesObject): LeaseRecord {
  const { holderIdentity, leaseDurationSeconds, leaseTransitions } = (spec ?? {}) as Record<string, unknown>
  const holder = typeof holderIdentity === 'string' ? holderIdentity : ''
  return {
    holder,
    addresses: readAddresses(metadata.annotations?.[ADDRESSES_ANNOTATION], holder),
    durationMs: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1000 : 0,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
  }
}

/** Names the holder too: one that writes no addresses leaves those of the holder before it. */
const ADDRESSES_ANNOTATION = 'gitsync.dev/holder-addresses'
/** Longer ones come from nobody. */
const MAX_ADDRESSES = 1024

export const addressesAnnotation = (holder: string, addresses: Addresses): Readonly<Record<string, string>> =>
  Object.keys(addresses).length === 0 ? {} : { [ADDRESSES_ANNOTATION]: JSON.stringify({ holder, addresses }) }

function readAddresses(text = '', holder: string): Addresses {
  if (text === '' || text.length > MAX_ADDRESSES) return {}
  try {
    const told = JSON.parse(text) as { readonly holder?: unknown; readonly addresses?: unknown } | null
    const { addresses } = told ?? {}
    if (told?.holder !== holder || typeof addresses !== 'object' || addresses === null) return {}
    return Object.fromEntries(
      Object.entries(addresses).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
  } catch {
    return {}
  }
}

/**
 * The object to write: all of `before` stays (its resourceVersion makes the write a compare-and-swap) but what `spec` and
 * `annotations` name.
 */
export function writeLease(
  { namespace, name }: LeaseRef,
  before: KubernetesObject | undefined,
  spec: LeaseSpec,
  annotations: Readonly<Record<string, string>>,
): object {
  const metadata = before?.metadata ?? {
    name,
    namespace,
    labels: { 'app.kubernetes.io/managed-by': 'gitsync-operator' },
  }
  const isNamed = Object.keys(annotations).length > 0
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: isNamed ? { ...metadata, annotations: { ...before?.metadata.annotations, ...annotations } } : metadata,
    spec: { ...(before?.['spec'] as object | undefined), ...spec },
  }
}

/** A MicroTime: RFC 3339 with six digits of fraction. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}
