import type { ManagedFields, KubeObject } from './object.ts'

interface ManagedWrite {
  readonly manager: string
  readonly apiVersion: string
  readonly time: string
  readonly subresource?: string
}

/**
 * The object's managedFields after a write: one entry per manager, version and subresource, with its last time.
 * Which fields a manager owns is not tracked (`fieldsV1` is empty): that is the real server's business.
 */
export function managedAfter(previous: KubeObject | undefined, write: ManagedWrite): ManagedFields[] {
  const { manager, apiVersion, time, subresource } = write
  const kept = (previous?.metadata.managedFields ?? []).filter(
    (entry) => entry.manager !== manager || entry.apiVersion !== apiVersion || entry.subresource !== subresource,
  )
  const own = { manager, operation: 'Update', apiVersion, time, fieldsType: 'FieldsV1', fieldsV1: {} }
  return [...kept, subresource === undefined ? own : { ...own, subresource }]
}

/** The manager of a request: `fieldManager`, else the user agent up to its first slash. */
export function managerOf(fieldManager: string | null, userAgent: string | undefined): string {
  if (fieldManager !== null && fieldManager !== '') return fieldManager
  return userAgent?.split('/')[0]?.slice(0, 128) || 'unknown'
}
