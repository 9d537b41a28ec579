/** Writes the pages of docs/ that the code knows best; with `--check` only says whether they are stale. */
import { readFileSync, writeFileSync } from 'node:fs'
import { REASONS } from '../operator/src/api/reasons.ts'
import { ALLOCATED_FIELDS } from '../operator/src/render/allocated.ts'
import { REMOVED_ANNOTATIONS, REMOVED_LABELS, REMOVED_METADATA } from '../operator/src/render/clean.ts'
import { MESSAGE_PLACEHOLDER_DOCS } from '../operator/src/render/message.ts'
import { cliPage } from './reference/cli.ts'
import { errorsPage } from './reference/engine-errors.ts'
import { limitsPage } from './reference/engine-limits.ts'
import { metricsPage } from './reference/metrics.ts'
import { row } from './reference/table.ts'

const OUTCOMES = {
  ok: 'as wanted',
  progress: 'goes on by itself',
  retry: 'tried again with growing pauses',
  stall: 'waits for a change',
} as const

const list = (items: readonly string[]): string => items.map((item) => `- \`${item}\``).join('\n')

function conditions(): string {
  const rows = Object.entries(REASONS).map(([reason, { meaning, remedy, outcome }]) =>
    row(`\`${reason}\``, meaning, remedy, OUTCOMES[outcome]),
  )
  return `# Conditions of a GitSync

\`Ready\` is True when Git holds what the cluster holds, False when something is in the way, Unknown until the folder has been
compared for the first time. \`Reconciling\`, \`Stalled\` and \`RateLimited\` exist only while they are true. The message of a
condition names the object, the value and what to do; the reason is one of these:

| Reason | Meaning | What to do | Then |
| --- | --- | --- | --- |
${rows.join('\n')}

Permissions, Secrets and kinds are looked at again every minute, or at once when the GitSync changes, for example by
\`kubectl annotate gitsync NAME gitsync.dev/requested-at="$(date +%s)" --overwrite\`.
`
}

function rendering(): string {
  const allocated = ALLOCATED_FIELDS.map(({ group, kind, fields, why }) =>
    row(`${kind}${group === '' ? '' : `.${group}`}`, fields, why),
  )
  const placeholders = Object.entries(MESSAGE_PLACEHOLDER_DOCS).map(([name, meaning]) => row(`\`{${name}}\``, meaning))
  return `# From object to file

A file holds the object as a person would write it. What the server keeps about an object is removed; everything else stays,
known to this project or not. Numbers keep their spelling, also beyond 2^53. Keys have a fixed order, whatever order the
server sent: \`apiVersion\`, \`kind\`, \`metadata\` (\`name\`, \`namespace\`, \`labels\`, \`annotations\`, \`finalizers\`), then
sorted.

## Removed from every object

From \`metadata\`:

${list(REMOVED_METADATA)}

Annotations:

${list(REMOVED_ANNOTATIONS)}

Labels:

${list(REMOVED_LABELS)}

\`status\`, when the kind has a status subresource.

## Removed from some kinds

What a controller or the API server allocates, and what would keep the file from being applied elsewhere:

| Kind | Fields | Why |
| --- | --- | --- |
${allocated.join('\n')}

## Commit messages

\`spec.commit.message\` may use:

| Placeholder | Stands for |
| --- | --- |
${placeholders.join('\n')}

A commit that comes from comparing the folder, instead of from changes seen one by one, ends in a trailer
\`Gitsync-Compared: REASON\` (first-export, restart, drift, relist, spool, requested, conflict): states between may be missing.
`
}

const pages = {
  'docs/conditions.md': conditions(),
  'docs/rendering.md': rendering(),
  'docs/engine/errors.md': errorsPage(),
  'docs/engine/limits.md': limitsPage(),
  'docs/engine/cli.md': await cliPage(),
  'docs/reference/metrics.md': metricsPage(),
}
const stale = Object.entries(pages).filter(([path, text]) => read(path) !== text)

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is stale: run make reference`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else for (const [path, text] of stale) writeFileSync(path, text)
