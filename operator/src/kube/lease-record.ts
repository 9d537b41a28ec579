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
}

/** The fields of a `coordination.k8s.io/v1` LeaseSpec that are written. */
export interface LeaseSpec {
  readonly holderIdentity?: string
  readonly leaseDurationSeconds: number
  readonly acquireTime?: string
  readonly renewTime: string
  readonly leaseTransitions?: number
}

/** Fields that are missing or of a wrong type count as not said. */
export function readLease({ spec }: KubernetesObject): LeaseRecord {
  const { holderIdentity, leaseDurationSeconds, leaseTransitions } = (spec ?? {}) as Record<string, unknown>
  return {
    holder: typeof holderIdentity === 'string' ? holderIdentity : '',
    durationMs: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1000 : 0,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
  }
}

/** The object to write: all of `before` stays (its resourceVersion makes the write a compare-and-swap) but what `spec` names. */
export function writeLease(
  { namespace, name }: LeaseRef,
  before: KubernetesObject | undefined,
  spec: LeaseSpec,
): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: before?.metadata ?? { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'gitsync-operator' } },
    spec: { ...(before?.['spec'] as object | undefined), ...spec },
  }
}

/** A MicroTime: RFC 3339 with six digits of fraction. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}
