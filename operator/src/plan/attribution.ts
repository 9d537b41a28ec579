import type { KubernetesObject, ManagedFieldsEntry } from '../objects/object.ts'
import type { Person } from './person.ts'

/** Reserved by RFC 2606, so that no mail ever goes to somebody who happens to have the address. */
const MAIL_DOMAIN = 'field-manager.invalid'

/** Who last wrote what belongs in the file, and when. */
export interface Attribution {
  readonly author?: Person
  /** RFC 3339; absent when the API server does not say. */
  readonly time?: string
}

/**
 * The field manager of the newest write, status aside: `kubectl-edit`, `argocd-controller`. API servers record it for
 * every write; it names a program, which is better than nobody.
 */
export function attribute(object: KubernetesObject): Attribution {
  let newest: ManagedFieldsEntry | undefined
  for (const entry of object.metadata.managedFields ?? []) {
    // What is written through /scale and the like changes the file; what is written to /status does not.
    if (entry.subresource === 'status') continue
    if (newest === undefined || (entry.time ?? '') >= (newest.time ?? '')) newest = entry
  }
  const manager = newest?.manager ?? ''
  const local = manager
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
  return {
    ...(local === ''
      ? {}
      : { author: { name: manager.replace(/[<>\p{Cc}]/gu, ' ').trim(), email: `${local}@${MAIL_DOMAIN}` } }),
    ...(newest?.time === undefined ? {} : { time: newest.time }),
  }
}
