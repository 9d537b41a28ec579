/** Audit events of the API server (audit.k8s.io/v1): who wrote which version, and who deleted. */
import type { RecordSink } from '../plan/authors/records.ts'
import { readUser } from '../plan/authors/user.ts'
import type { ExtraKeys } from '../plan/authors/user.ts'

type Fields = Readonly<Record<string, unknown>>

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** Verbs after which an object has a new version. */
const WRITES = new Set(['create', 'update', 'patch'])

/**
 * Takes the events of an EventList into the records. What is not a success, not complete or not about one object is passed
 * over. Versions are known at the level RequestResponse; below it only deletions, and of those the ones that name a uid.
 * @returns how many were of use
 */
export function recordAudit(list: unknown, records: RecordSink, extra: ExtraKeys): number {
  const { items } = fields(list)
  let used = 0
  for (const item of Array.isArray(items) ? (items as unknown[]) : [])
    if (recordEvent(fields(item), records, extra)) used++
  return used
}

function recordEvent(event: Fields, records: RecordSink, extra: ExtraKeys): boolean {
  const { stage, verb, user, impersonatedUser, objectRef, responseStatus, responseObject } = event
  const { code } = fields(responseStatus)
  const who = readUser(fields(impersonatedUser), extra) ?? readUser(fields(user), extra)
  if (stage !== 'ResponseComplete' || who === undefined || !(Number(code) >= 200 && Number(code) < 300)) return false
  if (isDryRun(event)) return false
  const metadata = fields(fields(responseObject)['metadata'])
  if (typeof verb === 'string' && WRITES.has(verb)) {
    // A /scale answers with the uid and version of what was scaled.
    const [uid, version] = [text(metadata['uid']), text(metadata['resourceVersion'])]
    if (uid === undefined || version === undefined) return false
    records.wrote(uid, version, who)
    return true
  }
  if (verb !== 'delete') return false
  // The object, while finalizers hold it; else a Status that names it.
  const details = fields(fields(responseObject)['details'])
  const uid = text(metadata['uid']) ?? text(details['uid']) ?? text(fields(objectRef)['uid'])
  if (uid === undefined) return false
  records.deleted(uid, who, 'Audit')
  return true
}

/** `kubectl diff` is one: it is answered with the version that there is, and has not written it. */
function isDryRun({ requestURI, requestObject }: Fields): boolean {
  const inQuery = URL.parse(text(requestURI) ?? '/', 'http://localhost')?.searchParams.has('dryRun') === true
  // A deletion says so in its body.
  const { dryRun } = fields(requestObject)
  return inQuery || (Array.isArray(dryRun) && dryRun.length > 0)
}
