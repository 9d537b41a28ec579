import { conditionOf } from './gitsync.ts'
import type { Condition } from './gitsync.ts'
import type { Api, KubeObject, Ref } from './api.ts'
import { waitFor } from './wait-for.ts'
import type { WaitOptions } from './wait-for.ts'

export const DASHBOARD = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'Dashboard' }

/** A Dashboard of the GitSync `sync`, where `spec` names no other. */
export const dashboard = (namespace: string, name: string, source: object, spec: object = {}): KubeObject => ({
  ...DASHBOARD,
  metadata: { name, namespace },
  spec: { syncRef: { name: 'sync' }, source, ...spec },
})

export const dashboardRef = (namespace: string, name: string): Ref => ({ ...DASHBOARD, namespace, name })

/** Waits until Ready of a Dashboard has this reason. */
export function dashboardIs(api: Api, ref: Ref, reason: string): Promise<Condition & { readonly object: KubeObject }> {
  return waitFor(`Dashboard ${ref.name} is ${reason}`, async () => {
    const object = await api.get(ref)
    const ready = conditionOf(object, 'Ready')
    if (ready?.reason !== reason) throw new Error(JSON.stringify(object['status']))
    return { ...ready, object }
  })
}

/** Waits until a Dashboard is Ready and its status has these fields. */
export function dashboardReady(
  api: Api,
  ref: Ref,
  fields: Readonly<Record<string, number>>,
  options?: WaitOptions,
): Promise<KubeObject> {
  return waitFor(
    `Dashboard ${ref.name} is Ready with ${JSON.stringify(fields)}`,
    async () => {
      const object = await api.get(ref)
      const status = object['status'] ?? {}
      const isThere = Object.entries(fields).every(([name, value]) => status[name] === value)
      if (conditionOf(object, 'Ready')?.status !== 'True' || !isThere) throw new Error(JSON.stringify(status))
      return object
    },
    options,
  )
}
