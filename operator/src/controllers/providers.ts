import type { Logger } from 'pino'
import { parseGitProvider } from '../api/parse.ts'
import type { GitProvider } from '../api/parse.ts'
import type { ReflectorPool } from '../kube/reflector-pool.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { GITPROVIDERS } from './known-resources.ts'
import type { InvalidProvider } from './environment.ts'

export interface Providers {
  readonly valid: ReadonlyMap<string, GitProvider>
  /** Hosts of these are refused: nobody can tell what they would allow. */
  readonly invalid: ReadonlyMap<string, InvalidProvider>
  /** Resolves when all of them have been read. */
  readonly listed: Promise<void>
  /** `listed`, or what the reflector is at. */
  readonly state: string
}

/** For an operator that may not read them: every host has the rules that hold without one. */
export const noProviders: Providers = {
  valid: new Map(),
  invalid: new Map(),
  listed: Promise.resolve(),
  state: 'listed',
}

/** Keeps every GitProvider at hand. */
export function followProviders(pool: ReflectorPool, logger: Logger, changed: () => void): Providers {
  const valid = new Map<string, GitProvider>()
  const invalid = new Map<string, InvalidProvider>()
  const listed = Promise.withResolvers<void>()
  let state = 'Listing'
  const forget = (name: string): void => {
    const known = [valid.delete(name), invalid.delete(name)]
    if (known.includes(true)) changed()
  }
  pool.subscribe(GITPROVIDERS, undefined, {
    onObject(object) {
      const { name } = object.metadata
      try {
        valid.set(name, parseGitProvider(object))
        invalid.delete(name)
      } catch (error) {
        valid.delete(name)
        const problem = error instanceof Error ? error.message : String(error)
        invalid.set(name, { hosts: hostsOf(object), problem })
        logger.warn({ gitprovider: name, error: problem }, 'the hosts of this GitProvider are refused')
      }
      changed()
    },
    onDelete: (object) => forget(object.metadata.name),
    onSynced: ({ vanished }) => {
      for (const key of vanished) forget(key.slice(1))
      state = 'listed'
      listed.resolve()
    },
    onState: ({ phase, lastError }) => {
      if (state === 'listed' || phase === 'Listing') return
      state = lastError === undefined ? phase : `${phase}: ${lastError.message}`
      if (lastError !== undefined) logger.warn({ error: lastError.message }, 'GitProviders cannot be listed')
    },
  })
  return {
    valid,
    invalid,
    listed: listed.promise,
    get state() {
      return state
    },
  }
}

/** Undefined when that cannot be told either. */
function hostsOf(object: KubernetesObject): readonly string[] | undefined {
  const { hosts } = (object['spec'] ?? {}) as { hosts?: unknown }
  return Array.isArray(hosts) && hosts.every((host) => typeof host === 'string') ? hosts : undefined
}
