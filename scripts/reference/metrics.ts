import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { createMetrics } from '../../operator/src/serve/metrics.ts'
import { row } from './table.ts'

/** What each label says, and how many values it can have. */
const LABELS: Readonly<Record<string, string>> = {
  cause: '`guard` or `proof`',
  code: 'status of HTTP; of a Git host well-known ones, and of the others the class, as in `4xx`; 0 without an answer',
  controller: '`gitsync`',
  direction: '`sent` or `received`',
  host: 'of a Git host: one that some GitSync at work names; beyond 100 hosts `other`. Of the API server: its own',
  kind: 'a sort of garbage collection',
  method: 'of HTTP, and `WATCH`',
  name: 'of a GitSync that exists, with `namespace`; of a queue (`gitsync`, `gitsync-status`, `dashboard-status`); of the Lease',
  namespace: 'of a GitSync that exists',
  node_version: 'one value',
  phase: '`Listing`, `Watching`, `Backoff`, `Forbidden`, `NotServed`',
  reason: 'of a GitSync: as in [its conditions](../troubleshooting.md); of a watch: the error, or `Closed`',
  result:
    'of a reconcile: `success`, `requeue_after`, `error`; of an attempt: `pushed`, `unchanged`, `failed`; of what is passed on: `sent`, `lost`',
  space: 'a part of the heap',
  status: '`True`, `False`, `Unknown`',
  type: 'of a condition: `Ready`, `Reconciling`, `Stalled`, `RateLimited`, `Incomplete`; of a resource of Node: its class',
  verb: 'of HTTP, and `WATCH`',
  version: 'one value',
  what: '`record` (who wrote or deleted something) or `push`',
}

/** Labels of Node's own version metric. */
const OF_NODE = ['major', 'minor', 'patch']

interface Described {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly labelNames: readonly string[]
}

const GROUPS: readonly (readonly [title: string, prefixes: readonly string[], text: string])[] = [
  ['GitSyncs and Git', ['gitsync_'], 'What only this operator has.'],
  [
    'Work queues and reconciles',
    ['workqueue_', 'controller_runtime_', 'leader_election_'],
    "Named as controller-runtime's, so that dashboards for those show this operator too.",
  ],
  ['Requests to the API server', ['rest_client_'], "Named as client-go's."],
  ['Process', ['process_', 'nodejs_'], 'As every Node process with prom-client has them.'],
]

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string
      readonly expr: string
      readonly for?: string
      readonly labels: { readonly severity: string }
      readonly annotations: { readonly summary: string }
    }[]
  }[]
}

const root = new URL('../..', import.meta.url)

/** docs/reference/metrics.md. */
export function metricsPage(): string {
  const { registry } = createMetrics()
  const metrics = registry.getMetricsAsArray() as unknown as readonly Described[]
  const used = new Set(metrics.flatMap(({ labelNames }) => labelNames).filter((label) => !OF_NODE.includes(label)))
  for (const label of used) if (LABELS[label] === undefined) throw new Error(`the label ${label} is not described`)
  const tables = GROUPS.map(([title, prefixes, text]) => {
    const own = metrics.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)))
    const rows = own.map(({ name, type, labelNames, help }) => {
      const by = labelNames.length === 0 ? '' : ` by ${labelNames.map((label) => `\`${label}\``).join(', ')}`
      return row(`\`${name}\`<br>${type}${by}`, help)
    })
    return `## ${title}\n\n${text}\n\n| Metric, type, labels | Meaning |\n| --- | --- |\n${rows.join('\n')}\n`
  })
  const labels = Object.entries(LABELS)
    .filter(([label]) => used.has(label))
    .map(([label, meaning]) => row(`\`${label}\``, meaning))
  return `# Metrics and alerts

Served at \`/metrics\` on the address of \`--metrics\`, in the chart port \`metrics\` (8080). Times are in seconds, sizes in bytes.
Labels \`namespace\` and \`name\` are those of a GitSync: a scrape keeps them with \`honorLabels: true\`.

${tables.join('\n')}
## Labels

Every label has a bound, whatever tenants do; series with \`namespace\` and \`name\` go with their GitSync.

| Label | Values |
| --- | --- |
${labels.join('\n')}

## Alerts

In the chart, \`files/alerts.yaml\`; installed by \`metrics.prometheusRule.enabled\`.

| Alert | Fires when |
| --- | --- |
${alertRows().join('\n')}
`
}

function alertRows(): string[] {
  const text = readFileSync(new URL('charts/gitsync-operator/files/alerts.yaml', root), 'utf8')
  const { groups } = parse(text) as Rules
  return groups
    .flatMap(({ rules }) => rules)
    .map(({ alert, expr, labels, for: wait = '0s' }) =>
      row(
        `[${alert}](../runbooks/${alert}.md)<br>${labels.severity}`,
        `\`${expr}\`${wait === '0s' ? '' : ` for ${wait}`}`,
      ),
    )
}
