import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import {
  addConnectionOptions,
  ADDRESS,
  collect,
  interruptible,
  progressMeter,
  readInputFile,
  withRepository,
  write,
  writeJson,
} from '@gitsync/protocol/cli'
import type { ConnectionFlags, Io } from '@gitsync/protocol/cli'
import type { Repository } from '@gitsync/protocol'
import { parseDuration } from '../../api/duration.ts'
import { AuditError } from '../../audit/audit-error.ts'
import { compareClaims } from '../../audit/verify/claims.ts'
import type { RecordedClaim } from '../../audit/verify/claims.ts'
import { RecordCheck } from '../../audit/verify/record-check.ts'
import { REPORT_FORMAT } from '../../audit/verify/report-format.ts'
import type { AuditReport } from '../../audit/verify/report.ts'
import { OPERATOR } from '../../plan/person.ts'
import { TRAILERS } from '../../render/trailers.ts'
import type { Trailer } from '../../render/trailers.ts'
import { VERSION } from '../../version.ts'
import { CommandFailure } from '../common/command-failure.ts'
import { notesTo } from '../common/notes.ts'
import { spelledOut } from '../common/output.ts'
import { EndWith } from '../common/program.ts'
import type { GivenKeys } from './keys.ts'
import { claimsAt, touchedBy } from './read-claims.ts'

/** Codes of the verdicts, beside those of every command. */
const VERDICT_CODES = { Intact: 0, NotIntact: 8, CouldNotTell: 9 } as const

interface Flags extends ConnectionFlags {
  readonly keys?: readonly string[]
  readonly signatures: boolean
  readonly sinceTip?: string
  readonly previous?: string
  readonly trailers?: readonly Trailer[]
  readonly onlyOperator?: boolean
  readonly committer?: readonly string[]
  readonly defaultAuthor?: readonly string[]
  readonly clockSkew?: number
  readonly save?: readonly string[]
  readonly output?: 'text' | 'json' | 'markdown'
  readonly json?: boolean
}

const DAY = 86_400_000

export function defineVerify(command: Command, io: Io): void {
  command
    .description(
      'Whether the history of a branch is what the operator has written: nothing replaced, dropped or forged',
    )
    .argument('<url>', ADDRESS)
    .argument('[branch]', "default: the repository's default branch")
    .option(
      '--keys <file>',
      'public keys of the operator: allowed signers or keys of SSH, armored keys of OpenPGP (repeatable)',
      collect,
    )
    .option('--no-signatures', 'do not ask for signatures')
    .option('--previous <file>', 'a report of earlier, as --json prints it: go on from there')
    .option(
      '--since-tip <oid>',
      'a tip of earlier: it must still be in the history, and what it reaches is not looked at',
      parseOid,
    )
    .option(
      '--trailers <names>',
      `trailers that each commit by the operator must have: ${TRAILERS.join(',')}`,
      parseTrailers,
    )
    .option('--only-operator', 'commits by anybody else are a breach')
    .option('--committer <email>', `who commits for the operator (repeatable; default: ${OPERATOR.email})`, collect)
    .option(
      '--default-author <email>',
      'who signs what nobody is named for: commit.author of the GitSync (repeatable)',
      collect,
    )
    .option(
      '--clock-skew <duration>',
      'how much older than its parent a commit may be, as in 30m (default: 24h)',
      toDuration,
    )
    .option('--save <file>', 'write the report to a new file as well: .json, .md or .txt (repeatable)', collect)
    .addOption(command.createOption('-o, --output <format>', 'how to print').choices(['text', 'json', 'markdown']))
    .option('--json', 'the same as -o json')
  addConnectionOptions(command).action(async (url: string, branch: string | undefined, flags: Flags) => {
    await check(flags)
    const keys = flags.keys === undefined ? undefined : await (await import('./keys.ts')).readKeys(flags.keys)
    const earlier = await earlierOf(flags)
    const report = await interruptible((signal) =>
      withRepository(
        url,
        flags,
        io,
        async (repository) => {
          const name = branch ?? earlier?.report?.branch ?? (await defaultBranch(repository))
          if (earlier?.report !== undefined && shortName(name) !== earlier.report.branch) {
            throw new CommandFailure(
              'usage',
              `--previous ${flags.previous} is of the branch ${earlier.report.branch}, and not of ${name}: give its own report`,
            )
          }
          return verify(repository, shortName(name), { flags, keys, earlier, io })
        },
        { signal },
      ),
    )
    if (earlier?.report !== undefined && earlier.report.remote !== report.remote)
      notesTo(io)(`--previous is of ${earlier.report.remote}: the branch has moved, or is another one`)
    await print(report, flags, io)
    const code = VERDICT_CODES[report.verdict]
    if (code !== 0) throw new EndWith(code)
  })
}

