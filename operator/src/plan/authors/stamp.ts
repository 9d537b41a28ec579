import type { KubernetesObject } from '../../objects/object.ts'
import { compareVersions } from '../../objects/resource-version.ts'
import { MAX_PERSON, MAX_USER_NAME } from './user.ts'
import type { User } from './user.ts'

/** Set by the admission policy or the webhook of the chart, whatever the writer sends; never written to Git. */
export const STAMP_ANNOTATION = 'gitsync.dev/changed-by'

/** Who wrote an object, as the API server knows them. */
export interface Stamp {
  /** Of the request; the impersonated one where somebody was impersonated. */
  readonly user: User
  /** resourceVersion that the write replaced; `0`: it created the object. */
  readonly replaced: string
}

/** Longer ones come from nobody. The policy counts characters outside of the basic plane as one, and here they are two. */
const MAX_STAMP = MAX_USER_NAME + 2 * MAX_PERSON + 64

/** The stamp `USER@VERSION` of an object, if it has a readable one; a second line may be `NAME <ADDRESS>`. */
export function readStamp({ metadata }: KubernetesObject): Stamp | undefined {
  const text = metadata.annotations?.[STAMP_ANNOTATION]
  if (text === undefined || text.length > MAX_STAMP) return undefined
  const [, name, replaced, full, email] = /^(.+)@(0|[1-9]\d*)(?:\n([^\n<>]+) <([^\n<>]+)>)?$/su.exec(text) ?? []
  if (name === undefined || replaced === undefined) return undefined
  return {
    user: full === undefined || email === undefined ? { name } : { name, person: { name: full, email } },
    replaced,
  }
}

/** The stamp as text. What would make a line or an address of its own in it is blanked. */
export function stampText({ user: { name, person }, replaced }: Stamp): string {
  const plain = (text: string): string => text.replaceAll(/[\n<>]/g, ' ')
  return `${name}@${replaced}${person === undefined ? '' : `\n${plain(person.name)} <${plain(person.email)}>`}`
}

/**
 * Whether the stamp is of the write that changed what was seen before. A write that could not be stamped (through `/scale`, or
 * while admission failed open) leaves the stamp of an earlier one, whose version is lower than the one at which the old
 * content was still there. resourceVersions of one kind grow and compare as numbers (KEP-5504); where they do not, the
 * stamp counts for nothing.
 * @param seen version at which the object was seen last; undefined when it was not there: then only a creation is certain
 */
export function isOfLastWrite({ replaced }: Stamp, seen: string | undefined): boolean {
  if (seen === undefined) return replaced === '0'
  return replaced !== '0' && (compareVersions(replaced, seen) ?? -1) >= 0
}
