import type { GrafanaSource } from '../../api/dashboard.ts'
import { shortHash } from '../../dashboard/dashboard-path.ts'
import { isForgeError } from '../../forge/forge-error.ts'
import type { Grafana } from '../../grafana/grafana.ts'
import { PushFailure } from '../../push/failure.ts'
import type { Made } from '../../push/object-changes.ts'
import type { FolderTree } from '../grafana/folder-tree.ts'
import type { FedText } from './feed.ts'
import { DELETED, isProof, MOVED, TAKEN_OUT } from './look.ts'
import type { Asked, Look } from './look.ts'

/** What a Grafana has beside its dashboards, of which the state is followed and not a history. */
export interface StateKind {
  /** Keys of others do not begin so: those of dashboards are letters, digits, - and _. Ends with a slash. */
  readonly prefix: string
  /** Field of `spec.source.grafana`, and many of them, for messages. */
  readonly words: { readonly field: string; readonly many: string }
  /** Where their files are. */
  readonly template: string
  /** All that it lets be seen. @throws ForgeError */
  list(grafana: Grafana): AsyncIterable<ListedState>
  /** Uid of the folder in which one is now; undefined where it is not there. @throws ForgeError */
  folderOf(grafana: Grafana, key: string): Promise<string | undefined>
  /** One as it is now; undefined where it is not there. @throws ForgeError */
  read(grafana: Grafana, key: string): Promise<StateContent | undefined>
}

export interface ListedState {
  readonly key: string
  /** Another one for each state of it. */
  readonly state: string
  /** Uid of its folder; '' at the top. */
  readonly folder: string
  /** What a folder is called that is not known otherwise. */
  readonly folderTitle: string
  /** Who made it so. */
  readonly by: Made
  /** Where the list has it. */
  readonly content?: StateContent
}

export type StateContent = Pick<FedText, 'make' | 'variables' | 'fallback'>

interface Known {
  readonly state: string
  readonly titles: readonly string[]
}

/** One that cannot be read keeps no other waiting. */
const OF_ONE = ['Forbidden', 'ServerError', 'LimitExceeded'] as const

/** Those of one sort that are in a folder, or all of them. */
export function statesLook(source: GrafanaSource, kind: StateKind): Look {
  /** By key, as they were told last. */
  const known = new Map<string, Known>()
  const { words, template } = kind

  const isSelected = (folder: string, folders: FolderTree): boolean =>
    source.folder === undefined || folders.has(folder)
  const toFed = (key: string, { state, titles }: Known, content: StateContent): FedText => ({
    key,
    version: JSON.stringify([state, titles]),
    folders: titles,
    template,
    suffix: shortHash(key),
    ...content,
  })

  /** Of those that a look has not shown any more: which are gone, and how. */
  async function findGone(asked: Asked, present: ReadonlySet<string>): Promise<ReadonlyMap<string, Made>> {
    const missing = [...known.keys()].filter((key) => !present.has(key))
    const places = new Map<string, string | undefined>()
    for (const key of missing) {
      try {
        places.set(key, await kind.folderOf(asked.grafana, key))
      } catch (error) {
        if (!isForgeError(error, 'Forbidden')) throw error
      }
    }
    const gone = new Map<string, Made>()
    if (places.size === 0) return gone
    // Read after the places: a folder that was made meanwhile is known by now.
    const folders = await asked.foldersNow()
    for (const [key, folder] of places) {
      if (folder === undefined) gone.set(key, DELETED)
      else if (folders !== undefined && !isSelected(folder, folders)) gone.set(key, TAKEN_OUT)
    }
    const areDeleted = gone.size > 0 && [...gone.values()].every((by) => by === DELETED)
    if (areDeleted && !(await isProof({ gone: gone.size, known: known.size }, source, asked))) {
      const message = `${words.field}: ${source.url} has none of the ${known.size} ${words.many} any more that it had: their files stay`
      throw new PushFailure('NotInGrafana', message)
    }
    return gone
  }

  return {
    get size() {
      return known.size
    },
    async look(asked, handler) {
      const { grafana, folders } = asked
      const present = new Set<string>()
      let failure: unknown
      for await (const { key, state, folder, folderTitle, by, content } of listed(grafana)) {
        if (!isSelected(folder, folders)) continue
        present.add(key)
        const titles = folders.get(folder) ?? (folderTitle === '' ? [] : [folderTitle])
        const now: Known = { state, titles }
        const before = known.get(key)
        const isSame = before?.state === state
        if (isSame && JSON.stringify(before?.titles) === JSON.stringify(titles)) continue
        try {
          const read = content ?? (await kind.read(grafana, key))
          // The next list says so.
          if (read === undefined) continue
          known.set(key, now)
          handler.told(toFed(key, now, read), isSame ? MOVED : by)
        } catch (error) {
          if (!isForgeError(error, ...OF_ONE)) throw error
          failure ??= error
        }
      }
      for (const [key, by] of await findGone(asked, present)) {
        known.delete(key)
        handler.gone(key, { by })
      }
      if (failure !== undefined) throw failure
    },
    async isGone(key, asked) {
      if (known.has(key)) return false
      const folder = await kind.folderOf(asked.grafana, key)
      const folders = await asked.foldersNow()
      if (folders === undefined) return false
      return folder === undefined
        ? await isProof({ gone: 0, known: known.size }, source, asked)
        : !isSelected(folder, folders)
    },
    async read(key, { grafana }) {
      const now = known.get(key)
      const content = now && (await kind.read(grafana, key))
      return content && toFed(key, now, content)
    },
  }

  async function* listed(grafana: Grafana): AsyncGenerator<ListedState> {
    try {
      yield* kind.list(grafana)
    } catch (error) {
      if (!isForgeError(error, 'NotFound')) throw error
      const message = `${words.field}: ${source.url} has no ${words.many}, as where they are switched off, or it is older than these: ${error.message}`
      throw new PushFailure('NotInGrafana', message)
    }
  }
}
