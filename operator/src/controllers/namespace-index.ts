import type { ResourceSelector } from '../api/gitsync.ts'
import { isKubeError, KubeError } from '../kube/errors.ts'
import type { ReflectorPool } from '../kube/reflector-pool.ts'
import type { Subscription } from '../kube/reflector.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { matchesLabels } from '../plan/selection.ts'
import type { Clock } from '../time/clock.ts'
import { NAMESPACES } from './known-resources.ts'

export type NamespaceSelector = NonNullable<NonNullable<ResourceSelector['namespaces']>['selector']>

/** What a GitSync wants to know: where it reads, and whether it may use the host of its repository, or another one. */
export type NamespaceQuestion = 'resources' | 'provider' | `host ${string}`

/** The namespaces of the cluster by their labels. They are read from the first question on. */
export interface NamespaceIndex {
  /**
   * Namespaces that match each selector. Whoever asks is told when the answer changes, by what it asked last.
   * @param asker namespace/name of a GitSync
   * @param question takes the place of the same one asked before
   * @throws KubeError when Namespaces were never listed: `Forbidden`, or `Unavailable` after ten seconds
   */
  matching(
    asker: string,
    question: NamespaceQuestion,
    selectors: readonly NamespaceSelector[],
  ): Promise<readonly (readonly string[])[]>
  /** It need not be told any more; of nothing where no question is named. */
  forget(asker: string, question?: NamespaceQuestion): void
}

interface Reading {
  readonly listed: Promise<void>
  readonly subscription: Subscription
}

type Labels = Readonly<Record<string, string>>

/** A namespace that is gone counts for so long: its objects were deleted before it, and their watches tell so in their own time. */
const LINGER_MS = 30_000
/** Labels are often changed several at a time, in milliseconds. */
const SETTLE_MS = 100
const PATIENCE_MS = 10_000

export function createNamespaceIndex(
  pool: ReflectorPool,
  clock: Clock,
  changed: (asker: string) => void,
): NamespaceIndex {
  const known = new Map<string, Labels>()
  const askers = new Map<string, Map<NamespaceQuestion, readonly NamespaceSelector[]>>()
  const lingering = new Map<string, () => void>()
  const pending = new Set<string>()
  let reading: Reading | undefined

  const tell = (before: Labels | undefined, after: Labels | undefined): void => {
    const isOther = (selector: NamespaceSelector): boolean => isMatch(selector, before) !== isMatch(selector, after)
    for (const [asker, questions] of askers) {
      if (pending.has(asker) || !questions.values().some((selectors) => selectors.some(isOther))) continue
      pending.add(asker)
      clock.after(SETTLE_MS, () => {
        pending.delete(asker)
        changed(asker)
      })
    }
  }
  const seen = ({ metadata: { name, labels = {} } }: KubernetesObject): void => {
    lingering.get(name)?.()
    lingering.delete(name)
    const before = known.get(name)
    known.set(name, labels)
    tell(before, labels)
  }
  const gone = (name: string): void => {
    lingering.get(name)?.()
    const cancel = clock.after(LINGER_MS, () => {
      lingering.delete(name)
      const before = known.get(name)
      known.delete(name)
      tell(before, undefined)
    })
    lingering.set(name, cancel)
  }

  function read(): Reading {
    const listed = Promise.withResolvers<void>()
    // Whoever asks hears of it; nobody may be asking.
    listed.promise.catch(() => undefined)
    const subscription = pool.subscribe(
      NAMESPACES,
      undefined,
      {
        onObject: seen,
        onDelete: ({ metadata }) => gone(metadata.name),
        onSynced: ({ vanished }) => {
          for (const key of vanished) gone(key.slice(1))
          listed.resolve()
        },
        onState: ({ phase, lastError }) => {
          if (phase === 'Forbidden' && lastError !== undefined) listed.reject(lastError)
        },
      },
      { metadataOnly: true },
    )
    return { listed: listed.promise, subscription }
  }

  async function listed(): Promise<void> {
    reading ??= read()
    const { promise, reject } = Promise.withResolvers<never>()
    const cancel = clock.after(PATIENCE_MS, () =>
      reject(new KubeError('Unavailable', `namespaces are not listed yet: ${reading?.subscription.state.phase}`)),
    )
    try {
      await Promise.race([reading.listed, promise])
    } catch (error) {
      // Permissions change; whoever asks next finds out at once.
      if (isKubeError(error, 'Forbidden')) {
        reading.subscription.close()
        reading = undefined
      }
      throw error
    } finally {
      cancel()
    }
  }

  return {
    async matching(asker, question, selectors) {
      const questions = askers.get(asker) ?? new Map<NamespaceQuestion, readonly NamespaceSelector[]>()
      askers.set(asker, questions.set(question, selectors))
      await listed()
      return selectors.map((selector) =>
        [...known].flatMap(([name, labels]) => (isMatch(selector, labels) ? [name] : [])).toSorted(),
      )
    },
    forget(asker, question) {
      if (question === undefined) askers.delete(asker)
      else askers.get(asker)?.delete(question)
    },
  }
}

const isMatch = (selector: NamespaceSelector, labels: Labels | undefined): boolean =>
  labels !== undefined && matchesLabels(selector, labels)
