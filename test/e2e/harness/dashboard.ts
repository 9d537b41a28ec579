import { conditionOf } from './gitsync.ts'
import type { Condition } from './gitsync.ts'
import type { Api, KubeObject, Ref } from './api.ts'
import { waitFor } from './wait-for.ts'

const KIND = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'Dashboard' }

/** A Dashboard of the GitSync `sync`, where `spec` names no other. */
export const dashboard = (namespace: string, name: string, source: object, spec: object = {}): KubeObject => ({
  ...KIND,
  metadata: { name, namespace },
  spec: { syncRef: { name: 'sync' }, source, ...spec },
})

export const dashboardRef = (namespace: string, name: string): Ref => ({ ...KIND, namespace, name })

/** Waits until Ready of a Dashboard has this reason. */
export function dashboardIs(api: Api, ref: Ref, reason: string): Promise<Condition & { readonly object: KubeObject }> {
  return waitFor(`Dashboard ${ref.name} is ${reason}`, async () => {
    const object = await api.get(ref)
    const ready = conditionOf(object, 'Ready')
    if (ready?.reason !== reason) throw new Error(JSON.stringify(object['status']))
    return { ...ready, object }
  })
}