const SAVED = /\.(json|md|txt)$/
const UNSAVED: Readonly<Record<string, string>> = {
  EEXIST: 'it is there already: reports are kept, choose another name',
  ENOENT: 'there is no such folder: make it first',
  EACCES: 'this user may not write there: choose another folder',
}

async function check({ keys, signatures, sinceTip, previous, output, json, save = [] }: Flags): Promise<void> {
  const exclude = (first: string, second: string): CommandFailure =>
    new CommandFailure('usage', `${first} and ${second} exclude each other: leave out one`)
  if (keys !== undefined && !signatures) throw exclude('--keys', '--no-signatures')
  if (sinceTip !== undefined && previous !== undefined) throw exclude('--since-tip', '--previous')
  if (json === true && output !== undefined && output !== 'json') throw exclude('--json', `-o ${output}`)
  const wrong = save.find((file) => !SAVED.test(file))
  if (wrong !== undefined)
    throw new CommandFailure('usage', `--save ${wrong}: the name must end with .json, .md or .txt`)
}

interface Earlier {
  readonly tip: string
  readonly report?: AuditReport
  /** Of the file that the report was in. */
  readonly sha256?: string
}

async function earlierOf({ previous, sinceTip }: Flags): Promise<Earlier | undefined> {
  if (previous === undefined) return sinceTip === undefined ? undefined : { tip: sinceTip }
  const bytes = await readInputFile('--previous', previous)
  const { parseReport } = await import('../../audit/verify/report.ts')
  try {
    const report = parseReport(bytes.toString())
    const tip = report.tip ?? report.earlier?.tip
    if (tip === undefined) throw new AuditError('InvalidReport', 'it names no tip: the branch was not there')
    return { tip, report, sha256: createHash('sha256').update(bytes).digest('hex') }
  } catch (cause) {
    if (!(cause instanceof AuditError)) throw cause
    throw new CommandFailure('usage', `--previous ${previous}: ${cause.message}`, { cause })
  }
}

async function defaultBranch(repository: Repository): Promise<string> {
  const head = await repository.head()
  if (head === null) throw new CommandFailure('usage', 'the server does not tell its default branch: name one')
  return head.branch
}

