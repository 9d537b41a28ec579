/** Writes the pages of docs/ that the code knows best, or parts of them; with `--check` only says what is stale. */
import { readFileSync, writeFileSync } from 'node:fs'
import { auditPage, exportPage, kubectlPage } from './reference/commands.ts'
import { cliPage } from './reference/cli.ts'
import { errorsPage } from './reference/engine-errors.ts'
import { limitsPage } from './reference/engine-limits.ts'
import { fieldTables } from './reference/fields.ts'
import { metricsPage } from './reference/metrics.ts'
import { operatorPage } from './reference/operator.ts'
import { withPart } from './reference/part.ts'
import { reasonSections } from './reference/reasons.ts'
import { renderingPage } from './reference/rendering.ts'

/** Files that are generated as a whole. */
const pages: Readonly<Record<string, string>> = {
  'docs/reference/rendering.md': renderingPage(),
  'docs/reference/operator.md': operatorPage(),
  'docs/reference/kubectl-gitsync.md': await kubectlPage(),
  'docs/reference/gitsync-audit.md': await auditPage(),
  'docs/reference/gitsync-export.md': await exportPage(),
  'docs/engine/errors.md': errorsPage(),
  'docs/engine/limits.md': limitsPage(),
  'docs/engine/cli.md': await cliPage(),
  'docs/reference/metrics.md': metricsPage(),
}

/** Parts between markers of pages that people write. */
const parts: readonly (readonly [file: string, name: string, text: string])[] = [
  ...(['spec', 'status'] as const).map(
    (part) => ['docs/kinds/gitsync.md', part, fieldTables('gitsyncs', part)] as const,
  ),
  ...(['spec', 'status'] as const).map(
    (part) => ['docs/kinds/dashboard.md', part, fieldTables('dashboards', part)] as const,
  ),
  ['docs/kinds/gitprovider.md', 'spec', fieldTables('gitproviders', 'spec')],
  ['docs/troubleshooting.md', 'reasons', reasonSections()],
]

const wanted = new Map(Object.entries(pages))
for (const [file, name, text] of parts) wanted.set(file, withPart(wanted.get(file) ?? read(file) ?? '', name, text))
const stale = [...wanted].filter(([path, text]) => read(path) !== text)

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
