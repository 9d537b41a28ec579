import type { GrafanaSource } from '../../api/dashboard.ts'
import type { DashboardPlace, Grafana } from '../../grafana/grafana.ts'
import { PushFailure } from '../../push/failure.ts'
import type { Made } from '../../push/object-changes.ts'
import type { FolderTree } from '../grafana/folder-tree.ts'
import { DELETED, TAKEN_OUT } from './look.ts'
import type { Asked } from './look.ts'

/** Things of one sort that a Grafana has. */
export interface Sort {
  /** The field that asks for them, and what many of them are called, for messages. */
  readonly words: { readonly field: string; readonly many: string }
  /** Where one is now; undefined where it is not there. @throws ForgeError */
  placeOf(grafana: Grafana, key: string): Promise<DashboardPlace | undefined>
  /** Whether an error says of one that nothing can be told of it: then it stays, and the others go on. */
  isUntold(error: unknown): boolean
}

/** What is selected of a Grafana, and what is proved not to be any more: what a list leaves out is asked for by itself. */
export class Absence {
  readonly #source: GrafanaSource
  readonly #sort: Sort

  constructor(source: GrafanaSource, sort: Sort) {
    this.#source = source
    this.#sort = sort
  }

  isSelected({ folder, tags }: DashboardPlace, folders: FolderTree): boolean {
    const { folder: wanted, tag } = this.#source
    return (wanted === undefined || folders.has(folder)) && (tag === undefined || tags.includes(tag))
  }

  /**
   * Of those that a list does not show any more: which are gone, and how.
   * @param known how many there were
   * @throws PushFailure where none of several is there: that is another Grafana, or another organisation of it; ForgeError
   */
  async find(missing: readonly string[], known: number, asked: Asked): Promise<ReadonlyMap<string, Made>> {
    const { words } = this.#sort
    const places = new Map<string, DashboardPlace | undefined>()
    for (const key of missing) {
      try {
        places.set(key, await this.#sort.placeOf(asked.grafana, key))
      } catch (error) {
        if (!this.#sort.isUntold(error)) throw error
      }
    }
    const gone = new Map<string, Made>()
    if (places.size === 0) return gone
    // Read after the places: a folder that was made meanwhile is known by now. Lists may be older than what they list.
    const folders = await asked.foldersNow()
    for (const [key, place] of places) {
      if (place === undefined) gone.set(key, DELETED)
      else if (folders !== undefined && !this.isSelected(place, folders)) gone.set(key, TAKEN_OUT)
    }
    const areDeleted = gone.size > 0 && [...gone.values()].every((by) => by === DELETED)
    if (areDeleted && !(await this.#isProof({ gone: gone.size, known }, asked))) {
      const message = `${words.field}: ${this.#source.url} has none of the ${known} ${words.many} any more that it had: their files stay`
      throw new PushFailure('NotInGrafana', message)
    }
    return gone
  }

  /** Whether one that nobody lists is gone for good. @throws ForgeError */
  async isGone(key: string, known: number, asked: Asked): Promise<boolean> {
    const place = await this.#sort.placeOf(asked.grafana, key)
    const folders = await asked.foldersNow()
    if (folders === undefined) return false
    return place === undefined ? await this.#isProof({ gone: 0, known }, asked) : !this.isSelected(place, folders)
  }

  /** Whether it means something that none of some is there any more: another Grafana, or another organisation of it, has none of them. */
  async #isProof(
    { gone, known }: { readonly gone: number; readonly known: number },
    { grafana, isSame }: Asked,
  ): Promise<boolean> {
    return gone < known || this.#source.folder !== undefined || isSame || (known <= 1 && (await grafana.showsAny()))
  }
}
