import { identityKey } from '../../objects/object.ts'
import type { KubernetesObject, ObjectIdentity } from '../../objects/object.ts'
import type { NamedAuthor } from '../../plan/authors/naming.ts'
import type { DesiredFile } from '../../plan/desired-files.ts'
import { PushFailure } from '../../push/failure.ts'
import type { Member } from '../../push/member.ts'
import type { Made } from '../../push/object-changes.ts'
import type { RenderedFile } from '../../push/member-settings.ts'
import { commitMessages } from '../../push/commit-messages.ts'
import type { Connection } from '../../push/connection.ts'
import { DashboardHistory } from './dashboard-history.ts'
import type { HistoryState } from './dashboard-history.ts'
import { followedBy } from './followed-dashboard.ts'
import type { FollowedDashboard } from './followed-dashboard.ts'
import type { GrafanaPort } from './grafana-port.ts'
import { Pauses } from './pauses.ts'
import type { Poll } from './poll.ts'
import { SourceTrail } from './source-trail.ts'

export interface HistoriesOptions {
  /** Undefined where no Grafana is asked. */
  readonly grafanas: GrafanaPort | undefined
  readonly member: () => Member
  readonly connection: () => Connection | undefined
  /** Where commits are, short names: what is written, and what that is merged into. */
  readonly branches: readonly string[]
  readonly nameLogin: (login: string) => NamedAuthor | undefined
  /** How it stands with one may be another. */
  readonly report: () => void
}

/** Dashboards whose versions are listed while they wait to be written: others list theirs when some of these are done. */
const MAX_HANDING_ON = 64

interface Entry {
  readonly history: DashboardHistory
  readonly poll: Poll
}

/** The dashboards of one GitSync that Grafanas history, by the keys of their files. */
export class Histories {
  readonly #options: HistoriesOptions
  readonly #entries = new Map<string, Entry>()
  readonly #handingOn = new Set<Entry>()
  #trail: Promise<SourceTrail> | undefined

  constructor(options: HistoriesOptions) {
    this.#options = options
  }

  /**
   * Takes a Dashboard as it is now.
   * @returns false where it does not name one dashboard of a Grafana: it is for the renderer, which says what is wrong with it too
   */
  take(object: KubernetesObject, identity: ObjectIdentity, made: Made): boolean {
    const followed = followedBy(object, made)
    if (followed !== undefined && this.follow(identity, followed)) return true
    this.end(identityKey(identity))
    return false
  }

  /** Follows a dashboard from here on as is said. @returns false where no Grafana is asked */
  follow(identity: ObjectIdentity, followed: FollowedDashboard): boolean {
    const { grafanas, member, nameLogin } = this.#options
    if (grafanas === undefined) return false
    const key = identityKey(identity)
    const known = this.#entries.get(key)
    const update = known?.history.update(followed)
    if (known !== undefined && update !== undefined) {
      if (update.isOther) known.poll.run()
      return true
    }
    this.end(key)
    const history = new DashboardHistory(followed, {
      identity,
      member: member(),
      pauses: new Pauses(grafanas.random),
      open: (source) => grafanas.open(source),
      inGit: (page) => this.#inGit(page),
      nameLogin,
    })
    const entry: Entry = { history, poll: grafanas.poll(followed.source, () => this.#step(entry, grafanas)) }
    this.#entries.set(key, entry)
    entry.poll.run()
    return true
  }

  /** It is not followed any more. */
  end(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    entry.poll.close()
    entry.history.close()
    this.#entries.delete(key)
    this.#doneWith(entry)
    // What was handed on meanwhile is not in what was read.
    this.#trail = undefined
  }

  /** As {@link Histories.end}, of those of which this is so. */
  endAll(isEnded: (identity: ObjectIdentity) => boolean): void {
    for (const [key, { history }] of this.#entries) if (isEnded(history.identity)) this.end(key)
  }

  /** Something has become of the member: whoever waits for it goes on. */
  look(): void {
    for (const { history, poll } of this.#entries.values()) if (poll.isWaiting && history.mayGoOn) poll.run()
  }

  /** Looks for new versions now. @param key of a file. Default: of all whose lists do not say when */
  askNow(key?: string): void {
    if (key !== undefined) this.#entries.get(key)?.poll.run()
    else for (const { history, poll } of this.#entries.values()) if (!history.isListed) poll.run()
  }

  close(): void {
    this.endAll(() => true)
  }

  /** Where dashboards are read. */
  hosts(): string[] {
    return [...this.#entries.values()].map(({ history }) => history.host)
  }

  /** Undefined where its history is not followed. */
  stateOf(key: string): HistoryState | undefined {
    return this.#entries.get(key)?.history.state
  }

  /** Grafana has proved that the dashboard of this Dashboard is not there any more. */
  isGone(key: string): boolean {
    return this.#entries.get(key)?.history.isGone === true
  }

  /** What it wants is not known yet. */
  isBeginning(key: string): boolean {
    const history = this.#entries.get(key)?.history
    return history !== undefined && !history.isBegun && !history.isGone
  }

  /** Undefined where its history is not followed, or Grafana does not give it now. */
  async reread(file: DesiredFile): Promise<RenderedFile | undefined> {
    return await this.#entries.get(file.key)?.history.reread(file)
  }

  follows(key: string): boolean {
    return this.#entries.has(key)
  }

  async #step(entry: Entry, grafanas: GrafanaPort): Promise<number | undefined> {
    const { history, poll } = entry
    if (this.#isFull && !this.#handingOn.has(entry)) return undefined
    this.#handingOn.add(entry)
    const wasBegun = history.isBegun
    const waitMs = await history.step()
    if (poll.isClosed) return undefined
    if (!history.isHandingOn) this.#doneWith(entry)
    // Its Secret may have changed.
    if (history.state.problem?.reason === 'GrafanaRefused') grafanas.doubt(history.source)
    if (!wasBegun && history.isBegun) this.#begun()
    this.#options.report()
    return waitMs
  }

  get #isFull(): boolean {
    return this.#handingOn.size >= MAX_HANDING_ON
  }

  #doneWith(entry: Entry): void {
    const wasFull = this.#isFull
    if (this.#handingOn.delete(entry) && wasFull) this.look()
  }

  /** Files whose Dashboard had not said yet what it wants were judged as nobody's. */
  #begun(): void {
    if (this.#entries.values().every(({ history }) => history.isBegun)) this.#options.member().requireCompare('relist')
  }

  async #inGit(page: string): ReturnType<SourceTrail['newestOf']> {
    const { connection, branches, member } = this.#options
    const { repository } = connection() ?? {}
    if (repository === undefined) throw new PushFailure('Progressing', 'the GitSync has no connection yet')
    const { path: folder, review } = member().settings
    const { authorBranches } = review ?? {}
    this.#trail ??= commitMessages(repository, { branches, authorBranches, folder }).then(
      (lists) => new SourceTrail(lists),
    )
    try {
      return await (await this.#trail).newestOf(page)
    } catch (error) {
      this.#trail = undefined
      throw error
    }
  }
}
