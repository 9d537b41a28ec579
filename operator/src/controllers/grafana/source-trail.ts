import type { DashboardVersion } from '../../grafana/grafana.ts'
import { readSourceTrailers } from '../../grafana/source-trailer.ts'

interface List {
  readonly found: Map<string, DashboardVersion>
  readonly messages: AsyncIterator<string> | Iterator<string>
  isAtEnd: boolean
}

/** Which version of a dashboard is in Git, by what the newest commits say. They are read once, and as far as somebody asks. */
export class SourceTrail {
  readonly #lists: readonly List[]
  #last: Promise<unknown> = Promise.resolve()

  /** @param lists messages of commits, in each the newest first; of several what was saved last counts */
  constructor(lists: readonly (AsyncIterable<string> | Iterable<string>)[]) {
    this.#lists = lists.map((messages) => ({ found: new Map(), messages: iteratorOf(messages), isAtEnd: false }))
  }

  /** @param page see `pageOf`. @throws GitError as every request */
  newestOf(page: string): Promise<DashboardVersion | undefined> {
    const found = this.#last.then(() => this.#newestOf(page))
    this.#last = found.catch(() => undefined)
    return found
  }

  async #newestOf(page: string): Promise<DashboardVersion | undefined> {
    let newest: DashboardVersion | undefined
    for (const list of this.#lists) {
      const found = await search(list, page)
      if (found !== undefined && !(newest !== undefined && newest.savedAt >= found.savedAt)) newest = found
    }
    return newest
  }
}

const iteratorOf = (messages: AsyncIterable<string> | Iterable<string>): List['messages'] =>
  Symbol.asyncIterator in messages ? messages[Symbol.asyncIterator]() : messages[Symbol.iterator]()

async function search(list: List, page: string): Promise<DashboardVersion | undefined> {
  const { found, messages } = list
  while (!found.has(page) && !list.isAtEnd) {
    const next = await messages.next()
    if (next.done === true) list.isAtEnd = true
    else for (const [at, version] of readSourceTrailers(next.value)) if (!found.has(at)) found.set(at, version)
  }
  return found.get(page)
}
