import { randomBytes } from 'node:crypto'
import type { Account, Spec } from './store.ts'

export interface Panel {
  readonly id: number
  readonly uid: string
  readonly name: string
  /** Uid of the folder; empty at the top. */
  readonly folder: string
  readonly model: Spec
  readonly version: number
  readonly created: Date
  readonly updated: Date
  readonly createdBy: Account
  readonly updatedBy: Account
}

/** The library panels of a Grafana. */
export class PanelStore {
  readonly panels = new Map<string, Panel>()
  #id = 0

  /** @param before what it follows; default: it is new */
  save(
    given: Pick<Panel, 'name' | 'folder' | 'model'> & { readonly uid?: string },
    by: Account,
    before?: Panel,
  ): Panel {
    const now = new Date()
    const uid = given.uid ?? before?.uid ?? randomBytes(7).toString('hex')
    const { description = '' } = given.model
    const panel = {
      ...given,
      uid,
      // Grafana keeps them beside the panel, too.
      model: { ...given.model, description },
      id: before?.id ?? ++this.#id,
      version: (before?.version ?? 0) + 1,
      created: before?.created ?? now,
      updated: now,
      createdBy: before?.createdBy ?? by,
      updatedBy: by,
    }
    this.panels.set(uid, panel)
    return panel
  }

  named(name: string, folder: string): Panel | undefined {
    return [...this.panels.values()].find((panel) => panel.name === name && panel.folder === folder)
  }
}
