import { isCalled } from '../plan/person.ts'
import type { AuditRecord } from './record.ts'

/** Which records are wanted; all that is given has to hold. */
export interface AuditFilter {
  readonly namespace?: string | undefined
  /** `Deployment` or `Deployment.apps`, whatever the case. */
  readonly kind?: string | undefined
  readonly name?: string | undefined
  /** Part of the author's name or address, or of a user in `Changed-by`, whatever the case. */
  readonly author?: string | undefined
  /** By the author's time. */
  readonly since?: Date | undefined
  /** By the author's time; itself included. */
  readonly until?: Date | undefined
}

/**
 * Whether a record is wanted. `unsaid`: it does not say what it is of, so that nobody can tell; where the commit lists only
 * part of its objects, the rest is wanted.
 */
export function matches(record: AuditRecord, filter: AuditFilter): 'yes' | 'no' | 'unsaid' {
  const { since, until, author } = filter
  const time = record.time.getTime()
  if (since !== undefined && time < since.getTime()) return 'no'
  if (until !== undefined && time > until.getTime()) return 'no'
  if (author !== undefined && !isBy(record, author)) return 'no'
  return matchesObject(record, filter)
}

function matchesObject({ object, unlisted }: AuditRecord, { namespace, kind, name }: AuditFilter) {
  if (namespace === undefined && kind === undefined && name === undefined) return 'yes'
  if (object === undefined) return unlisted > 0 ? 'yes' : 'unsaid'
  if (namespace !== undefined && object.namespace !== namespace) return 'no'
  if (name !== undefined && object.name !== name) return 'no'
  return kind === undefined || isKind(object, kind) ? 'yes' : 'no'
}

const isBy = ({ author, changedBy }: AuditRecord, wanted: string): boolean =>
  isCalled(author, wanted) || changedBy.some((user) => user.toLowerCase().includes(wanted.toLowerCase()))

/** Where the group is not known, the kind alone decides. */
export function isKind(
  { kind, group }: { readonly kind: string; readonly group: string | undefined },
  wanted: string,
): boolean {
  const [wantedKind = '', ...rest] = wanted.toLowerCase().split('.')
  if (kind.toLowerCase() !== wantedKind) return false
  return rest.length === 0 || group === undefined || group.toLowerCase() === rest.join('.')
}
