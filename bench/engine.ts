/**
 * Operations on repositories of growing size, by several clients in one run against one remote: each a process of its own,
 * requests and bytes counted by the remote.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRemote } from '../test/kit/remote/index.ts'
import { buildPrograms } from './clients/programs.ts'
import type { Size } from './layout.ts'
import { measure } from './measure.ts'
import type { Measured, Place } from './measure.ts'
import { sampleRepository } from './repository.ts'
import type { Cell, EngineResults, Failure } from './results.ts'
import type { ClientName, Scenario } from './scenario.ts'

export interface EngineBenchOptions {
  readonly sizes: readonly Size[]
  readonly scenarios: readonly Scenario[]
  readonly clients: readonly ClientName[]
  /** Milliseconds that the remote waits before each answer, each measured on its own; the first is the one that is repeated. */
  readonly latencies: readonly number[]
  /** Runs of a cell, unless it is slow. */
  readonly runs: number
  /** Options of Node for the engine's processes, such as `--cpu-prof`. */
  readonly nodeOptions: readonly string[]
  readonly progress: (line: string) => void
}

/** Milliseconds from which on a run is not repeated. */
const SLOW = 1_500
/** Milliseconds from which on latency would not show. */
const VERY_SLOW = 4_000
/** These clone all contents first; on the larger sizes that is what every line would show. */
const CLONE_FIRST: readonly ClientName[] = ['git-shallow', 'isomorphic', 'go-git']

export async function benchEngine(options: EngineBenchOptions): Promise<EngineResults> {
  const { sizes, scenarios, clients, progress } = options
  const folder = await mkdtemp(join(tmpdir(), 'gitsync-bench-'))
  const remote = await startRemote()
  const cells: Cell[] = []
  const failures: Failure[] = []
  try {
    const programs = await buildPrograms(folder, options)
    for (const size of sizes) {
      progress(`${size.name}: repository`)
      const place: Place = { remote, programs, folder, size, sample: await sampleRepository(size) }
      for (const scenario of scenarios) {
        if (scenario.sizes?.includes(size.name) === false) continue
        for (const client of clients) {
          if (!has(scenario, client, size)) continue
          for (const latency of options.latencies) {
            const at = { size: size.name, scenario: scenario.name, client, latency }
            const before = cells.at(-1)
            if (latency !== options.latencies[0] && (!sameLine(before, at) || before.milliseconds > VERY_SLOW)) break
            const runs = latency === options.latencies[0] ? options.runs : 1
            try {
              const measured = await repeat(runs, () => measure(place, scenario, client, latency))
              cells.push({ ...at, ...measured })
              progress(line(at, measured))
            } catch (error) {
              const reason = error instanceof Error ? error.message : String(error)
              failures.push({ ...at, reason })
              progress(`${size.name} ${scenario.name} ${client}: FAILED: ${reason}`)
              break
            }
          }
        }
      }
    }
    return { cells, failures }
  } finally {
    await remote.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function has({ clients, core }: Scenario, client: ClientName, { name }: Size): boolean {
  if (clients[client] === undefined) return false
  return core === true || !CLONE_FIRST.includes(client) || name === 'small' || name === 'medium'
}

function sameLine(cell: Cell | undefined, at: Pick<Cell, 'size' | 'scenario' | 'client'>): cell is Cell {
  return cell?.size === at.size && cell.scenario === at.scenario && cell.client === at.client
}

async function repeat(runs: number, once: () => Promise<Measured>): Promise<Measured & { readonly runs: number }> {
  const all: Measured[] = []
  while (all.length < runs) {
    const measured = await once()
    all.push(measured)
    if (measured.milliseconds > SLOW) break
  }
  const median = all.toSorted((a, b) => a.milliseconds - b.milliseconds)[Math.floor(all.length / 2)]
  if (median === undefined) throw new Error('runs must be positive')
  return { ...median, peakRss: Math.max(...all.map(({ peakRss }) => peakRss)), runs: all.length }
}

function line(
  { size, scenario, client, latency }: Pick<Cell, 'size' | 'scenario' | 'client' | 'latency'>,
  m: Measured,
): string {
  const figures = `${m.requests} requests, ${m.up} up, ${m.down} down, ${m.milliseconds.toFixed(0)} ms, CPU ${m.cpuMilliseconds.toFixed(0)} ms, ${(m.peakRss / 1e6).toFixed(0)} MB`
  return `${size} ${scenario} ${client}${latency > 0 ? ` +${latency} ms` : ''}: ${figures}`
}
