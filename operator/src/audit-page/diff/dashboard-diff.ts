import { DashboardError } from '../../dashboard/dashboard-error.ts'
import { parseStrict } from '../../dashboard/parse-json.ts'
import { stringifyExact } from '../../objects/exact-json.ts'
import { asRecord, isRecord, recordsIn } from '../../render/tree.ts'
import type { JsonRecord } from '../../render/tree.ts'
import { classicForm } from './classic-form.ts'

/** What happened to one part of a dashboard. */
export interface DashboardChange {
  readonly action: 'added' | 'removed' | 'moved' | 'changed'
  /** `Panel “Latency” (3)`, `Variable env`, `Title`. */
  readonly what: string
  /** What of it changed, each in a line of its own: `query A: rate(x[5m]) → rate(x[1m])`; the first of them. */
  readonly details: readonly string[]
}

const MAX_CHANGES = 200
/** Of all changes together. */
const MAX_DETAILS = 500
const MAX_VALUE = 300
const MAX_KEY = 100
/** Keys that are told in words of their own. */
const TOLD = new Set(['panels', 'rows', 'templating', 'targets', 'gridPos', 'id'])

/**
 * What somebody has done to a dashboard, in its own terms. Undefined where one of the files is no dashboard.
 * @param before undefined for one that is new
 * @param after undefined for one that is gone
 */
export function dashboardDiff(
  before: string | undefined,
  after: string | undefined,
): readonly DashboardChange[] | undefined {
  const [old, now] = [before, after].map((text) => (text === undefined ? {} : dashboardOf(text)))
  if (old === undefined || now === undefined || (before === undefined && after === undefined)) return undefined
  return bounded([...settings(old, now), ...variables(old, now), ...panels(old, now)])
}

function bounded(changes: readonly DashboardChange[]): DashboardChange[] {
  let left = MAX_DETAILS
  return changes.slice(0, MAX_CHANGES).map(({ action, what, details }) => {
    const told = details.slice(0, left)
    left -= told.length
    const more = details.length - told.length
    return { action, what: shorten(what, MAX_VALUE), details: more === 0 ? told : [...told, `and ${more} more`] }
  })
}

function dashboardOf(text: string): JsonRecord | undefined {
  try {
    const value = parseStrict(text)
    return isRecord(value) ? classicForm(value) : undefined
  } catch (error) {
    if (error instanceof DashboardError) return undefined
    throw error
  }
}

function settings(old: JsonRecord, now: JsonRecord): DashboardChange[] {
  const details = fieldChanges(old, now)
  return details.length === 0 ? [] : [{ action: 'changed', what: 'Settings', details }]
}

function variables(old: JsonRecord, now: JsonRecord): DashboardChange[] {
  const named = (dashboard: JsonRecord): Map<string, JsonRecord> => {
    const { templating } = dashboard
    const list = recordsIn(asRecord(templating)['list'])
    return new Map(list.map((variable) => [textOf(variable['name']), variable]))
  }
  return compared(named(old), named(now), (name) => `Variable ${name}`, fieldChanges)
}

function panels(old: JsonRecord, now: JsonRecord): DashboardChange[] {
  const changes = compared(panelsOf(old), panelsOf(now), nameOf, (before, after) => [
    ...queryChanges(before, after),
    ...fieldChanges(before, after),
  ])
  const [before, after] = [panelsOf(old), panelsOf(now)]
  const moved = [...after].flatMap(([key, panel]): DashboardChange[] => {
    const was = before.get(key)
    const [from, to] = [was?.['gridPos'], panel['gridPos']]
    if (was === undefined || same(from, to)) return []
    return [{ action: 'moved', what: nameOf(key, panel), details: [`${place(from)} → ${place(to)}`] }]
  })
  return [...changes, ...moved]
}

