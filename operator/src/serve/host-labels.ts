import type { Counter, Gauge, Histogram } from 'prom-client'

type HostMetric = Counter | Gauge | Histogram

/** The label of every host beyond the bound. */
export const OTHER = 'other'
/** Hosts that have a label of their own. */
const MAX_HOSTS = 100

/**
 * Bounds the label `host`, which tenants choose: a host has one while some GitSync names it, and at most so many have
 * their own.
 */
export class HostLabels {
  readonly #max: number
  readonly #metrics: readonly HostMetric[]
  readonly #labelled = new Set<string>()

  /**
   * @param metrics those with the label `host`
   * @param max default 100
   */
  constructor(metrics: readonly HostMetric[], max = MAX_HOSTS) {
    this.#metrics = metrics
    this.#max = max
  }

  /** What to count a host as. */
  of(host: string): string {
    if (this.#labelled.has(host)) return host
    if (this.#labelled.size >= this.#max) return OTHER
    this.#labelled.add(host)
    return host
  }

  /** Drops the series of hosts that are not named any more. */
  async keepOnly(hosts: ReadonlySet<string>): Promise<void> {
    const gone = new Set([...this.#labelled].filter((host) => !hosts.has(host)))
    if (gone.size === 0) return
    for (const host of gone) this.#labelled.delete(host)
    for (const metric of this.#metrics) {
      for (const { labels } of (await metric.get()).values) {
        const { host } = labels as { readonly host?: string }
        // A histogram shows bounds that are no label of its own.
        const { le: _le, ...own } = labels as Record<string, string>
        if (host !== undefined && gone.has(host)) metric.remove(own)
      }
    }
  }
}

const NAMED: ReadonlySet<number> = new Set([
  0, 200, 201, 204, 206, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 501, 502, 503, 504,
])

/** Bounds the label `code`, which the host chooses: well-known ones, and of the others the class. */
export function codeLabel(status: number): string {
  return NAMED.has(status) ? String(status) : `${Math.floor(status / 100)}xx`
}
