import type { Random } from '../random.ts'
import type { Rig } from '../rig.ts'
import type { Journal } from './journal.ts'
import { HOME } from './specs.ts'
import type { Spec } from './specs.ts'

/** Where the test stands. */
export interface Scene {
  readonly rig: Rig
  readonly journal: Journal
  /** As they are now. */
  readonly specs: Spec[]
  readonly definition: object
  /** Counts what people do, so that no two values are alike. */
  count: number
}

/** One thing that happens; gives what is to be written into the journal, undefined where it could not happen now. */
export type Step = (scene: Scene, random: Random) => Promise<string | undefined> | string | undefined

const GITSYNC = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitSync', namespace: HOME }

export const syncRef = (index: number): typeof GITSYNC & { name: string } => ({ ...GITSYNC, name: `sync-${index}` })
export const BINDING = (index: number): object => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: `auditor-${index}` },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'auditor' },
  subjects: [{ kind: 'ServiceAccount', name: `auditor-${index}`, namespace: HOME }],
})
export const bindingRef = (index: number) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  name: `auditor-${index}`,
})

export const isThere = ({ rig }: Scene, ref: Parameters<Rig['api']['objects']['get']>[0]): boolean =>
  rig.api.objects.get(ref) !== undefined
