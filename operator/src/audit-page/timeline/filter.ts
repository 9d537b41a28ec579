import { isKind } from '../../audit/filter.ts'
import { pathBelow } from '../../plan/path-in.ts'
import { PageError } from '../page-error.ts'
import { isBelow } from '../remote/logged-commit.ts'
import type { VisibleCommit } from './visible.ts'

/** What of the timeline is wanted. */
export interface TimelineFilter {
  readonly namespace: string
  readonly kind: string
  readonly author: string
  /** Days, `2026-06-30`; '' where there is no bound. */
  readonly since: string
  readonly until: string
}

const MAX_TEXT = 253
const DAY = /^\d{4}-\d{2}-\d{2}$/
const DAY_MS = 86_400_000

/** @throws PageError `BadRequest` */
export function readFilter(query: URLSearchParams): TimelineFilter {
  const text = (name: string): string => (query.get(name) ?? '').trim().slice(0, MAX_TEXT)
  const filter = {
    namespace: text('namespace'),
    kind: text('kind'),
    author: text('author'),
    since: text('since'),
    until: text('until'),
  }
  for (const name of ['since', 'until'] as const) {
    const day = filter[name]
    if (day !== '' && !(DAY.test(day) && !Number.isNaN(Date.parse(day))))
      throw new PageError('BadRequest', `${name} must be a day, as in 2026-06-30`)
  }
  return filter
}

/** From the beginning of one day to the end of another, in UTC. */
export const boundsOf = ({ since, until }: TimelineFilter): { readonly since?: number; readonly until?: number } => ({
  ...(since === '' ? {} : { since: Date.parse(since) }),
  ...(until === '' ? {} : { until: Date.parse(until) + DAY_MS - 1 }),
})

/**
 * Whether something of a kind was changed: told by the files' paths, as default layouts have the kind in them, or by what the
 * commit itself says, where somebody may read it.
 */
export function isOfKind(
  { changes, kinds }: Pick<VisibleCommit, 'changes' | 'kinds'>,
  { kind, folders }: { readonly kind: string; readonly folders: readonly string[] },
): boolean {
  const wanted = kind.toLowerCase()
  return (
    changes.some(({ path }) => kindsIn(path, folders).has(wanted)) || kinds.some((changed) => isKind(changed, wanted))
  )
}

function kindsIn(path: string, folders: readonly string[]): ReadonlySet<string> {
  const folder = folders.find((one) => isBelow(path, one))
  const below = folder === undefined ? undefined : pathBelow(folder, path)
  const names = (below ?? path)
    .toLowerCase()
    .split('/')
    .slice(0, -1)
    // `deployment.apps` is asked for as deployment, too; Dashboards have a folder of their own.
    .flatMap((part) => [part, part.split('.')[0] ?? part, ...(part === 'dashboards' ? ['dashboard'] : [])])
  return new Set(names)
}
