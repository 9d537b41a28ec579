import type { Session } from '../session.ts'
import { fetchHistory } from './fetch-history.ts'
import type { HistoryBatch, HistoryRequest } from './fetch-history.ts'

/** Fetches the batch that will come next while somebody looks into the one before. */
export class LookAhead {
  readonly #session: Session
  #begun:
    | { readonly request: string; readonly batch: Promise<HistoryBatch>; readonly leaving: AbortController }
    | undefined

  constructor(session: Session) {
    this.#session = session
  }

  begin(request: HistoryRequest): void {
    const leaving = new AbortController()
    const batch = fetchHistory(this.#session.with(leaving.signal), request)
    // Whoever takes it is told; where nobody does, nothing has failed.
    batch.catch(() => undefined)
    this.#begun = { request: JSON.stringify(request), batch, leaving }
  }

  /** What was begun, where it is this; else it is fetched now. */
  async take(request: HistoryRequest): Promise<HistoryBatch> {
    const begun = this.#begun
    if (begun?.request === JSON.stringify(request)) {
      this.#begun = undefined
      return begun.batch
    }
    this.drop()
    return fetchHistory(this.#session, request)
  }

  /** Ends what nobody will take. */
  drop(): void {
    this.#begun?.leaving.abort()
    this.#begun = undefined
  }
}
