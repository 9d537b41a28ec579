import { PassThrough } from 'node:stream'
import { FINDING_KINDS, FINDINGS } from '../../operator/src/audit/verify/findings.ts'
import { main as auditMain } from '../../operator/src/cli/audit/main.ts'
import { main as exportMain } from '../../operator/src/cli/export/export.ts'
import { main as kubectlMain } from '../../operator/src/cli/kubectl/main.ts'
import { VERBS } from '../../operator/src/cli/kubectl/verbs.ts'
import { row } from './table.ts'

type Main = (argv: readonly string[], io: Parameters<typeof kubectlMain>[1]) => Promise<number>

/** Flags that verbs share, as their help has them: from the first of these lines to the last. */
const SHARED = [
  ['cluster', /^ {2}-n, --namespace <name>[^]*?^ {2}--kubeconfig <file>.*\n(?: {4,}.*\n)*/m],
  ['Git host', /^ {2}--user <name>[^]*?^ {2}-v, --verbose.*\n(?: {4,}.*\n)*/m],
] as const

const EXITS: readonly (readonly [code: number, kubectl: string, others: string])[] = [
  [0, 'it worked; for `diff` also when there are differences', 'it worked, also when there was nothing to write'],
  [1, 'anything else; for `diff --exit-code` there are differences', 'anything else'],
  [
    2,
    'an argument, the manifest or the spec is wrong; nothing has been changed',
    'an argument is wrong; nothing has been written',
  ],
  [3, 'you, or the credentials for Git, lack a permission', 'the same'],
  [4, 'no such GitSync, object, version, repository or branch', 'no such kind or repository'],
  [
    5,
    'it changed meanwhile, others own it, or the folder is claimed',
    'the folder is a GitSync’s, or two objects have one path',
  ],
  [6, 'a limit was reached, such as `--max-bytes`', 'the same'],
  [
    7,
    'no connection, a server that fails, or the operator did not do it in time',
    'no connection, or a server that fails',
  ],
]

async function help(main: Main, args: readonly string[]): Promise<string> {
  const stdout = new PassThrough()
  const unused = { stderr: new PassThrough(), stdin: new PassThrough(), now: () => new Date(0) }
  await main([...args, '--help'], { ...unused, stdout, env: {}, program: '/' })
  return String(stdout.read()).trimEnd()
}

const block = (text: string): string => `\`\`\`text\n${text}\n\`\`\``

/** docs/reference/kubectl-gitsync.md. */
export async function kubectlPage(): Promise<string> {
  // The width of a terminal must not show in the page.
  process.stdout.columns = 80
  const first = await help(kubectlMain, ['diff'])
  const shared = SHARED.map(([name, pattern]) => ({ name, text: pattern.exec(first)?.[0] ?? '' }))
  const sections: string[] = []
  for (const { name } of VERBS) {
    let text = await help(kubectlMain, [name])
    for (const { name, text: flags } of shared) text = text.replace(flags, `  (those of the ${name}, above)\n`)
    sections.push(`## ${name}\n\n${block(text)}`)
  }
  const flags = shared.map(({ name, text }) => `Flags of the ${name}:\n\n${block(text.trimEnd())}`)
  const exits = EXITS.map(([code, text]) => row(String(code), text))
  return `# \`kubectl gitsync\`: all verbs and flags

What they are for, with examples: [kubectl gitsync](../kubectl.md). Each flag has a twin in the environment: \`--ca-file\` is
\`GITSYNC_CA_FILE\`. The flag wins. With \`--json\` (or \`-o json\`) an error is one JSON line on standard error:
\`{"error": {"code", "message", "exitCode"}}\`.

| Exit code | Meaning |
| ---: | --- |
${exits.join('\n')}
| 128 + n | ended by signal n |

${flags.join('\n\n')}

${sections.join('\n\n')}
`
}

/** docs/reference/gitsync-export.md. */
export async function exportPage(): Promise<string> {
  process.stdout.columns = 80
  const exits = EXITS.map(([code, kubectl, text]) => row(String(code), text === 'the same' ? kubectl : text))
  return `# \`gitsync export\`: all flags

What it is for, with examples: [a cluster in Git, once](../kubectl.md#a-cluster-in-git-once).

${block(await help(exportMain, []))}

\`--json\` prints one line:

| Field | Meaning |
| --- | --- |
| \`commit\` | the newest commit; null when there was nothing to write |
| \`files\` | files that the objects make |
| \`requests\` | HTTP requests to the Git host |
| \`written\`, \`deleted\` | files that were not as they should be; with \`--dry-run\` those that would be written |
| \`commits\` | all commits, when the export was divided |

| Exit code | Meaning |
| ---: | --- |
${exits.join('\n')}
| 128 + n | ended by signal n |
`
}

const ROW_FIELDS: readonly (readonly [field: string, meaning: string])[] = [
  ['`commit`, `subject`', 'its id, and the first line of its message'],
  ['`time`, `committed`', "the author's time, and the committer's; UTC"],
  ['`author`, `committer`', '`{name, email}`'],
  ['`byOperator`', 'whether the committer is one of `--committer`'],
  ['`action`', '`Create`, `Update`, `Delete`, or null where neither the file nor the message tells'],
  ['`object`', '`{kind, group, namespace, name}`, or null; `group` is null where only the message names it'],
  ['`said`', 'whose word the object is: `trailers`, `message`, `nothing`'],
  ['`unlisted`', 'how many objects more the commit counts and does not name'],
  ['`changedBy`, `changedVia`', 'users and field managers, of trailers'],
  ['`resourceVersion`, `cluster`', 'of trailers, or null'],
  ['`compared`', 'why the folder was compared: states between may be missing'],
  ['`path`, `oldPath`', 'of a file that is followed; where it was before'],
  ['`before`, `after`', 'ids of the contents, or null'],
  ['`field`', 'with `--field`: `{from, to}` as JSON in a text, null where there is none; or `{problem}`'],
  ['`patch`', 'with `--diff`; of a commit with several objects the first of them has it'],
]

const SEVERITIES = { broken: 'not intact', doubt: 'nobody can tell', note: 'a note' } as const

/** docs/reference/gitsync-audit.md. */
export async function auditPage(): Promise<string> {
  process.stdout.columns = 80
  const findings = FINDING_KINDS.map((kind) => {
    const { severity, meaning, remedy } = FINDINGS[kind]
    return row(`\`${kind}\``, SEVERITIES[severity], meaning, remedy)
  })
  return `# \`gitsync audit\`: all flags

What it is for, with examples: [audit](../audit.md).

${block(await help(auditMain, []))}

\`--json\` prints a list:

| Field | Meaning |
| --- | --- |
${ROW_FIELDS.map(([field, meaning]) => row(field, meaning)).join('\n')}

## \`gitsync audit verify\`

${block(await help(auditMain, ['verify']))}

## Findings

| Finding | Verdict | Meaning | What to do |
| --- | --- | --- | --- |
${findings.join('\n')}
`
}
