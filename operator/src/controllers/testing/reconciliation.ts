import type { GitProvider } from '../../api/parse.ts'
import { parseGitSync } from '../../api/parse.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { Discovery } from '../../kube/discovery.ts'
import { manualClock } from '../../kube/testing/manual-clock.ts'
import type { ClaimedPlace, Environment, InvalidProvider } from '../environment.ts'
import { nameOf } from '../environment.ts'
import type { SecretConsents } from '../secret-consents.ts'
import type { NamespaceIndex } from '../namespace-index.ts'
import { beginReconciliation } from '../step.ts'
import type { Reconciliation } from '../step.ts'

/** The parts of an Environment that steps without Git use; a test gives those that its step needs. */
export interface TestEnvironment {
  readonly client?: Partial<KubeClient>
  readonly discovery?: Partial<Discovery>
  readonly labelled?: Partial<NamespaceIndex>
  readonly providers?: ReadonlyMap<string, GitProvider>
  readonly invalidProviders?: ReadonlyMap<string, InvalidProvider>
  readonly places?: Map<string, ClaimedPlace>
  readonly consents?: SecretConsents
  readonly namespaces?: readonly string[] | undefined
  /** Default false. */
  readonly allowPrivateHosts?: boolean
  /** Default false. */
  readonly rolesOnly?: boolean
  readonly enqueue?: (name: string) => void
}

export function environment(parts: TestEnvironment = {}): Environment {
  const whole: TestEnvironment & Pick<Environment, 'clock'> = {
    clock: manualClock(),
    allowPrivateHosts: false,
    rolesOnly: false,
    providers: new Map(),
    invalidProviders: new Map(),
    places: new Map(),
    labelled: { forget: () => undefined },
    enqueue: () => undefined,
    ...parts,
  }
  return whole as Environment
}

/** A GitSync as the API server hands it out. */
export function gitSync(
  metadata: { readonly name: string; readonly namespace?: string; readonly createdAt?: string },
  repository: Readonly<Record<string, unknown>> = {},
  resources: readonly object[] = [{ group: '', kind: 'ConfigMap' }],
): Reconciliation['object'] {
  const { name, namespace = 'shop', createdAt = '2026-01-01T00:00:00Z' } = metadata
  return {
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'GitSync',
    metadata: { name, namespace, uid: `uid-${namespace}-${name}`, creationTimestamp: createdAt },
    spec: { repository: { url: 'https://git.example.com/team/audit.git', ...repository }, resources },
  }
}

/** A reconcile that has passed `checkSpec`. */
export function reconciliation(parts: TestEnvironment | Environment, object: Reconciliation['object']): Reconciliation {
  const gitsync = parseGitSync(object)
  return { ...unchecked(parts, object), gitsync, branch: gitsync.spec.repository.branch }
}

/** A reconcile before its first step. */
export function unchecked(parts: TestEnvironment | Environment, object: Reconciliation['object']): Reconciliation {
  const name = nameOf(object)
  return beginReconciliation({ environment: environment(parts), name, object, runtimes: new Map() })
}
