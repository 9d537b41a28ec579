import type { ReflectorPool } from '../kube/reflector-pool.ts'
import type { Discovery } from '../kube/discovery.ts'
import type { Clock } from '../time/clock.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from './known-resources.ts'

/** Definitions are often installed several at a time, and are served a moment later, in milliseconds. */
const SETTLE_MS = 500
/** An API server may be that slow to serve what was installed, in milliseconds. */
const AGAIN_MS = 5_000

/**
 * Tells of which groups kinds may have come, gone or changed version. Only metadata of definitions is read: with their
 * schemas they are large. An operator that may not watch them relies on the regular recheck.
 */
export function watchDefinitions(
  pool: ReflectorPool,
  clock: Clock,
  discovery: Pick<Discovery, 'invalidate'>,
  changed: (groups: ReadonlySet<string>) => void,
): void {
  const groups = new Set<string>()
  let cancel: (() => void) | undefined
  const tell = (concerned: ReadonlySet<string>): void => {
    discovery.invalidate()
    changed(concerned)
  }
  const later = (name: string): void => {
    // `widgets.example.com`: plural and group.
    groups.add(name.slice(name.indexOf('.') + 1))
    discovery.invalidate()
    cancel ??= clock.after(SETTLE_MS, () => {
      cancel = undefined
      const concerned = new Set(groups)
      groups.clear()
      tell(concerned)
      clock.after(AGAIN_MS, () => tell(concerned))
    })
  }
  pool.subscribe(
    CUSTOM_RESOURCE_DEFINITIONS,
    undefined,
    {
      onObject: ({ metadata }, phase) => {
        if (phase === 'live') later(metadata.name)
      },
      onDelete: ({ metadata }) => later(metadata.name),
      onSynced: ({ vanished }) => {
        for (const key of vanished) later(key.slice(1))
      },
    },
    { metadataOnly: true },
  )
}
