import type { KubernetesObject } from '../objects/object.ts'
import { isOfLastWrite, readStamp } from './authors/stamp.ts'
import type { AuthorSource } from './authors/source.ts'
import type { User } from './authors/user.ts'

/** Set by a user interface that writes for somebody with an account of its own; never written to Git. */
const ON_BEHALF_ANNOTATION = 'gitsync.dev/on-behalf-of'

/** Who last wrote what belongs in the file, and when. */
export interface Attribution {
  /** How `user` is known; absent while nobody is. */
  readonly source?: AuthorSource
  /** As the API server knows them, or as a trusted user interface names them. */
  readonly user?: User
  /** Field manager: the program. */
  readonly manager?: string
  /** RFC 3339; absent when the API server does not say. */
  readonly time?: string
  /** Newest time in the object's record; to be given along with its next state. */
  readonly newest?: string
}

/** What was known of the object before. */
export interface SeenBefore {
  /** Newest time in the record of its last state. */
  readonly newest?: string | undefined
  /** resourceVersion of its last state. */
  readonly version?: string | undefined
}

export interface AttributionOptions {
  /** Which may be believed. Their order is fixed: Stamp, TrustedAnnotation, Audit, FieldManager. */
  readonly sources: ReadonlySet<AuthorSource>
  /** User names whose `gitsync.dev/on-behalf-of` is believed. */
  readonly trusted: ReadonlySet<string>
  /** RFC 3339, whole seconds: an older time was not made just now. Leaves room for clocks that differ. */
  readonly justNow: string
  /** User that an audit event names as the writer of just this version. */
  readonly audited?: User | undefined
}

/**
 * Who wrote this state of the object. The stamp names the person. Without one the field manager of the newest write does,
 * status aside: `kubectl-edit`, `argocd-controller`. API servers record it for every write; it names a program, which is
 * better than nobody. Of several writes in one second the last in the record is taken.
 */
export function attribute(
  object: KubernetesObject,
  before: SeenBefore,
  { sources, trusted, justNow, audited }: AttributionOptions,
): Attribution {
  const stamp = readStamp(object)
  const isStamped = stamp !== undefined && isOfLastWrite(stamp, before.version)
  const isUnstamped = stamp !== undefined && before.version !== undefined && !isStamped
  const write = newestWrite(object, before.newest, { justNow, isUnstamped })
  if (isStamped) {
    const onBehalf = object.metadata.annotations?.[ON_BEHALF_ANNOTATION]?.trim() ?? ''
    if (sources.has('TrustedAnnotation') && trusted.has(stamp.user.name) && onBehalf !== '')
      return { ...write, source: 'TrustedAnnotation', user: { name: onBehalf } }
    if (sources.has('Stamp')) return { ...write, source: 'Stamp', user: stamp.user }
  }
  if (sources.has('Audit') && audited !== undefined) return { ...write, source: 'Audit', user: audited }
  if (sources.has('FieldManager') && write.manager !== undefined) return { ...write, source: 'FieldManager' }
  return write
}

/** What is to be known of an object when its next state comes. */
export function seenOf({ metadata: { managedFields = [], resourceVersion } }: KubernetesObject): SeenBefore {
  return {
    newest: newestTime(managedFields.filter(({ subresource }) => subresource !== 'status')),
    version: resourceVersion,
  }
}

type Writes = NonNullable<KubernetesObject['metadata']['managedFields']>

function newestTime(writes: Writes): string | undefined {
  const newest = writes.reduce((latest, { time = '' }) => (time > latest ? time : latest), '')
  return newest === '' ? undefined : newest
}

function newestWrite(
  object: KubernetesObject,
  before: string | undefined,
  { justNow, isUnstamped }: { readonly justNow: string; readonly isUnstamped: boolean },
): Pick<Attribution, 'manager' | 'time' | 'newest'> {
  const writes = (object.metadata.managedFields ?? []).filter(({ subresource }) => subresource !== 'status')
  const newest = newestTime(writes) ?? ''
  const timed = writes.findLast(({ time = '' }) => time === newest)
  // Writes through /scale have no time and no stamp: when no time is new, and the newest is not of just now, or the stamp is
  // an old one, it was one of these.
  const isOld = before === newest && (isUnstamped || newest < justNow)
  const untimed = isOld ? writes.findLast(({ time }) => time === undefined) : undefined
  const { manager, time } = untimed ?? timed ?? {}
  return {
    ...(manager === undefined ? {} : { manager }),
    ...(time === undefined ? {} : { time }),
    ...(newest === '' ? {} : { newest }),
  }
}
