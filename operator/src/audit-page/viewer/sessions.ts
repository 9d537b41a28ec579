import { createHash, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../time/clock.ts'

/** A working day, in milliseconds. */
export const SESSION_MS = 8 * 3_600_000
const MAX_SESSIONS = 1_000
/** Of one person. */
const MAX_PER_USER = 10

interface Session {
  readonly token: string
  readonly username: string
}

/**
 * Tokens of those that have logged in with a browser. They are kept in memory, and the cookie is nothing but a number that
 * cannot be guessed: who steals it has no token, and logging out ends it.
 */
export class Sessions {
  readonly #sessions: LRUCache<string, Session>

  constructor(clock: Clock) {
    this.#sessions = new LRUCache({
      max: MAX_SESSIONS,
      ttl: SESSION_MS,
      ttlResolution: 0,
      perf: { now: () => clock.now() },
    })
  }

  /** @returns what the cookie holds */
  begin(token: string, username: string): string {
    // Somebody with many logins ends their own sessions and nobody else's. The newest come first.
    const own = [...this.#sessions.entries()].filter(([, session]) => session.username === username)
    for (const [key] of own.slice(MAX_PER_USER - 1)) this.#sessions.delete(key)
    const id = randomBytes(32).toString('base64url')
    this.#sessions.set(keyOf(id), { token, username })
    return id
  }

  /** The token of a session; undefined where there is none. */
  tokenOf(id: string): string | undefined {
    return this.#sessions.get(keyOf(id))?.token
  }

  end(id: string): void {
    this.#sessions.delete(keyOf(id))
  }
}

/** Looked up by a digest, so that no comparison tells how much of a guess is right. */
const keyOf = (id: string): string => createHash('sha256').update(id).digest('base64url')
