import type { ExportResult } from '../export.ts'
import type { EngineResults } from '../results.ts'
import { engineSection } from './engine-section.ts'
import type { FairnessResult } from '../fairness.ts'
import type { FleetResult } from '../fleet.ts'
import { fairnessSection } from './fairness-section.ts'
import { fleetSection, operatorSection } from './operator-section.ts'

/** Everything that the bench measured last; `results/latest.json` holds it. */
export interface Results {
  readonly operator: {
    readonly run: Run
    readonly exports: readonly ExportResult[]
    /** Absent in results of before they were measured. */
    readonly fleets?: readonly FleetResult[]
    readonly fairness?: FairnessResult
  } | null
  readonly engine: { readonly runs: readonly Run[]; readonly results: EngineResults } | null
}

/** When and where something was measured. */
export interface Run {
  readonly date: string
  readonly machine: string
  /** What it measured; absent: all of its part. */
  readonly only?: string
}

export function report({ operator, engine }: Results): string {
  return `# Benchmarks

Written by \`make bench\`; the same as data: [results/latest.json](results/latest.json). Where the load before a run is
not near 0, others were at work: then trust requests, bytes, processor time and memory, and take times as indications.

${[
  ...(operator === null
    ? []
    : [
        operatorSection(operator.exports, runLine(operator.run)),
        fleetSection(operator.fleets ?? []),
        ...(operator.fairness === undefined ? [] : [fairnessSection(operator.fairness)]),
      ]),
  ...(engine === null ? [] : [engineSection(engine.results, engine.runs.map(runLine).join('\n'))]),
].join('\n')}`
}

const runLine = ({ date, machine, only }: Run): string =>
  `${date}${only === undefined ? '' : ` (${only})`}, ${machine}.`
