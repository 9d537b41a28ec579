import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import {
  addConnectionOptions,
  ADDRESS,
  collect,
  interruptible,
  parseDate,
  withRepository,
  write,
} from '@gitsync/protocol/cli'
import type { ConnectionFlags, Io } from '@gitsync/protocol/cli'
import type { Repository } from '@gitsync/protocol'
import { AuditError } from '../../audit/audit-error.ts'
import type { Field } from '../../audit/field.ts'
import type { AuditRecord } from '../../audit/record.ts'
import { AuditTrail } from '../../audit/trail.ts'
import { OPERATOR } from '../../plan/person.ts'
import { CommandFailure } from '../common/command-failure.ts'
import { notesTo } from '../common/notes.ts'
import { csvOf, CSV_COLUMNS, jsonOf, patchText, tableText } from './rows.ts'
import type { Shape } from './rows.ts'
import type { Row } from './contents.ts'

interface Flags extends ConnectionFlags {
  readonly object?: string
  readonly dashboard?: string
  readonly path?: string
  readonly namespace?: string
  readonly kind?: string
  readonly author?: string
  readonly since?: Date
  readonly until?: Date
  readonly field?: string
  readonly diff?: boolean
  readonly maxCount?: number
  readonly committer?: readonly string[]
  readonly output?: 'table' | 'json' | 'csv'
  readonly json?: boolean
}

/** Rows of a table that are laid out together, and printed. */
const TABLE_ROWS = 500

export function defineList(command: Command, io: Io): void {
  command
    .description('Who changed what, and when: from the history of a branch, without a clone')
    .argument('<url>', ADDRESS)
    .argument('[branch]', "default: the repository's default branch")
    .argument('[path]', 'the same as --path')
    .option('--object <object>', 'KIND/NAMESPACE/NAME, or KIND/NAME: follow its file')
    .option('--dashboard <title>', 'title or path of a dashboard: follow its file')
    .option('--path <path>', 'a file, followed where it moved, or a folder')
    .option('--namespace <name>', 'only objects of this namespace, as commits name them')
    .option('--kind <kind>', 'only objects of this kind, as in Deployment or deployment.apps')
    .option('--author <text>', 'part of the name, address or user name of who changed it')
    .option('--since <date>', 'changed then or later: 2026-06-01, 2026-06-01T08:00:00Z', parseDate)
    .option('--until <date>', 'changed then or before; of a day alone the whole day counts', parseUntil)
    .option('--field <field>', 'who changed this value, from what to what: data.limit, panels[id=4].title, /data/limit')
    .option('--diff', 'with the differences in the files')
    .option('-c, --max-count <count>', 'so many rows; the last commit is shown whole', parseCount)
    .option('--committer <email>', `who commits for the operator (repeatable; default: ${OPERATOR.email})`, collect)
    .addOption(command.createOption('-o, --output <format>', 'how to print').choices(['table', 'json', 'csv']))
    .option('--json', 'the same as -o json')
  addConnectionOptions(command).action(
    async (url: string, branch: string | undefined, place: string | undefined, given: Flags) => {
      if (place !== undefined && given.path !== undefined)
        throw usage('[path] and --path exclude each other: leave out one')
      const flags = place === undefined ? given : { ...given, path: place }
      check(flags)
      const field = await fieldOf(flags.field)
      await interruptible((signal) =>
        withRepository(url, flags, io, (repository) => list(repository, branch ?? 'HEAD', { flags, field, io }), {
          signal,
        }),
      )
    },
  )
}

function check({ object, dashboard, path, field, diff, namespace, kind, output, json }: Flags): void {
  const places = Object.entries({ '--object': object, '--dashboard': dashboard, '--path': path }).filter(
    ([, value]) => value !== undefined,
  )
  const [first, second] = places.map(([flag]) => flag)
  if (second !== undefined) throw usage(`${first} and ${second} exclude each other: leave out one`)
  if (first === undefined && field !== undefined)
    throw usage('--field is of one file: name it with --object, --dashboard or --path')
  const filter = namespace === undefined ? (kind === undefined ? undefined : '--kind') : '--namespace'
  if (filter !== undefined && (object !== undefined || dashboard !== undefined))
    throw usage(`${filter} and ${first} exclude each other: leave out one`)
  if (json === true && output !== undefined && output !== 'json')
    throw usage(`--json and -o ${output} exclude each other: leave out one`)
  if (diff === true && output === 'csv') throw usage('-o csv has no room for --diff: use -o json')
}

const usage = (message: string): CommandFailure => new CommandFailure('usage', message)

interface Given {
  readonly flags: Flags
  readonly field: Field | undefined
  readonly io: Io
}