const shortName = (branch: string): string => branch.replace(/^refs\/heads\//, '')

interface Given {
  readonly flags: Flags
  readonly keys: GivenKeys | undefined
  readonly earlier: Earlier | undefined
  readonly io: Io
}

async function verify(
  repository: Repository,
  branch: string,
  { flags, keys, earlier, io }: Given,
): Promise<AuditReport> {
  const tip = await repository.tip(branch)
  if (tip === null && earlier === undefined) {
    throw new CommandFailure('notFound', `${repository.url} has no branch ${JSON.stringify(branch)}`)
  }
  const operators = flags.committer ?? [OPERATOR.email]
  const record = new RecordCheck({
    operators,
    nobodies: flags.defaultAuthor ?? [],
    trailers: flags.trailers ?? [],
    onlyOperator: flags.onlyOperator ?? false,
    clockSkew: flags.clockSkew ?? DAY,
    earlierTip: earlier?.tip,
    signatures: flags.signatures ? (keys?.check ?? 'unknown') : 'none',
  })
  const claims =
    tip === null ? [] : await readAll(repository, tip, { record, earlier, payloads: keys !== undefined, io })
  if (tip === null) record.end(null)
  return reportOf(repository, branch, { tip, record, claims, operators, flags, keys, earlier, io })
}

async function readAll(
  repository: Repository,
  tip: string,
  {
    record,
    earlier,
    payloads,
    io,
  }: Pick<Given, 'earlier' | 'io'> & { readonly record: RecordCheck; readonly payloads: boolean },
): Promise<RecordedClaim[]> {
  const meter = progressMeter(io)
  try {
    for await (const commit of repository.history(tip, { payloads })) {
      await record.add(commit)
      meter.show(() => `${record.commits} commits verified`)
      if (record.isDone) break
    }
  } finally {
    meter.clear()
  }
  const claims = await claimsAt(repository, tip)
  const touched = await touchedBy(repository, record.foreign, claims)
  record.end(tip, touched.texts)
  for (const { commit, path, text } of touched.claims) {
    record.findings.add({ kind: 'ForeignClaim', commit, path, message: text })
  }
  const clusters = new Set(claims.map(({ cluster }) => cluster))
  for (const [cluster, commit] of record.clusters) {
    if (!clusters.has(cluster)) record.findings.add({ kind: 'UnknownCluster', commit, message: `Cluster: ${cluster}` })
  }
  // An earlier tip that is not in the history may not be at the server any more.
  const before =
    earlier?.report?.claims ??
    (earlier !== undefined && record.metEarlierTip ? await claimsAt(repository, earlier.tip) : claims)
  for (const { path, change } of compareClaims(before, claims)) {
    record.findings.add({ kind: 'ClaimChanged', path, message: `is ${change}` })
  }
  return claims
}

/** Authors that a report names. */
const MAX_AUTHORS = 200

function reportOf(
  repository: Repository,
  branch: string,
  given: Given & {
    readonly tip: string | null
    readonly record: RecordCheck
    readonly claims: readonly RecordedClaim[]
    readonly operators: readonly string[]
  },
): AuditReport {
  const { tip, record, claims, operators, flags, keys, earlier, io } = given
  const { findings } = record
  const authors = [...record.authors].sort(([, a], [, b]) => b - a).slice(0, MAX_AUTHORS)
  return {
    format: REPORT_FORMAT,
    tool: { name: 'gitsync audit', version: VERSION },
    time: timeText(io.now()) ?? '',
    remote: repository.url,
    branch,
    tip,
    verdict: findings.verdict,
    earlier:
      earlier === undefined
        ? null
        : { tip: earlier.tip, time: earlier.report?.time ?? null, sha256: earlier.sha256 ?? null },
    commits: {
      checked: record.commits,
      byOperator: record.byOperator,
      byOthers: record.commits - record.byOperator,
      merges: record.merges,
      withTrailers: record.withTrailers,
      newest: timeText(record.newest),
      oldest: timeText(record.oldest),
    },
    operators: [...operators],
    signatures: { asked: flags.signatures, ...record.signatures },
    keys: (keys?.keys ?? []).map(({ format, fingerprint, signers }) => ({
      format,
      fingerprint,
      signers: [...signers],
      commits: record.keyUse.get(fingerprint) ?? 0,
    })),
    trailers: [...(flags.trailers ?? [])],
    attributions: record.attributions,
    authors: authors.map(([name, commits]) => ({ name, commits })),
    claims: [...claims],
    counts: [...findings.counts],
    findings: [...findings.list],
    requests: repository.traffic.requests,
  }
}

/** Null for what a report has no place for: anybody may write a time that no calendar holds, or a year of six digits. */
function timeText(date: Date | undefined): string | null {
  const text = date === undefined || Number.isNaN(date.getTime()) ? '' : date.toISOString()
  return /^\d{4}-/.test(text) ? `${text.slice(0, 19)}Z` : null
}

async function print(report: AuditReport, { output, json, save = [] }: Flags, io: Io): Promise<void> {
  const { reportMarkdown, reportText } = await import('../../audit/verify/report-text.ts')
  const forms = {
    json: () => `${JSON.stringify(report, null, 2)}\n`,
    md: () => spelledOut(reportMarkdown(report)),
    txt: () => spelledOut(reportText(report)),
  }
  for (const file of save) {
    const form = SAVED.exec(file)?.[1] as keyof typeof forms
    await writeFile(file, forms[form](), { flag: 'wx' }).catch((cause: unknown) => {
      const { code = '', message } = cause as NodeJS.ErrnoException
      throw new CommandFailure(
        code === 'EEXIST' ? 'conflict' : 'usage',
        `--save ${file}: ${UNSAVED[code] ?? message}`,
        {
          cause,
        },
      )
    })
  }
  if (json === true || output === 'json') await writeJson(io, report)
  else await write(io.stdout, output === 'markdown' ? forms.md() : forms.txt())
}

function parseOid(text: string): string {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)) throw new InvalidArgumentError('a full commit id is needed.')
  return text
}

function parseTrailers(text: string): Trailer[] {
  return text.split(',').map((name) => {
    const trailer = TRAILERS.find((one) => one.toLowerCase() === name.trim().toLowerCase())
    if (trailer === undefined) throw new InvalidArgumentError(`${name} is none of ${TRAILERS.join(', ')}.`)
    return trailer
  })
}

function toDuration(text: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}
