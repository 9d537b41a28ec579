import type { KubeObject } from '../../kit/apiserver/index.ts'
import type { Cluster } from './selection.ts'
import { selectedBy } from './selection.ts'
import type { Spec } from './specs.ts'

/** How the cluster was from a time on, until the next of these. */
export interface Moment {
  /** Milliseconds of the monotonic clock. */
  readonly time: number
  readonly cluster: Cluster
  readonly specs: readonly Spec[]
  readonly selected: readonly ReadonlyMap<string, KubeObject>[]
  /** Whether each GitSync's status tells of its spec as it is; otherwise what was said before may still be done. */
  readonly observed: readonly boolean[]
}

/** What the test did and when, so that what the operator did can be explained. */
export class Journal {
  readonly moments: Moment[] = []
  readonly lines: string[] = []

  note(line: string): void {
    this.lines.push(`${(performance.now() / 1000).toFixed(2)} ${line}`)
  }

  /** @param time from when on it may have been so */
  record(cluster: Cluster, specs: readonly Spec[], observed: readonly boolean[], time: number): void {
    this.moments.push({ time, cluster, specs, observed, selected: specs.map((spec) => selectedBy(spec, cluster)) })
  }

  /** What a GitSync may have gone by at a moment: its spec, and those before it that it may not have got over yet. */
  inForce(moment: Moment, index: number): Spec[] {
    const specs = new Set<Spec>()
    for (let at = this.moments.indexOf(moment); at >= 0; at--) {
      const { [index]: spec } = this.moments[at]?.specs ?? []
      if (spec !== undefined) specs.add(spec)
      if (this.moments[at]?.observed[index] !== false) break
    }
    return [...specs]
  }

  /** How the cluster was at some time between two times. */
  between(from: number, to: number): Moment[] {
    return this.moments.filter(({ time }, index) => time <= to && (this.moments[index + 1]?.time ?? Infinity) >= from)
  }
}
