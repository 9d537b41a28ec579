import { spawnSync } from 'node:child_process'
import { row } from './table.ts'

const PROGRAM = 'operator/src/cli/gitsync-operator.ts'

interface Flag {
  readonly name: string
  readonly meaning: string
  readonly variable: string
  readonly values: string
}

/** What the program itself says of its flags. */
function flags(): Flag[] {
  const { stdout, stderr, status } = spawnSync(process.execPath, [PROGRAM, '--help'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${PROGRAM} --help: ${stderr}`)
  const [, options = ''] = stdout.split('Options:\n')
  // A line of a description that goes on is indented further than the flags.
  const lines = options.replaceAll(/\n {4,}/g, ' ').split('\n')
  return lines.flatMap((line): Flag[] => {
    const [, name = '', rest = ''] = /^ {2}(--\S+(?: <[^>]+>)?) +(.*)$/.exec(line) ?? []
    const [, variable = ''] = /env: (\w+)/.exec(rest) ?? []
    if (variable === '') return []
    const [, meaning = '', extra = ''] = /^(.*?)\s*\(((?:[^()]|\([^()]*\))*env: \w+)\)$/.exec(rest) ?? []
    const values = extra.replace(/,? ?env: \w+/, '').replaceAll('"', '')
    return [{ name, meaning, variable, values }]
  })
}

/** docs/reference/operator.md. */
export function operatorPage(): string {
  const rows = flags().map(({ name, meaning, variable, values }) =>
    row(`\`${name}\`<br>\`${variable}\``, `${meaning}${values === '' ? '' : ` (${values})`}`.replaceAll('<', '&lt;')),
  )
  return `# The operator's flags

The chart sets them from its values. Each flag has a twin in the environment; the flag wins.

| Flag, environment | Meaning |
| --- | --- |
${rows.join('\n')}

| Exit code | Meaning |
| ---: | --- |
| 0 | ended by SIGTERM or SIGINT: what was pending is pushed, the Lease is given back |
| 1 | it cannot go on: no API server, the Lease lost to another, an address that is taken; the last line says what |
| 2 | a flag is wrong; nothing has been started |

## Addresses

\`--metrics\` serves these without a login; in a Pod bind it to \`0.0.0.0\`, and let a NetworkPolicy say who may connect.

| Path | Answer |
| --- | --- |
| \`/healthz\` | 200 as long as the process answers. It does not depend on Git or the API server: a host that is down is no reason to restart. |
| \`/readyz\` | 200 or 503, with one line of text ([what it says](../troubleshooting.md#what-readyz-says)) |
| \`/metrics\` | Prometheus' text format |
`
}
