/** What replicas tell each other of authors: JSON, a list in the order in which it was heard. */
import type { RecordSink, RecordSource } from '../plan/authors/records.ts'
import type { User } from '../plan/authors/user.ts'

/** Of the webhook's port. */
export const RECORDS_PATH = '/records'
/** Of a list that is taken. */
export const MAX_RECORDS_BYTES = 4 << 20

export type AuthorRecord =
  | { readonly uid: string; readonly user: User; readonly version: string }
  | { readonly uid: string; readonly user: User; readonly told: RecordSource; readonly isTerminating: boolean }

export function writeRecords(records: readonly AuthorRecord[]): Buffer {
  return Buffer.from(JSON.stringify(records))
}

/** @throws TypeError for what is no such list */
export function readRecords(body: Buffer): AuthorRecord[] {
  const list: unknown = JSON.parse(body.toString())
  if (!Array.isArray(list)) throw new TypeError('no list of records')
  return list.map(readRecord)
}

export function addRecord(record: AuthorRecord, to: RecordSink): void {
  const { uid, user } = record
  if ('version' in record) to.wrote(uid, record.version, user)
  else to.deleted(uid, user, record.told, record.isTerminating)
}

function readRecord(item: unknown): AuthorRecord {
  const { uid, user: who, version, told, isTerminating } = (item ?? {}) as Readonly<Record<string, unknown>>
  const user = readToldUser(who)
  if (typeof uid === 'string' && user !== undefined) {
    if (typeof version === 'string') return { uid, user, version }
    if ((told === 'Stamp' || told === 'Audit') && typeof isTerminating === 'boolean')
      return { uid, user, told, isTerminating }
  }
  throw new TypeError('no record of an author')
}

function readToldUser(value: unknown): User | undefined {
  const { name, person } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (typeof name !== 'string') return undefined
  const { name: full, email } = (person ?? {}) as Readonly<Record<string, unknown>>
  return typeof full === 'string' && typeof email === 'string' ? { name, person: { name: full, email } } : { name }
}