async function list(repository: Repository, branch: string, { flags, field, io }: Given): Promise<void> {
  const { namespace, kind, author, since, until, maxCount, committer, diff = false } = flags
  const path = await pathOf(repository, branch, flags, io)
  const trail = new AuditTrail(repository, branch, {
    path,
    namespace,
    kind,
    author,
    since,
    until,
    operators: committer,
    // With a field most records fall away afterwards.
    limit: field === undefined ? maxCount : undefined,
  })
  const shape = { hasPath: path !== undefined, hasField: field !== undefined }
  let rows = asRows(trail)
  if (field !== undefined || diff) {
    const { withContents } = await import('./contents.ts')
    rows = first(withContents(repository, trail, { field, diff }), field === undefined ? undefined : maxCount)
  }
  const format = flags.json === true ? 'json' : (flags.output ?? 'table')
  const count = await (format === 'json' ? printJson : format === 'csv' ? printCsv : printTable)(io, rows, shape, diff)
  const notes = notesTo(io)
  if (trail.unsaid > 0) {
    const flag = namespace === undefined ? '--kind' : '--namespace'
    const many = trail.unsaid === 1 ? '1 commit does not say what it' : `${trail.unsaid} commits do not say what they`
    notes(`${many} changed, and ${flag} leaves that out: --path looks at files instead`)
  }
  if (count === 0 && format === 'table') notes(`nothing found in ${trail.commits} commits`)
  if (flags.verbose === true) io.stderr.write(`${repository.traffic.requests} requests, ${trail.commits} commits\n`)
}

async function pathOf(repository: Repository, branch: string, flags: Flags, io: Io): Promise<string | undefined> {
  const { object, dashboard, path } = flags
  if (object === undefined && dashboard === undefined) return path?.replace(/^(?:\.\/)+|\/+$/g, '') || undefined
  const { findDashboardFile, findObjectFile, parseObjectName } = await import('./find-file.ts')
  const searched = { repository, branch, notes: notesTo(io) }
  if (object !== undefined) return await findObjectFile(parseObjectName(object), searched)
  return await findDashboardFile(dashboard ?? '', searched)
}

async function* asRows(records: AsyncIterable<AuditRecord>): AsyncGenerator<Row, void, undefined> {
  for await (const record of records) yield { record }
}

async function* first(
  rows: AsyncIterable<Row>,
  count = Number.POSITIVE_INFINITY,
): AsyncGenerator<Row, void, undefined> {
  let shown = 0
  for await (const row of rows) {
    yield row
    if (++shown >= count) return
  }
}

async function printTable(io: Io, rows: AsyncIterable<Row>, shape: Shape, diff: boolean): Promise<number> {
  let count = 0
  let batch: Row[] = []
  const flush = async (): Promise<boolean> => {
    const text = tableText(batch, shape)
    // One head for all.
    const shown = count === batch.length ? text : text.slice(text.indexOf('\n') + 1)
    batch = []
    return write(io.stdout, shown)
  }
  for await (const row of rows) {
    count++
    if (diff) {
      if (row.patch !== undefined && !(await write(io.stdout, patchText(row)))) return count
      continue
    }
    batch.push(row)
    if (batch.length >= TABLE_ROWS && !(await flush())) return count
  }
  if (batch.length > 0) await flush()
  return count
}

async function printJson(io: Io, rows: AsyncIterable<Row>): Promise<number> {
  let count = 0
  for await (const row of rows) {
    if (!(await write(io.stdout, `${count === 0 ? '[' : ',\n'}${JSON.stringify(jsonOf(row))}`))) return count
    count++
  }
  await write(io.stdout, count === 0 ? '[]\n' : ']\n')
  return count
}

async function printCsv(io: Io, rows: AsyncIterable<Row>, shape: Shape): Promise<number> {
  const { stringify } = await import('csv-stringify/sync')
  // What begins like a formula is one for spreadsheets, whoever has written it.
  const line = (cells: readonly string[]): string => stringify([[...cells]], { escape_formulas: true })
  let count = 0
  if (!(await write(io.stdout, line([...CSV_COLUMNS, ...(shape.hasField ? ['from', 'to'] : [])])))) return count
  for await (const row of rows) {
    count++
    if (!(await write(io.stdout, line(csvOf(row, shape))))) return count
  }
  return count
}

/** A day alone is meant with all its hours. */
function parseUntil(text: string): Date {
  const date = parseDate(text)
  if (/^\d{4}-\d\d-\d\d$/.test(text)) {
    date.setDate(date.getDate() + 1)
    date.setMilliseconds(-1)
  }
  return date
}

async function fieldOf(text: string | undefined): Promise<Field | undefined> {
  if (text === undefined) return undefined
  const { parseField } = await import('../../audit/field.ts')
  try {
    return parseField(text)
  } catch (cause) {
    if (cause instanceof AuditError) throw new CommandFailure('usage', `--field: ${cause.message}`, { cause })
    throw cause
  }
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a positive number is needed, such as 10.')
  return Number(text)
}
