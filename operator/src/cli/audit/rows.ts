/** How rows are printed. */
import type { AuditRecord, RecordedObject } from '../../audit/record.ts'
import { printable, spelledOut, table } from '../common/output.ts'
import type { Row } from './contents.ts'

const SHORT = 12
const NONE = '<none>'
/** Characters of a value in a table. */
const SHOWN = 60

const person = ({ name, email }: { readonly name: string; readonly email: string }): string => `${name} <${email}>`
const time = (date: Date): string => (Number.isNaN(date.getTime()) ? '' : `${date.toISOString().slice(0, 19)}Z`)

/** `Deployment/shop/web`; a commit that says nothing has its first line here. */
function what({ object, unlisted, path, oldPath, subject, said }: AuditRecord, hasPath: boolean): string {
  if (hasPath) return oldPath === undefined ? (path ?? '') : `${oldPath} → ${path}`
  if (object !== undefined) return objectText(object)
  return said === 'nothing' ? `(${subject})` : `(and ${unlisted} more)`
}

const objectText = ({ kind, namespace, name }: RecordedObject): string =>
  [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/')

export interface Shape {
  readonly hasPath: boolean
  readonly hasField: boolean
}

/** A table; where differences are asked for, each row with its own below. */
export function tableText(rows: readonly Row[], { hasPath, hasField }: Shape): string {
  const head = ['TIME', 'AUTHOR', 'ACTION', hasPath ? 'FILE' : 'OBJECT', ...(hasField ? ['FROM', 'TO'] : []), 'COMMIT']
  const cells = rows.map(({ record, value }) => [
    time(record.time),
    person(record.author) + (record.isByOperator ? '' : ` (committed by ${record.committer.name})`),
    record.action ?? '',
    what(record, hasPath),
    ...(hasField ? values(value) : []),
    record.commit.slice(0, SHORT),
  ])
  return table([head, ...cells.map((row) => row.map(oneLine))])
}

export function patchText({ record, patch = '' }: Row): string {
  const by = `${time(record.time)} ${person(record.author)} ${record.commit.slice(0, SHORT)}`
  // The difference spells out what could play tricks; it is printed as it is.
  return `${oneLine(by)}\n${patch}\n`
}

function values(value: Row['value']): string[] {
  if (value === undefined) return ['', '']
  if ('problem' in value) return ['<unreadable>', '<unreadable>']
  return [value.from, value.to].map((text) => (text === null ? NONE : short(text)))
}

const short = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text)
const oneLine = (text: string): string => printable(text).replaceAll(/[\n\t]/g, ' ')

/** What `--json` prints of a row. */
export function jsonOf({ record, value, patch }: Row): Record<string, unknown> {
  const { object, change, time: changed, committed, ...rest } = record
  return {
    commit: rest.commit,
    time: time(changed),
    committed: time(committed),
    author: rest.author,
    committer: rest.committer,
    byOperator: rest.isByOperator,
    subject: rest.subject,
    action: rest.action ?? null,
    object:
      object === undefined ? null : { ...object, group: object.group ?? null, namespace: object.namespace ?? null },
    said: rest.said,
    ...(rest.unlisted === 0 ? {} : { unlisted: rest.unlisted }),
    changedBy: rest.changedBy,
    changedVia: rest.changedVia,
    resourceVersion: rest.resourceVersion ?? null,
    cluster: rest.cluster ?? null,
    ...(rest.compared === undefined ? {} : { compared: rest.compared }),
    ...(rest.path === undefined ? {} : { path: rest.path }),
    ...(rest.oldPath === undefined ? {} : { oldPath: rest.oldPath }),
    ...(change === undefined ? {} : { before: change.before?.oid ?? null, after: change.after?.oid ?? null }),
    ...(value === undefined ? {} : { field: value }),
    ...(patch === undefined ? {} : { patch }),
  }
}

export const CSV_COLUMNS = [
  'time',
  'committed',
  'commit',
  'author_name',
  'author_email',
  'changed_by',
  'changed_via',
  'action',
  'kind',
  'group',
  'namespace',
  'name',
  'path',
  'old_path',
  'resource_version',
  'cluster',
  'committer_name',
  'committer_email',
  'by_operator',
  'subject',
] as const

/** Cells in the order of the columns; with a field its value before and after. */
export function csvOf({ record, value }: Row, { hasField }: Shape): string[] {
  const { object, author, committer } = record
  const cells = [
    time(record.time),
    time(record.committed),
    record.commit,
    author.name,
    author.email,
    record.changedBy.join(', '),
    record.changedVia.join(', '),
    record.action,
    object?.kind,
    object?.group,
    object?.namespace,
    object?.name,
    record.path,
    record.oldPath,
    record.resourceVersion,
    record.cluster,
    committer.name,
    committer.email,
    String(record.isByOperator),
    record.subject,
    ...(hasField ? csvValues(value) : []),
  ]
  return cells.map((cell) => spelledOut(cell ?? ''))
}

function csvValues(value: Row['value']): string[] {
  if (value === undefined || 'problem' in value) return ['', '']
  return [value.from ?? '', value.to ?? '']
}
