import type { Narrowing, ReflectorPool } from '../reflector-pool.ts'
import type { ReflectorHandler } from '../reflector.ts'

export interface ToldPool extends ReflectorPool {
  /** Who has subscribed, first to last; those that closed as well. */
  readonly handlers: readonly ReflectorHandler[]
  /** What each asked for. */
  readonly narrowings: readonly (Narrowing | undefined)[]
}

/** Watches nothing: a test tells the subscribers. */
export function toldPool(): ToldPool {
  const handlers: ReflectorHandler[] = []
  const narrowings: (Narrowing | undefined)[] = []
  return {
    handlers,
    narrowings,
    subscribe(_resource, _namespace, handler, narrowing) {
      handlers.push(handler)
      narrowings.push(narrowing)
      return { close: () => undefined, state: { phase: 'Listing', since: 0, restarts: 0 } }
    },
    list: () => [],
  }
}
