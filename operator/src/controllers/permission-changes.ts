import type { ReflectorPool } from '../kube/reflector-pool.ts'
import type { ApiResource } from '../kube/discovery.ts'
import type { Clock } from '../time/clock.ts'

const rbac = (kind: string, plural: string, namespaced: boolean): ApiResource => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind,
  plural,
  namespaced,
  verbs: ['get', 'list', 'watch'],
  hasStatus: false,
})

const KINDS = [
  rbac('Role', 'roles', true),
  rbac('RoleBinding', 'rolebindings', true),
  rbac('ClusterRole', 'clusterroles', false),
  rbac('ClusterRoleBinding', 'clusterrolebindings', false),
]

/** Grants are often changed several at a time, and the authorizer learns of them a moment later. */
const SETTLE_MS = 1_000
/** Where grants change all the time, changes are told at least this often, in milliseconds. */
const MAX_WAIT_MS = 10_000

/** Tells when permissions may have changed, some time after they did. An operator that may not watch them relies on the regular recheck. */
export function watchPermissions(
  pool: ReflectorPool,
  clock: Clock,
  { namespaces, rolesOnly }: { readonly namespaces: readonly string[] | undefined; readonly rolesOnly: boolean },
  changed: () => void,
): void {
  let cancel: (() => void) | undefined
  let deadline: number | undefined
  const later = (): void => {
    cancel?.()
    deadline ??= clock.now() + MAX_WAIT_MS
    cancel = clock.after(Math.max(0, Math.min(SETTLE_MS, deadline - clock.now())), () => {
      deadline = undefined
      changed()
    })
  }
  for (const resource of KINDS) {
    if (rolesOnly && !resource.namespaced) continue
    for (const namespace of resource.namespaced ? (namespaces ?? [undefined]) : [undefined]) {
      pool.subscribe(resource, namespace, {
        onObject: (_object, phase) => {
          if (phase === 'live') later()
        },
        onDelete: later,
        onSynced: ({ vanished }) => {
          if (vanished.size > 0) later()
        },
      })
    }
  }
}