function compared(
  old: ReadonlyMap<string, JsonRecord>,
  now: ReadonlyMap<string, JsonRecord>,
  name: (key: string, value: JsonRecord) => string,
  details: (before: JsonRecord, after: JsonRecord) => string[],
): DashboardChange[] {
  const removed = [...old].filter(([key]) => !now.has(key))
  return [
    ...removed.map(([key, value]): DashboardChange => ({ action: 'removed', what: name(key, value), details: [] })),
    ...[...now].flatMap(([key, value]): DashboardChange[] => {
      const before = old.get(key)
      if (before === undefined) return [{ action: 'added', what: name(key, value), details: queryChanges({}, value) }]
      const changed = details(before, value)
      return changed.length === 0 ? [] : [{ action: 'changed', what: name(key, value), details: changed }]
    }),
  ]
}

/** Those of rows too, by their id: what Grafana itself tells them by. */
function panelsOf(dashboard: JsonRecord): Map<string, JsonRecord> {
  const found = new Map<string, JsonRecord>()
  /** Id → panels that have it: a file may have one id as often as it likes. */
  const counts = new Map<string, number>()
  const add = (list: unknown, depth: number): void => {
    for (const panel of recordsIn(list)) {
      const id = panel['id'] === undefined ? `${textOf(panel['type'])} ${textOf(panel['title'])}` : textOf(panel['id'])
      let key = id
      let count = counts.get(id) ?? 1
      for (; found.has(key); key = `${id} (${count})`) count++
      counts.set(id, count)
      found.set(key, panel)
      if (depth < 3) add(panel['panels'], depth + 1)
    }
  }
  add(dashboard['panels'], 0)
  for (const row of recordsIn(dashboard['rows'])) add(row['panels'], 1)
  return found
}

function nameOf(key: string, panel: JsonRecord): string {
  const title = textOf(panel['title'])
  const kind = panel['type'] === 'row' ? 'Row' : 'Panel'
  return title === '' ? `${kind} ${key}` : `${kind} “${title}” (${key})`
}

function queryChanges(old: JsonRecord, now: JsonRecord): string[] {
  const named = (panel: JsonRecord): Map<string, JsonRecord> =>
    new Map(recordsIn(panel['targets']).map((target, index) => [textOf(target['refId']) || String(index), target]))
  const [before, after] = [named(old), named(now)]
  return [
    ...[...before]
      .filter(([key]) => !after.has(key))
      .map(([key, target]) => `query ${shorten(key, MAX_KEY)} removed: ${queryOf(target)}`),
    ...[...after].flatMap(([key, target]) => {
      const was = before.get(key)
      const query = `query ${shorten(key, MAX_KEY)}`
      if (was === undefined) return [`${query} added: ${queryOf(target)}`]
      if (same(was, target)) return []
      const [from, to] = [queryOf(was), queryOf(target)]
      return from === to ? fieldChanges(was, target).map((text) => `${query}, ${text}`) : [`${query}: ${from} → ${to}`]
    }),
  ]
}

const QUERY_FIELDS = ['expr', 'query', 'rawSql', 'target', 'expression']

function queryOf(target: JsonRecord): string {
  const field = QUERY_FIELDS.find((name) => typeof target[name] === 'string' && target[name] !== '')
  return shown(field === undefined ? target : target[field])
}

function fieldChanges(old: JsonRecord, now: JsonRecord, prefix = '', depth = 0): string[] {
  const keys = new Set([...Object.keys(old), ...Object.keys(now)])
  return [...keys].flatMap((key): string[] => {
    const [before, after] = [old[key], now[key]]
    if ((depth === 0 && TOLD.has(key)) || same(before, after)) return []
    const name = `${prefix}${shorten(key, MAX_KEY)}`
    if (isRecord(before) && isRecord(after) && depth < 4) return fieldChanges(before, after, `${name}.`, depth + 1)
    return [`${name}: ${shown(before)} → ${shown(after)}`]
  })
}

/** Numbers are as they were spelt. */
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : stringifyExact(value)

const same = (a: unknown, b: unknown): boolean =>
  a === b || (a !== undefined && b !== undefined && stringifyExact(a) === stringifyExact(b))

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : typeof value === 'string' ? value : stringifyExact(value)
  return shorten(text, MAX_VALUE)
}

const shorten = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text)

function place(value: unknown): string {
  if (!isRecord(value)) return 'nowhere'
  const { x, y, w, h } = value
  return shorten(`column ${textOf(x)}, line ${textOf(y)}, ${textOf(w)} × ${textOf(h)}`, MAX_VALUE)
}
