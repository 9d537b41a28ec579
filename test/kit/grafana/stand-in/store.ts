import { randomBytes, randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Role } from '../ask.ts'
import { PanelStore } from './panel-store.ts'
import { RuleStore } from './rule-store.ts'

export type Spec = Readonly<Record<string, unknown>>

export interface Account {
  readonly kind: 'user' | 'service-account'
  readonly uid: string
  readonly role: Role
  name: string
  /** Password of a person, token of a service account. */
  readonly secret: string
}

export interface Folder {
  readonly uid: string
  readonly id: number
  readonly title: string
  /** Empty at the top. */
  readonly parent: string
}

export interface Revision {
  /** Grows with every write of anything, in microseconds. */
  readonly resourceVersion: number
  /** The version of the classic API: grows only when spec or folder change. */
  readonly generation: number
  /** In which it was written, such as `v1`. */
  readonly apiVersion: string
  readonly spec: Spec
  readonly folder: string
  readonly message: string
  /** Who changed spec or folder last, as `user:UID` or `service-account:UID`. */
  readonly by: string
  /** When spec or folder changed last. */
  readonly at: Date
}

export interface Dashboard {
  readonly uid: string
  readonly id: number
  readonly objectUid: string
  /** Oldest first; those that are kept. */
  readonly revisions: Revision[]
  readonly createdBy: string
  readonly createdAt: Date
}

export interface Save {
  readonly spec: Spec
  readonly apiVersion: string
  readonly folder: string
  readonly message: string
  readonly by: Account
}

export const latest = ({ revisions }: Dashboard): Revision => revisions.at(-1) as Revision
const identity = ({ kind, uid }: Account): string => `${kind}:${uid}`

/** What a Grafana knows: accounts, folders, dashboards with their revisions, and those that were deleted. */
export class Store {
  /** The only one, by its number. */
  readonly organisation: number
  readonly accounts: Account[] = []
  readonly folders = new Map<string, Folder>()
  readonly dashboards = new Map<string, Dashboard>()
  readonly trash = new Map<string, Dashboard>()
  readonly rules = new RuleStore()
  readonly panels = new PanelStore()
  #resourceVersion = Date.now() * 1000
  #id = 0

  constructor(organisation: number) {
    this.organisation = organisation
  }

  /** Of resources. */
  get namespace(): string {
    return this.organisation === 1 ? 'default' : `org-${this.organisation}`
  }

  addAccount(account: Omit<Account, 'uid'>): Account {
    const added = { ...account, uid: randomBytes(7).toString('hex') }
    this.accounts.push(added)
    return added
  }

  addFolder(uid: string, title: string, parent: string): Folder {
    const folder = { uid, title, parent, id: ++this.#id }
    this.folders.set(uid, folder)
    return folder
  }

  /** Gives a folder another title, or puts it into another one. */
  changeFolder(uid: string, change: Partial<Pick<Folder, 'title' | 'parent'>>): Folder | undefined {
    const folder = this.folders.get(uid)
    if (folder === undefined) return undefined
    const changed = { ...folder, ...change }
    this.folders.set(uid, changed)
    return changed
  }

  /** With all that is in it. */
  deleteFolder(uid: string): void {
    this.folders.delete(uid)
    for (const { uid: rule } of this.rules.inFolder(uid)) this.rules.rules.delete(rule)
    for (const panel of this.panels.panels.values()) if (panel.folder === uid) this.panels.panels.delete(panel.uid)
    for (const [name, dashboard] of this.dashboards) if (latest(dashboard).folder === uid) this.delete(name)
    for (const folder of this.folders.values()) if (folder.parent === uid) this.deleteFolder(folder.uid)
  }

  /** A dashboard that was deleted begins anew under its name. */
  save(uid: string, { spec: given, apiVersion, folder, message, by }: Save): Dashboard {
    const { id: _, uid: __, version: ___, ...spec } = given
    const at = new Date()
    const dashboard = this.dashboards.get(uid) ?? {
      uid,
      id: ++this.#id,
      objectUid: randomUUID(),
      revisions: [],
      createdBy: identity(by),
      createdAt: at,
    }
    const previous = dashboard.revisions.at(-1)
    const changed = previous?.folder !== folder || !isDeepStrictEqual(previous.spec, spec)
    dashboard.revisions.push({
      resourceVersion: ++this.#resourceVersion,
      generation: (previous?.generation ?? 0) + (changed ? 1 : 0),
      apiVersion,
      spec,
      folder,
      message,
      by: changed || previous === undefined ? identity(by) : previous.by,
      at: changed || previous === undefined ? at : previous.at,
    })
    this.dashboards.set(uid, dashboard)
    this.trash.delete(uid)
    return dashboard
  }

  delete(uid: string): Dashboard | undefined {
    const dashboard = this.dashboards.get(uid)
    if (dashboard !== undefined) this.trash.set(uid, dashboard)
    this.dashboards.delete(uid)
    return dashboard
  }

  get resourceVersion(): number {
    return this.#resourceVersion
  }

  /** What people read for `user:UID`; Grafana has no name for who is gone. */
  nameOf(by: string): string {
    return this.accounts.find((account) => identity(account) === by)?.name ?? 'Anonymous'
  }
}
