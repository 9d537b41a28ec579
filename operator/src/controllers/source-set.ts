import type { ReflectorPool } from '../kube/reflector-pool.ts'
import { groupKindKey } from '../objects/object.ts'
import type { GroupKind, ObjectIdentity } from '../objects/object.ts'
import type { Exclusions } from '../plan/exclusions.ts'
import { Source } from './source.ts'
import type { SourceHandler, SourceRule } from './source.ts'

/** One kind that a GitSync may read. */
export interface Reading {
  readonly resource: Source['resource']
  readonly rules: readonly SourceRule[]
  readonly exclusions: Exclusions
  /** Only `kind: "*"` stands for it: what the operator may not read is left out. */
  readonly isByWildcard: boolean
}

export interface SourceSetOptions {
  readonly pool: ReflectorPool
  /** Namespaces to read; undefined for all of them. */
  readonly namespaces: readonly string[] | undefined
  readonly handler: SourceHandler
}

/** Everything that a GitSync reads: a source for each kind. */
export class SourceSet {
  readonly #options: SourceSetOptions
  readonly #sources = new Map<string, Source>()
  /** Keys of sources that only `kind: "*"` stands for. */
  #byWildcard: ReadonlySet<string> = new Set()
  #isReading = false

  constructor(options: SourceSetOptions) {
    this.#options = options
  }

  /** Everything that can be read has been read. */
  get listed(): boolean {
    return this.#isReading && this.#sources.values().every((source) => source.synced || source.failing !== undefined)
  }

  /** All that is known is current. */
  get current(): boolean {
    return this.#sources.values().every((source) => source.current)
  }

  /** What is known of an object's part of the cluster is current: that it is absent means something. */
  knows(identity: ObjectIdentity): boolean {
    return this.#sources.values().some((source) => source.knows(identity))
  }

  leavesAlone(identity: ObjectIdentity): boolean {
    return this.#sources.values().some((source) => source.leavesAlone(identity))
  }

  /** The source that an object comes from; undefined when it is not read. */
  of(identity: ObjectIdentity): Source | undefined {
    return this.#sources.values().find((source) => source.covers(identity))
  }

  /** The version in which a kind is read; undefined when it is not. */
  versionOf(kind: GroupKind): string | undefined {
    const wanted = groupKindKey(kind)
    return this.#sources.values().find(({ resource }) => groupKindKey(resource) === wanted)?.resource.version
  }

  /** Whether just this is read already. */
  reads(readings: readonly Reading[]): boolean {
    return (
      readings.length === this.#sources.size &&
      readings.every(
        (reading) => this.#sources.get(keyOf(reading))?.keeps(reading.rules, this.#scopes(reading)) === true,
      )
    )
  }

  /** Goes on with those of its sources that these readings want, and ends the others. @returns the ended ones */
  retain(readings: readonly Reading[]): readonly Source[] {
    this.#isReading = true
    const wanted = new Map(readings.map((reading) => [keyOf(reading), reading]))
    const ended: Source[] = []
    for (const [key, source] of this.#sources) {
      if (wanted.has(key)) continue
      source.close()
      this.#sources.delete(key)
      ended.push(source)
    }
    for (const [key, reading] of wanted)
      this.#sources.get(key)?.update(this.#options.pool, reading.rules, this.#scopes(reading))
    return ended
  }

  /** Begins with what these readings want and is not read yet. */
  open(readings: readonly Reading[]): void {
    const { pool, handler } = this.#options
    this.#byWildcard = new Set(readings.filter(({ isByWildcard }) => isByWildcard).map(keyOf))
    for (const reading of readings) {
      const key = keyOf(reading)
      if (this.#sources.has(key)) continue
      const source = new Source(reading.resource, reading.rules, handler, reading.exclusions)
      this.#sources.set(key, source)
      source.open(pool, this.#scopes(reading))
    }
  }

  close(): void {
    for (const source of this.#sources.values()) source.close()
    this.#sources.clear()
  }

  /** Kinds that only `kind: "*"` stands for and that the operator may not read, or cannot. */
  leftOut(): { readonly forbidden: readonly string[]; readonly failing: readonly string[] } {
    const own = [...this.#sources].flatMap(([key, source]) => (this.#byWildcard.has(key) ? [source] : []))
    const forbidden = own.filter(({ refusal }) => refusal !== undefined)
    const failing = own.filter(({ refusal, failing }) => refusal === undefined && failing !== undefined)
    const names = (sources: readonly Source[]): string[] => sources.map(({ resource }) => groupKindKey(resource))
    return { forbidden: names(forbidden), failing: names(failing) }
  }

  /** Kinds that cannot be listed for now, and why. @param now milliseconds since the epoch */
  unreadable(now: number): { readonly kind: string; readonly why: string; readonly isForbidden: boolean }[] {
    const unreadable: { kind: string; why: string; isForbidden: boolean }[] = []
    for (const [key, source] of this.#sources) {
      const { refusal } = source
      if (this.#byWildcard.has(key) && (refusal !== undefined || source.failing !== undefined)) continue
      const why = refusal ?? source.failing?.lastError?.message ?? source.stale(now)
      const isForbidden = refusal !== undefined
      if (why !== undefined) unreadable.push({ kind: groupKindKey(source.resource), why, isForbidden })
    }
    return unreadable
  }

  /** The namespaces that some rule wants; the pool knows how to watch them best. */
  #scopes({ resource, rules }: Reading): readonly (string | undefined)[] {
    const { namespaces } = this.#options
    if (!resource.namespaced) return [undefined]
    if (namespaces === undefined && rules.some((rule) => rule.namespaces === undefined)) return [undefined]
    const wanted = new Set(rules.flatMap((rule) => [...(rule.namespaces ?? namespaces ?? [])]))
    return namespaces === undefined ? [...wanted] : namespaces.filter((namespace) => wanted.has(namespace))
  }
}

/** The same source may read other namespaces, but not by other selectors. */
function keyOf({ resource, rules, exclusions }: Reading): string {
  const selectors = rules.map(({ selector }) => selector)
  return JSON.stringify([resource.group, resource.version, resource.plural, selectors, exclusions])
}
