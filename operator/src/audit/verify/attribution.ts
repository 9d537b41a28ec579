import { RESERVED_DOMAINS } from '../../plan/authors/naming.ts'
import type { Person } from '../../plan/person.ts'
import type { AuditRecord } from '../record.ts'

/**
 * Whom a commit names as author. `own`: it changes no object, such as the claim of a folder; `compared`: a comparison has
 * found what it writes; `nobody`: the operator or the default author, since nobody is known.
 */
export type Attribution = 'person' | 'program' | 'pseudonym' | 'own' | 'compared' | 'nobody'

export const ATTRIBUTIONS: readonly Attribution[] = ['person', 'program', 'pseudonym', 'compared', 'own', 'nobody']

const PROGRAMS = [RESERVED_DOMAINS.manager, RESERVED_DOMAINS.serviceAccount]
const OWN = /^(?:Claim|Take over|List the files of|Leave|Remove) /

/**
 * @param records of one commit
 * @param nobodies addresses of those who sign when nobody is known; lower case
 */
export function attributionOf(
  { author, changedBy, compared, subject, object, unlisted }: AuditRecord,
  nobodies: ReadonlySet<string>,
): Attribution {
  const isNobody = nobodies.has(author.email.toLowerCase()) || author.name === 'unknown'
  const isUnknown = changedBy.length > 0 && changedBy.every((user) => user.startsWith('unknown'))
  if (compared !== undefined && isNobody) return 'compared'
  if (isNobody && object === undefined && unlisted === 0 && OWN.test(subject)) return 'own'
  if (isNobody || isUnknown) return 'nobody'
  return ofAddress(author)
}

function ofAddress({ name, email }: Person): Attribution {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  if (PROGRAMS.includes(domain) || name.startsWith('system:')) return 'program'
  return domain === RESERVED_DOMAINS.pseudonym ? 'pseudonym' : 'person'
}
