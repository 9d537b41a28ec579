import type { Account } from './store.ts'

export interface Request {
  readonly method: string
  /** Decoded, without `api` or `apis`. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  /** Parsed; undefined when there is none. */
  readonly body: any
  readonly account: Account
}
