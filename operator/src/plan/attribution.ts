import type { KubernetesObject, ManagedFieldsEntry } from '../objects/object.ts'
import type { Person } from './person.ts'

/** Reserved by RFC 2606, so that no mail ever goes to somebody who happens to have the address. */
const MAIL_DOMAIN = 'field-manager.invalid'

/** What the API server says of the newest write of an object. */
export interface LastWrite {
  readonly manager: string
  /** RFC 3339, whole seconds. */
  readonly time: string
}

/** Who last wrote what belongs in the file, and when. */
export interface Attribution {
  readonly author?: Person
  /** RFC 3339; absent when the API server does not say. */
  readonly time?: string
  /** To be given along with the object's next state. */
  readonly write?: LastWrite
}

/**
 * The field manager of the newest write, status aside: `kubectl-edit`, `argocd-controller`. API servers record it for
 * every write; it names a program, which is better than nobody.
 * @param before the write that the object's last state came from. Writes through `/scale` have no time, and times have whole
 *   seconds: when the newest time is the one known before, one of these was the newest write
 */
export function attribute(object: KubernetesObject, before?: LastWrite): Attribution {
  const writes = (object.metadata.managedFields ?? []).filter(({ subresource }) => subresource !== 'status')
  const newest = newestWrite(writes, before)
  const { manager = '', time } = newest ?? {}
  const author = toPerson(manager)
  return {
    ...(author === undefined ? {} : { author }),
    ...(time === undefined ? {} : { time }),
    ...(author === undefined ? {} : { write: { manager, time: newestTime(writes) } }),
  }
}

const newestTime = (writes: readonly ManagedFieldsEntry[]): string =>
  writes.reduce((newest, { time = '' }) => (time > newest ? time : newest), '')

function newestWrite(
  writes: readonly ManagedFieldsEntry[],
  before: LastWrite | undefined,
): ManagedFieldsEntry | undefined {
  const time = newestTime(writes)
  const timed = writes.filter((write) => (write.time ?? '') === time)
  if (before?.time !== time) return timed.at(-1)
  const untimed = writes.filter((write) => write.time === undefined)
  const others = timed.filter(({ manager }) => manager !== before.manager)
  return untimed.at(-1) ?? (others.length === 1 ? others[0] : timed.at(-1))
}

function toPerson(manager: string): Person | undefined {
  const local = manager
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
  if (local === '') return undefined
  return { name: manager.replace(/[<>\p{Cc}]/gu, ' ').trim(), email: `${local}@${MAIL_DOMAIN}` }
}
