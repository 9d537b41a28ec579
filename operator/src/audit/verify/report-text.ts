/** A report for people: plain text for a terminal, and Markdown for a file. */
import { ATTRIBUTIONS } from './attribution.ts'
import type { Attribution } from './attribution.ts'
import { FINDINGS } from './findings.ts'
import type { FindingKind } from './findings.ts'
import type { AuditReport } from './report.ts'

const VERDICTS: Readonly<Record<AuditReport['verdict'], string>> = {
  Intact: 'The record is intact.',
  NotIntact: 'The record is NOT intact.',
  CouldNotTell: 'It could not be told whether the record is intact.',
}

const WORDS: Readonly<Record<Attribution, string>> = {
  person: 'by persons',
  program: 'by programs',
  pseudonym: 'by pseudonyms',
  compared: 'found by comparison',
  own: "the operator's own",
  nobody: 'nobody is named for',
}

/** Findings of one kind that are shown. */
const SHOWN = 20
const SHORT = 12

/** Name and value, as a report begins. */
function facts(report: AuditReport): readonly (readonly [string, string])[] {
  const { commits, signatures, earlier, tip } = report
  const spans = commits.newest === null ? '' : `, ${commits.oldest} to ${commits.newest}`
  return [
    ['remote', report.remote],
    ['branch', report.branch],
    ['tip', tip ?? 'none: the branch is gone'],
    [
      'earlier tip',
      earlier === null
        ? 'none was given: whether commits were dropped before now cannot be told'
        : earlierText(earlier),
    ],
    ['commits', `${commits.checked} looked at${spans}`],
    [
      'committed',
      `${commits.byOperator} by the operator (${report.operators.join(', ')}), ${commits.byOthers} by others, ${commits.merges} merges`,
    ],
    ['signatures', signatureText(signatures)],
    [
      'trailers',
      `${commits.withTrailers} of ${commits.byOperator} commits by the operator have some${report.trailers.length === 0 ? '' : `; asked for: ${report.trailers.join(', ')}`}`,
    ],
    [
      'authors',
      ATTRIBUTIONS.filter((kind) => (report.attributions[kind] ?? 0) > 0)
        .map((kind) => `${report.attributions[kind]} ${WORDS[kind]}`)
        .join(', ') || 'none',
    ],
    ['claims', `${report.claims.length} folders`],
    ['made', `${report.time} by ${report.tool.name} ${report.tool.version}, ${report.requests} requests`],
  ]
}

function earlierText({ tip, time, sha256 }: NonNullable<AuditReport['earlier']>): string {
  const from = time === null ? '' : `, of the report of ${time}`
  return `${tip}${from}${sha256 === null ? '' : ` (SHA-256 ${sha256})`}`
}

function signatureText(signatures: AuditReport['signatures']): string {
  if (!signatures.asked) return 'not asked for'
  const words: readonly (readonly [number, string])[] = [
    [signatures.good, 'good'],
    [signatures.bad, 'bad'],
    [signatures.unknownKey, 'by unknown keys'],
    [signatures.invalidKey, 'by keys that could not sign then'],
    [signatures.unreadable, 'not readable'],
    [signatures.unchecked, 'not checked'],
    [signatures.unsigned, 'unsigned'],
  ]
  return (
    words
      .filter(([number]) => number > 0)
      .map(([number, word]) => `${number} ${word}`)
      .join(', ') || 'none'
  )
}

const counted = (count: number): string => (count === 1 ? '1 commit' : `${count} commits`)

/** For a terminal; what commits say is in it, and has to be made harmless by whoever prints it. */
export function reportText(report: AuditReport): string {
  const list = facts(report)
  const width = Math.max(...list.map(([name]) => name.length))
  const lines = [
    VERDICTS[report.verdict],
    '',
    ...list.map(([name, value]) => `${`${name}:`.padEnd(width + 2)}${value}`),
  ]
  for (const { format, fingerprint, signers, commits } of report.keys) {
    lines.push(
      `${'key:'.padEnd(width + 2)}${format} ${fingerprint}${signers.length === 0 ? '' : ` (${signers.join(', ')})`}: ${counted(commits)}`,
    )
  }
  for (const { kind, severity, count } of report.counts) {
    lines.push('', `${LABELS[severity]}: ${kind}, ${count}. ${FINDINGS[kind].meaning}`)
    for (const line of shown(report, kind)) lines.push(`  ${line}`)
    if (severity !== 'note') lines.push(`  → ${FINDINGS[kind].remedy}`)
  }
  return `${lines.join('\n')}\n`
}

const LABELS = { broken: 'BREACH', doubt: 'OPEN', note: 'note' } as const

function shown({ findings }: AuditReport, kind: FindingKind): string[] {
  const all = findings.filter((finding) => finding.kind === kind)
  const lines = all.slice(0, SHOWN).map(({ commit, path, message }) => {
    const where = [commit?.slice(0, SHORT), path].filter((one) => one !== undefined)
    return oneLine([...where, message].join(' '))
  })
  return all.length > SHOWN ? [...lines, `and ${all.length - SHOWN} more: --json lists them`] : lines
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ')

/** As a file that is kept. */
export function reportMarkdown(report: AuditReport): string {
  const rows = facts(report).map(([name, value]) => `| ${name} | ${cell(value)} |`)
  const keys = report.keys.map(
    ({ format, fingerprint, signers, commits }) =>
      `| ${format} | \`${fingerprint}\` | ${cell(signers.join(', '))} | ${commits} |`,
  )
  const authors = report.authors.map(({ name, commits }) => `| ${cell(name)} | ${commits} |`)
  const claims = report.claims.map(
    ({ path, cluster, gitsync }) => `| ${cell(path)} | ${cell(cluster ?? 'none')} | ${cell(gitsync ?? 'none')} |`,
  )
  const findings = report.counts.flatMap(({ kind, severity, count }) => [
    `### ${LABELS[severity]}: ${kind} (${count})\n\n${FINDINGS[kind].meaning} ${FINDINGS[kind].remedy}`,
    shown(report, kind)
      .map((line) => `- ${cell(line)}`)
      .join('\n'),
  ])
  return [
    '# Audit report',
    `**${VERDICTS[report.verdict]}**`,
    ['| | |', '| --- | --- |', ...rows].join('\n'),
    ...(keys.length === 0
      ? []
      : [
          `## Keys\n\n${['| Format | Fingerprint | Signers | Commits |', '| --- | --- | --- | ---: |', ...keys].join('\n')}`,
        ]),
    ...(authors.length === 0
      ? []
      : [`## Authors\n\n${['| Author | Commits |', '| --- | ---: |', ...authors].join('\n')}`]),
    ...(claims.length === 0
      ? []
      : [`## Claims\n\n${['| File | Cluster | GitSync |', '| --- | --- | --- |', ...claims].join('\n')}`]),
    '## Findings',
    ...(findings.length === 0 ? ['None.'] : findings),
  ]
    .join('\n\n')
    .concat('\n')
}

/** What commits say must not become markup: links, HTML, cells of a table. */
const cell = (text: string): string =>
  oneLine(text)
    .replaceAll(/[\\`*_{}[\]()<>#|!~]/g, String.raw`\$&`)
    .replaceAll('://', String.raw`:\//`)
    .replaceAll(/www\./gi, String.raw`www\.`)
