import type { KubernetesObject } from '../objects/object.ts'
import type { Person } from './person.ts'

/** Reserved by RFC 2606, so that no mail ever goes to somebody who happens to have the address. */
const MAIL_DOMAIN = 'field-manager.invalid'

/** Who last wrote what belongs in the file, and when. */
export interface Attribution {
  readonly author?: Person
  /** RFC 3339; absent when the API server does not say. */
  readonly time?: string
  /** Newest time in the object's record; to be given along with its next state. */
  readonly newest?: string
}

/**
 * The field manager of the newest write, status aside: `kubectl-edit`, `argocd-controller`. API servers record it for
 * every write; it names a program, which is better than nobody. Of several writes in one second the last in the record is
 * taken.
 * @param before newest time in the record of the object's last state
 * @param justNow RFC 3339, whole seconds: an older time was not made just now. Leaves room for clocks that differ
 */
export function attribute(object: KubernetesObject, before: string | undefined, justNow: string): Attribution {
  const writes = (object.metadata.managedFields ?? []).filter(({ subresource }) => subresource !== 'status')
  const newest = writes.reduce((latest, { time = '' }) => (time > latest ? time : latest), '')
  const timed = writes.findLast(({ time = '' }) => time === newest)
  // Writes through /scale have no time: when no time is new, and the newest is not of just now, it was one of these.
  const isOld = before === newest && newest < justNow
  const untimed = isOld ? writes.findLast(({ time }) => time === undefined) : undefined
  const { manager = '', time } = untimed ?? timed ?? {}
  const author = toPerson(manager)
  return {
    ...(author === undefined ? {} : { author }),
    ...(time === undefined ? {} : { time }),
    ...(newest === '' ? {} : { newest }),
  }
}

function toPerson(manager: string): Person | undefined {
  const local = manager
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
  if (local === '') return undefined
  return { name: manager.replace(/[<>\p{Cc}]/gu, ' ').trim(), email: `${local}@${MAIL_DOMAIN}` }
}
