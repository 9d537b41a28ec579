import { CLIENTS, CLIENT_TITLES } from '../clients/names.ts'
import { SIZES } from '../layout.ts'
import { cellOf } from '../results.ts'
import type { Cell, EngineResults } from '../results.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import type { Scenario } from '../scenario.ts'
import { kb, mb, ratio, table } from '../table.ts'
import { goalsSection } from './goals.ts'
import { RECORDED } from './recorded.ts'

const HEAD = ['client', 'requests', 'KB up', 'KB down', 'ms', 'ms, 20 ms away', 'CPU ms', 'MB', 'bytes', 'time', 'CPU']
const LATENCY = 20

/** The engine beside other clients: what was measured, the goals, a table for each operation. */
export function engineSection(results: EngineResults, runs: string): string {
  const scenarios = SCENARIOS.filter(({ name }) => results.cells.some(({ scenario }) => scenario === name))
  return `# The engine beside other clients
${runs === '' ? '' : `\n${runs}\n`}
Each operation is a process of its own against the same \`git http-backend\` on this machine, which counts requests and body
bytes. Time and processor time are the operation's, the start of the process apart; programs that a client runs are
included. Memory is the peak of the process, Node and its start included, or of the largest program that it ran. ${runsLine(results)}
In the second column of times the remote waits 20 ms before each answer; that is measured once, and not where the first
time is above 4 s. The last three columns are ratios to the engine's row. Every result is checked against git's. Clients that
clone all contents first are measured on the larger sizes for the main operations only: the clone is what each line shows.
Clients on Node make a first request, to a repository that is not there, before the operation: loading Node's HTTP client
is part of the start.

${sizesTable()}

${startTable(results)}
${goalsSection(results)}
${scenarios.map((scenario) => scenarioSection(results, scenario)).join('\n')}${failuresSection(results)}`
}

function runsLine({ cells }: EngineResults): string {
  const most = Math.max(1, ...cells.map(({ runs }) => runs))
  return most === 1 ? 'One run each.' : `The median of ${most} runs counts; of one where a run takes more than 1.5 s.`
}

function sizesTable(): string {
  const rows = SIZES.map(({ name, files, commits, folders, flatFiles }) => [
    name,
    files.toLocaleString('en-US'),
    commits.toLocaleString('en-US'),
    folders,
    flatFiles === 0 ? '' : flatFiles.toLocaleString('en-US'),
  ])
  return table(['repository', 'files', 'commits', 'folders', 'files in one folder more'], rows)
}

/** What a process costs before it does anything. */
function startTable({ cells }: EngineResults): string {
  const rows = CLIENTS.flatMap((client) => {
    const cell = cells.find((one) => one.client === client && one.scenario === 'create' && one.latency === 0)
    if (cell === undefined || client === 'engine-levels') return []
    const { milliseconds, cpuMilliseconds, peakRss } = cell.start
    return [[CLIENT_TITLES[client], milliseconds.toFixed(0), cpuMilliseconds.toFixed(0), mb(peakRss)]]
  })
  if (rows.length === 0) return ''
  return `Start of a process, in no figure below but memory (git's: the Node process that runs git, in none at all):

${table(['client', 'ms', 'CPU ms', 'MB'], rows)}
`
}

function scenarioSection(results: EngineResults, scenario: Scenario): string {
  const sizes = SIZES.toReversed().filter(({ name }) =>
    results.cells.some((cell) => cell.size === name && cell.scenario === scenario.name),
  )
  const tables = sizes.map(({ name }) => {
    const cells = CLIENTS.flatMap((client) => cellOf(results, name, scenario.name, client) ?? [])
    const rows = cells.map((cell) => row(cell, cellOf(results, name, scenario.name, cell.client, LATENCY), cells[0]))
    return { name, text: table(HEAD, [...rows, ...(name === 'xlarge' ? recordedRows(scenario.name, cells[0]) : [])]) }
  })
  const [first, ...others] = tables
  if (first === undefined) return ''
  const more = others.map(({ name, text }) => `${name}\n\n${text}\n`).join('\n')
  return `## ${scenario.title}

${scenario.note === undefined ? '' : `${scenario.note}\n\n`}${first.name}

${first.text}
${others.length === 0 ? '' : `\n<details><summary>${others.map(({ name }) => name).join(', ')}</summary>\n\n${more}\n</details>\n`}`
}

function row(cell: Cell, delayed: Cell | undefined, own: Cell | undefined): (string | number)[] {
  const ours = own?.client === 'engine' ? own : undefined
  const times = (a: number, b: number | undefined): string => (b === undefined ? '' : ratio(a, b))
  return [
    CLIENT_TITLES[cell.client],
    cell.requests,
    kb(cell.up),
    kb(cell.down),
    cell.milliseconds.toFixed(0),
    delayed?.milliseconds.toFixed(0) ?? '',
    cell.cpuMilliseconds.toFixed(0),
    mb(cell.peakRss),
    times(cell.up + cell.down, ours && ours.up + ours.down),
    times(cell.milliseconds, ours?.milliseconds),
    times(cell.cpuMilliseconds, ours?.cpuMilliseconds),
  ]
}

function recordedRows(scenario: string, ours: Cell | undefined): (string | number)[][] {
  const recorded = RECORDED[scenario]
  if (recorded === undefined) return []
  const { requests, up, down, milliseconds, delayed, cpuMilliseconds, peakMb } = recorded
  const bytes = ours === undefined ? '' : ratio(up + down, ours.up + ours.down)
  const figures = [requests, kb(up), kb(down), milliseconds, delayed ?? '', cpuMilliseconds, peakMb]
  return [['nanogit, recorded elsewhere', ...figures, bytes, '', '']]
}

function failuresSection({ failures }: EngineResults): string {
  if (failures.length === 0) return ''
  const rows = failures.map(({ size, scenario, client, reason }) => [
    scenario,
    size,
    CLIENT_TITLES[client],
    (reason.split('\n')[0] ?? '').replaceAll('|', '/').slice(0, 200),
  ])
  return `\n## Not done\n\n${table(['operation', 'repository', 'client', 'why'], rows)}\n`
}
