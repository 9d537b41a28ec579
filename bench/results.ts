import type { SizeName } from './layout.ts'
import type { Measured } from './measure.ts'
import type { ClientName } from './scenario.ts'

/** What one client took for one operation on one size: of several runs the one with the median time, the largest memory of all. */
export interface Cell extends Measured {
  readonly size: SizeName
  readonly scenario: string
  readonly client: ClientName
  /** Milliseconds that the remote waits before each answer. */
  readonly latency: number
  readonly runs: number
}

/** A client that failed, or did not do what it was to do. */
export interface Failure extends Pick<Cell, 'size' | 'scenario' | 'client' | 'latency'> {
  readonly reason: string
}

export interface EngineResults {
  readonly cells: readonly Cell[]
  readonly failures: readonly Failure[]
}

/** The cell of a table, if it was measured. */
export function cellOf(
  { cells }: EngineResults,
  size: SizeName,
  scenario: string,
  client: ClientName,
  latency = 0,
): Cell | undefined {
  return cells.find(
    (cell) => cell.size === size && cell.scenario === scenario && cell.client === client && cell.latency === latency,
  )
}

/** The older results, with everything that was measured again in place of what it was. */
export function merged(older: EngineResults, newer: EngineResults): EngineResults {
  const key = ({ size, scenario, client, latency }: Pick<Cell, 'size' | 'scenario' | 'client' | 'latency'>): string =>
    JSON.stringify([size, scenario, client, latency])
  const again = new Set([...newer.cells, ...newer.failures].map(key))
  const kept = <T extends Failure | Cell>(items: readonly T[]): T[] => items.filter((item) => !again.has(key(item)))
  return {
    cells: [...kept(older.cells), ...newer.cells],
    failures: [...kept(older.failures), ...newer.failures],
  }
}
