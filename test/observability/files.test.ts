/** What the chart ships: checked by Prometheus' own tool, and against what the operator serves. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createMetrics } from '../../operator/src/serve/metrics.ts'
import { promtool } from '../kit/prometheus/index.ts'
import { annotationQueries, dashboardQueries, variables } from './dashboard.ts'
import { readRules, RULES_FILE } from './rules.ts'

const rules = readRules()

test('promtool finds nothing wrong with the rules', async () => {
  expect(await promtool(['check', 'rules', '--lint=all', '--lint-fatal', RULES_FILE])).toContain('SUCCESS')
})

test('alerts and dashboard ask only for metrics that there are', () => {
  const served = (createMetrics().registry.getMetricsAsArray() as unknown as { name: string; type: string }[]).flatMap(
    ({ name, type }) => (type === 'histogram' ? ['_bucket', '_count', '_sum'].map((end) => name + end) : [name]),
  )
  const queries = [
    ...rules.map(({ expr }) => expr),
    ...dashboardQueries().map(({ query }) => query),
    ...annotationQueries(),
  ]
  const PREFIXES = /\b(?:gitsync|workqueue|controller_runtime|rest_client|leader_election|process|nodejs)_\w+/g
  const asked = new Set(queries.flatMap((query) => query.replaceAll(/"[^"]*"/g, '').match(PREFIXES) ?? []))
  expect(asked.size).toBeGreaterThan(20)
  expect([...asked].filter((name) => !served.includes(name))).toEqual([])
})

test('the dashboard has every variable that it uses', () => {
  const { used, known } = variables()
  expect([...used].filter((name) => !known.has(name) && name !== '__rate_interval' && name !== '__all')).toEqual([])
})

test.each(rules.map((rule) => [rule.alert, rule] as const))('%s has words, a severity and a runbook', (alert, rule) => {
  expect(alert).toMatch(/^GitSync[A-Z]\w+$/)
  expect(['critical', 'warning', 'info']).toContain(rule.labels['severity'])
  expect(rule.annotations['runbook_url']).toBe(`https://gitsync.dev/docs/runbooks/${alert}`)
  for (const name of ['summary', 'description']) expect(rule.annotations[name]).toMatch(/\S{3}/)
  const page = readFileSync(new URL(`../../docs/runbooks/${alert}.md`, import.meta.url), 'utf8')
  expect(page.match(/^#.*/gm)).toEqual([`# ${alert}`, '## Meaning', '## Impact', '## Diagnosis', '## Mitigation'])
})

/** One series of a limit and one of what is used: what no test can have without a container. */
const MEMORY = (used: string) => `rule_files: [${RULES_FILE}]
tests:
  - interval: 1m
    input_series:
      - series: 'process_resident_memory_bytes{job="gitsync-operator",instance="a"}'
        values: '${used}'
      - series: 'gitsync_memory_limit_bytes{job="gitsync-operator",instance="a"}'
        values: '100x30'
      - series: 'process_resident_memory_bytes{job="gitsync-operator",instance="unlimited"}'
        values: '95x30'
      - series: 'gitsync_memory_limit_bytes{job="gitsync-operator",instance="unlimited"}'
        values: '0x30'
    alert_rule_test:
      - eval_time: 9m
        alertname: GitSyncMemoryNearLimit
        exp_alerts: []
      - eval_time: 12m
        alertname: GitSyncMemoryNearLimit
        exp_alerts:
          - exp_labels: {severity: warning, job: gitsync-operator, instance: a}
            exp_annotations:
              summary: gitsync-operator a is near its memory limit
              description: gitsync-operator a uses 95% of the memory that it may use; beyond that it is killed and begins anew.
              runbook_url: https://gitsync.dev/docs/runbooks/GitSyncMemoryNearLimit
`

test('memory near its limit fires where there is one', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-rules-'))
  try {
    await writeFile(join(dir, 'high.yaml'), MEMORY('95x30'))
    expect(await promtool(['test', 'rules', join(dir, 'high.yaml')])).toContain('SUCCESS')
    await writeFile(join(dir, 'low.yaml'), MEMORY('50x30'))
    await expect(promtool(['test', 'rules', join(dir, 'low.yaml')])).rejects.toThrow()
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})
