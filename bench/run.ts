/**
 * `make bench`: measures everything and writes `results/latest.json` and `REPORT.md`.
 *
 * `--part operator|engine` measures that half and keeps the other. With `--only`, `--sizes`, `--clients` or `--latency` it
 * measures that much of the engine's part and prints it; with `--save` as well it goes into the results. `--cpu-prof DIR` leaves
 * profiles of the engine's processes there. `--report` writes the report again. `BENCH_LARGE=1` adds a file of 1 GiB.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { CLIENTS } from './clients/names.ts'
import { benchEngine } from './engine.ts'
import { benchExport } from './export.ts'
import type { ExportResult } from './export.ts'
import { benchFairness } from './fairness.ts'
import { benchFleet } from './fleet.ts'
import type { FleetOptions, FleetResult } from './fleet.ts'
import { SIZES } from './layout.ts'
import type { Size } from './layout.ts'
import { describeMachine } from './machine.ts'
import { engineSection } from './report/engine-section.ts'
import { report } from './report/report.ts'
import type { Results, Run } from './report/report.ts'
import { merged } from './results.ts'
import type { EngineResults } from './results.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { mb } from './table.ts'

const REPORT = join(import.meta.dirname, 'REPORT.md')
const RESULTS = join(import.meta.dirname, 'results', 'latest.json')
const EXPORTS = [1_000, 5_000]
const FLEETS: readonly FleetOptions[] = [
  { gitsyncs: 200, configMapsEach: 2, idleMinutes: 1 },
  { gitsyncs: 1_000, configMapsEach: 1, idleMinutes: 10 },
]
const FAIRNESS = { tenants: 200, perMinute: 60, floodPerSecond: 100 }
const LATENCIES = [0, 20]
const NOTHING: EngineResults = { cells: [], failures: [] }

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    only: { type: 'string' },
    sizes: { type: 'string' },
    clients: { type: 'string' },
    latency: { type: 'string' },
    runs: { type: 'string', default: '3' },
    save: { type: 'boolean', default: false },
    'cpu-prof': { type: 'string' },
    report: { type: 'boolean', default: false },
  },
})
const { part, only, sizes, clients, latency } = values
const narrowed = only ?? sizes ?? clients ?? latency ?? values['cpu-prof']

/** Items that are named, or whose names begin so; all without names. */
function chosen<T>(option: string, names: string | undefined, all: readonly T[], nameOf: (item: T) => string): T[] {
  if (names === undefined) return [...all]
  return names.split(',').flatMap((name) => {
    const exact = all.filter((item) => nameOf(item) === name)
    const found = exact.length > 0 ? exact : all.filter((item) => nameOf(item).startsWith(name))
    if (found.length === 0) throw new Error(`--${option}: no ${name}; there are ${all.map(nameOf).join(', ')}`)
    return found
  })
}

const progress = (line: string): void => console.error(line)

async function read(): Promise<Results> {
  const text = await readFile(RESULTS, 'utf8').catch(() => '{ "operator": null, "engine": null }')
  return JSON.parse(text) as Results
}

async function save(change: Partial<Results>): Promise<void> {
  const results = { ...(await read()), ...change }
  await writeFile(RESULTS, `${JSON.stringify(results, null, 1)}\n`)
  await writeFile(REPORT, report(results))
}

/** The engine's part without what this run has already put there. */
async function beforeThis(run: Run): Promise<Results['engine']> {
  const { engine } = await read()
  return engine && { ...engine, runs: engine.runs.filter((other) => !isDeepStrictEqual(other, run)) }
}

async function thisRun(): Promise<Run> {
  const named = [only, sizes, clients, latency].filter((name) => name !== undefined)
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: await describeMachine(),
    ...(named.length === 0 ? {} : { only: named.join('; ') }),
  }
}

async function measureOperator(): Promise<void> {
  const run = await thisRun()
  const exports: ExportResult[] = []
  for (const objects of EXPORTS) {
    const result = await benchExport(objects)
    const { seconds, cpuSeconds, peakRss } = result
    progress(`export of ${objects}: ${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} CPU s, ${mb(peakRss)} MB`)
    exports.push(result)
  }
  const fleets: FleetResult[] = []
  for (const options of FLEETS) {
    const result = await benchFleet(options)
    const { gitsyncs, seconds, cpuSeconds, peakRss } = result
    progress(`${gitsyncs} GitSyncs: ${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} CPU s, ${mb(peakRss)} MB`)
    fleets.push(result)
  }
  const fairness = await benchFairness(FAIRNESS)
  progress(
    `fairness: ${fairness.p50.toFixed(0)} s, ${fairness.p99.toFixed(0)} s, at most ${fairness.worst.toFixed(0)} s`,
  )
  await save({ operator: { run, exports, fleets, fairness } })
}

const measureEngine = (size: Size): Promise<EngineResults> =>
  benchEngine({
    sizes: [size],
    scenarios: chosen('only', only, SCENARIOS, ({ name }) => name).filter(
      ({ large }) => large !== true || process.env['BENCH_LARGE'] === '1',
    ),
    clients: chosen('clients', clients, CLIENTS, (name) => name),
    latencies: latency?.split(',').map(Number) ?? LATENCIES,
    runs: Number(values.runs),
    nodeOptions: values['cpu-prof'] === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values['cpu-prof']}`],
    progress,
  })

if (values.report) {
  await save({})
} else {
  if (part !== 'engine' && narrowed === undefined) await measureOperator()
  if (part !== 'operator') {
    const run = await thisRun()
    let saved: Results['engine'] = null
    const keep = narrowed === undefined || values.save
    let measured = NOTHING
    for (const size of chosen('sizes', sizes, SIZES, ({ name }) => name)) {
      measured = merged(measured, await measureEngine(size))
      // After each size: what was measured outlives a failure further on.
      if (narrowed !== undefined) saved = await beforeThis(run)
      const results = merged(saved?.results ?? NOTHING, measured)
      if (keep) await save({ engine: { runs: [...(saved?.runs ?? []), run], results } })
    }
    if (!keep) console.log(engineSection(measured, ''))
  }
}
