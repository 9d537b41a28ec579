import type { GrafanaSource } from '../../api/dashboard.ts'
import { shortHash } from '../../dashboard/dashboard-path.ts'
import { isForgeError } from '../../forge/forge-error.ts'
import type { DashboardPlace, Grafana } from '../../grafana/grafana.ts'
import { PushFailure } from '../../push/failure.ts'
import type { Made } from '../../push/object-changes.ts'
import type { FedText } from './feed.ts'
import { Absence } from './absence.ts'
import { MOVED } from './look.ts'
import type { Look } from './look.ts'

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

/** They have no tags. */
const placed = (folder: string): DashboardPlace => ({ folder, tags: [] })

/** One that cannot be read keeps no other waiting. */
const OF_ONE = ['Forbidden', 'ServerError', 'LimitExceeded'] as const

/** Those of one sort that are in a folder, or all of them. */
export function statesLook(source: GrafanaSource, kind: StateKind): Look {
  /** By key, as they were told last. */
  const known = new Map<string, Known>()
  const { words, template } = kind

  const absence = new Absence(source, {
    words,
    async placeOf(grafana, key) {
      const folder = await kind.folderOf(grafana, key)
      return folder === undefined ? undefined : placed(folder)
    },
    isUntold: (error) => isForgeError(error, 'Forbidden'),
  })
  const toFed = (key: string, { state, titles }: Known, content: StateContent): FedText => ({
    key,
    version: JSON.stringify([state, titles]),
    folders: titles,
    template,
    suffix: shortHash(key),
    ...content,
  })

  return {
    get size() {
      return known.size
    },
    async look(asked, handler) {
      const { grafana, folders } = asked
      const present = new Set<string>()
      let failure: unknown
      for await (const { key, state, folder, folderTitle, by, content } of listed(grafana)) {
        if (!absence.isSelected(placed(folder), folders)) continue
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
      const missing = [...known.keys()].filter((key) => !present.has(key))
      for (const [key, by] of await absence.find(missing, known.size, asked)) {
        known.delete(key)
        handler.gone(key, { by })
      }
      if (failure !== undefined) throw failure
    },
    isGone: async (key, asked) => !known.has(key) && (await absence.isGone(key, known.size, asked)),
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
