import type { DashboardStatus } from '../../api/dashboard.ts'
import { DashboardError } from '../../dashboard/dashboard-error.ts'
import { dashboardFile } from '../../dashboard/dashboard-file.ts'
import { isForgeError } from '../../forge/forge-error.ts'
import type { DashboardVersion, GrafanaVersions, SavedDashboard } from '../../grafana/grafana.ts'
import { isSameVersion, pageOf, sourceTrailer, spelt } from '../../grafana/source-trailer.ts'
import { identityKey } from '../../objects/object.ts'
import type { ObjectIdentity } from '../../objects/object.ts'
import type { NamedAuthor } from '../../plan/authors/naming.ts'
import { repositoryAddress } from '../../plan/repository-address.ts'
import type { DesiredFile } from '../../plan/desired-files.ts'
import { contentId } from '../../push/member.ts'
import type { Member } from '../../push/member.ts'
import type { Made } from '../../push/object-changes.ts'
import type { RenderedFile } from '../../push/member-settings.ts'
import { fileOwner } from '../file-owner.ts'
import type { Problem } from '../step.ts'
import type { FollowedDashboard } from './followed-dashboard.ts'
import { grafanaProblem } from './grafana-problem.ts'
import type { Pauses } from './pauses.ts'
import { findGap } from './version-gap.ts'
import type { VersionGap } from './version-gap.ts'

export interface HistoryOptions {
  readonly identity: ObjectIdentity
  readonly member: Member
  readonly pauses: Pauses
  /** @throws PushFailure, KubeError */
  readonly open: (source: FollowedDashboard['source']) => Promise<GrafanaVersions>
  /** What version of a page is in Git, as its commits say. @throws GitError */
  readonly inGit: (page: string) => Promise<DashboardVersion | undefined>
  /** Whom a commit names for a login of Grafana. */
  readonly nameLogin: (login: string) => NamedAuthor | undefined
}

/** How it stands with what a Grafana gives. */
export interface HistoryState {
  /** resourceVersion of the Dashboard that it is about. */
  readonly version: string | undefined
  /** What keeps it from being in step. */
  readonly problem: Problem | undefined
  /** What is not as people may expect, and keeps nobody from anything. */
  readonly note: Problem | undefined
  /** Everything that Grafana has shown is handed on. */
  readonly isInStep: boolean
  /** What was handed on last. */
  readonly source: Required<Pick<DashboardStatus, 'sourceUrl' | 'sourceVersion' | 'sourceSavedAt'>> | undefined
}

/** Names that a message shows of many. */
const SHOWN = 3
/** Versions of one dashboard that are listed. */
const MAX_VERSIONS = 10_000
/** What a Grafana shows anew that it had before: nobody has saved it, and it does not say who put it back. */
const UNSEEN: Made = { origin: { by: 'unknown (restored in Grafana)', via: 'Grafana' } }

/** Whether a version is no later one: a clock that was put back, or is another's, makes the next one older, not lower. */
const isUpTo = (version: DashboardVersion, after: DashboardVersion): boolean =>
  isSameVersion(version, after) || (version.version <= after.version && version.savedAt < after.savedAt)

/**
 * Hands the versions of one dashboard, as Grafana shows them, to the member of a branch, in their order and each once. What
 * Git holds needs no memory: a commit says which version it is, and the status of the Dashboard spares the look.
 */
export class DashboardHistory {
  readonly key: string
  readonly #options: HistoryOptions
  #followed: FollowedDashboard
  /** What was handed on last, or is in Git. */
  #recorded: DashboardVersion | undefined
  /** To be handed on, the oldest first. */
  #pending: DashboardVersion[] = []
  /** Of which versions are missing before the next one. */
  #gap: VersionGap | undefined
  /** Where the next one is to be, and another is. */
  #heldUpAt: DesiredFile | undefined
  #isBegun = false
  #isInStep = false
  #isGone = false
  #isClosed = false
  /** The Dashboard may want another file of the same version. */
  #isStale = false
  #problem: Problem | undefined
  #note: Problem | undefined

  constructor(followed: FollowedDashboard, options: HistoryOptions) {
    this.key = identityKey(options.identity)
    this.#followed = followed
    this.#options = options
  }

  get identity(): ObjectIdentity {
    return this.#options.identity
  }

  get source(): FollowedDashboard['source'] {
    return this.#followed.source
  }

  get host(): string {
    return repositoryAddress(this.source.url).host
  }

  /** Hands nothing on any more. */
  close(): void {
    this.#isClosed = true
  }

  /** It is known what version Git holds. */
  get isBegun(): boolean {
    return this.#isBegun
  }

  /** What it waits for of the member is there: a comparison, then room, and no other that wants the file. */
  get mayGoOn(): boolean {
    const { member } = this.#options
    const { objects } = member
    if (!this.#isBegun) return member.isCompared && !member.isPending(this.key)
    return objects.hasRoom && (this.#heldUpAt === undefined || objects.othersAt(this.#heldUpAt).length === 0)
  }

  /** Grafana has said that there is no such dashboard any more, and shows others. */
  get isGone(): boolean {
    return this.#isGone
  }

  get state(): HistoryState {
    const recorded = this.#recorded
    const source = recorded && {
      sourceUrl: this.#page,
      sourceVersion: recorded.version,
      sourceSavedAt: spelt(recorded.savedAt),
    }
    return {
      version: this.#followed.version,
      problem: this.#problem,
      note: this.#note,
      isInStep: this.#isInStep && this.#pending.length === 0,
      source,
    }
  }

  /** The Dashboard as it is now. @returns undefined where it is about another dashboard: that needs another history */
  update(followed: FollowedDashboard): { readonly isOther: boolean } | undefined {
    if (pageOf(followed.source) !== this.#page) return undefined
    const isOther = followed.form !== this.#followed.form
    if (isOther) this.#isStale = true
    this.#followed = followed
    const { desired, objects } = this.#options.member
    const file = desired.ofObject(this.key)
    const { version } = followed
    if (file !== undefined && file.version !== version) objects.hold({ ...file, version })
    return { isOther }
  }

  /** It has listed versions that are not handed on. */
  get isHandingOn(): boolean {
    return this.#pending.length > 0
  }

  /** Somebody says when it is to look for new versions. */
  get isListed(): boolean {
    return this.#followed.isListed === true
  }

  /** @returns when to come back, in milliseconds, Infinity: when somebody says so; undefined: when something has become of the member */
  async step(): Promise<number | undefined> {
    const { pauses } = this.#options
    const { interval } = this.source
    try {
      const isDone = await this.#advance()
      const pauseMs = pauses.answered(interval)
      if (!isDone) return undefined
      return this.isListed ? Number.POSITIVE_INFINITY : pauseMs
    } catch (error) {
      this.#pending = []
      this.#isInStep = false
      this.#problem = grafanaProblem(error)
      return pauses.failed(interval, error)
    }
  }

  /** The file again; undefined where Grafana does not give it now. */
  async reread(file: DesiredFile): Promise<RenderedFile | undefined> {
    const recorded = this.#recorded
    if (recorded === undefined || this.#options.pauses.isFailing) return undefined
    try {
      const grafana = await this.#open()
      const saved = await grafana.saved(this.#followed.source.uid, recorded)
      const { bytes } = dashboardFile(saved.text, this.#followed.datasources)
      return { file: { ...file, oid: contentId(bytes) }, bytes }
    } catch {
      return undefined
    }
  }

  get #page(): string {
    return pageOf(this.#followed.source)
  }

  #open(): Promise<GrafanaVersions> {
    return this.#options.open(this.#followed.source)
  }

  /** @returns false where it has to wait for the member */
  async #advance(): Promise<boolean> {
    const { member } = this.#options
    if (!this.#isBegun && !this.mayGoOn) return false
    const grafana = await this.#open()
    if (this.#pending.length === 0) {
      const newest = await this.#newest(grafana)
      if (newest === undefined) return true
      if (!this.#isBegun) await this.#begin(grafana, newest)
      if (this.#recorded === undefined && this.source.history === 'FromNow')
        this.#pending = await this.#fromNow(grafana, newest)
      else if (!isSameVersion(newest, this.#recorded)) await this.#findNew(grafana, newest)
      this.#isGone = false
    }
    while (this.#pending.length > 0) {
      if (!member.objects.hasRoom) return false
      if (!(await this.#handOn(grafana))) return false
    }
    await this.#bringInPlace(grafana)
    this.#isInStep = true
    return true
  }

  async #newest(grafana: GrafanaVersions): Promise<DashboardVersion | undefined> {
    const { uid } = this.#followed.source
    try {
      return await grafana.newest(uid)
    } catch (error) {
      if (!isForgeError(error, 'NotFound')) throw error
      this.#isInStep = false
      if (!this.isListed) await this.#missing(grafana)
      return undefined
    }
  }

  /** What Git holds. */
  async #begin(grafana: GrafanaVersions, newest: DashboardVersion): Promise<void> {
    const { member, inGit } = this.#options
    const { hint, isOtherForm = false } = this.#followed
    const own = member.desired.ofObject(this.key)
    const there = own ?? (this.#isGone ? undefined : member.opaque.get(this.key))
    const isAsHinted = hint !== undefined && hint.oid === there?.oid
    let held: DashboardVersion | undefined
    if (isAsHinted && isSameVersion(hint, newest)) held = newest
    else if (hint !== undefined || there !== undefined)
      held = (await inGit(this.#page)) ?? (isAsHinted ? hint : undefined)
    this.#recorded = held
    this.#isStale = held !== undefined && isOtherForm
    if (there !== undefined && own === undefined) {
      // What is there is where the next version moves away from.
      const known = held === undefined || isSameVersion(hint, held) ? hint : await this.#fileOf(grafana, held)
      const oid = (held === undefined ? undefined : known?.oid) ?? there.oid
      member.objects.hold(this.#file({ path: there.path, oid, title: known?.title ?? '' }, held ?? newest))
      if (oid !== there.oid) member.requireCompare('drift')
    }
    this.#isBegun = true
  }

  /** What a history begins with that is not wanted as a whole, the oldest first. */
  async #fromNow(grafana: GrafanaVersions, newest: DashboardVersion): Promise<DashboardVersion[]> {
    const { source, since } = this.#followed
    if (since === undefined || newest.savedAt < since) return [newest]
    const found: DashboardVersion[] = []
    for await (const version of grafana.versions(source.uid)) {
      if (version.savedAt < since || found.length === MAX_VERSIONS) break
      found.push(version)
    }
    return found.reverse()
  }

  /** Of a version that is not there any more nothing is known. */
  async #fileOf(
    grafana: GrafanaVersions,
    version: DashboardVersion,
  ): Promise<{ readonly oid: string; readonly title: string } | undefined> {
    try {
      const saved = await grafana.saved(this.#followed.source.uid, version)
      if (!isSameVersion(saved, version)) return undefined
      const { bytes, title } = dashboardFile(saved.text, this.#followed.datasources)
      return { oid: contentId(bytes), title }
    } catch (error) {
      if (isForgeError(error, 'NotFound', 'ServerError') || error instanceof DashboardError) return undefined
      throw error
    }
  }

  /** Lists what was saved after what was handed on. */
  async #findNew(grafana: GrafanaVersions, newest: DashboardVersion): Promise<void> {
    const after = this.#recorded
    const found: DashboardVersion[] = []
    for await (const version of grafana.versions(this.#followed.source.uid)) {
      if (after !== undefined && isUpTo(version, after)) break
      if (found.push(version) > MAX_VERSIONS)
        throw new DashboardError(`it has more than ${MAX_VERSIONS} versions that are not in Git`)
    }
    this.#pending = found.reverse()
    this.#gap = findGap(after, found, newest)
    if (this.#gap !== undefined) this.#note = { reason: 'VersionsMissing', message: this.#gap.message }
    // It has gone back: what it shows is older than what is in Git.
    if (found.length === 0) await this.#restate(grafana, newest, UNSEEN)
  }

  /** @returns false where it was not taken */
  async #handOn(grafana: GrafanaVersions): Promise<boolean> {
    const { member, nameLogin } = this.#options
    const [next] = this.#pending
    if (next === undefined) return true
    const saved = await grafana.saved(this.#followed.source.uid, next)
    if (this.#isClosed) return false
    if (!isSameVersion(saved, next)) throw new DashboardError(`version ${next.version} was replaced while it was read`)
    const rendered = this.#render(saved)
    if (rendered !== undefined) {
      const { person, by } = nameLogin(saved.by) ?? {}
      const text = saved.message.trim()
      const gap = this.#gap === undefined ? [] : [this.#gap.trailer]
      const made: Made = {
        author: person,
        time: saved.savedAt > 0 ? saved.savedAt : undefined,
        origin: { by, via: 'Grafana' },
        told: {
          ...(text === '' ? {} : { message: text }),
          trailers: [...gap, sourceTrailer(this.#page, saved)],
        },
      }
      const file = { ...rendered.file, owner: fileOwner(member, made) }
      const others = member.objects.othersAt(file)
      this.#heldUpAt = others.length === 0 ? undefined : file
      if (others.length > 0) {
        const message = `${file.path} is also wanted by ${others.slice(0, SHOWN).join(', ')}: version ${next.version} waits until one of them has another`
        this.#problem = { reason: 'PathConflict', message }
        // It may be long: what is listed makes room for others.
        this.#pending = []
        this.#isInStep = false
        return false
      }
      if (!member.objects.tell(file, rendered.bytes, { ...made, told: made.told ?? { trailers: [] } })) return false
      this.#gap = undefined
    }
    this.#recorded = next
    this.#pending.shift()
    return true
  }

  /** Undefined for a version that cannot be a file: its commit is missing, and the next one goes on. */
  #render(saved: SavedDashboard): RenderedFile | undefined {
    try {
      const { bytes, title, uid } = dashboardFile(saved.text, this.#followed.datasources)
      this.#problem = undefined
      const path = this.#followed.pathOf({ title })
      return { file: { ...this.#file({ path, oid: contentId(bytes), title }, saved), uid }, bytes }
    } catch (error) {
      if (!(error instanceof DashboardError)) throw error
      const message = `version ${saved.version}: ${error.message}`
      this.#problem = { reason: 'InvalidDashboard', message }
      this.#note = { reason: 'VersionsMissing', message: `${message}; it is not in the history` }
      return undefined
    }
  }

  #file(
    at: { readonly path: string; readonly oid: string; readonly title: string },
    saved: DashboardVersion,
  ): DesiredFile {
    const { identity } = this.#options
    return {
      key: this.key,
      identity,
      ...at,
      isOpaque: true,
      newest: spelt(saved.savedAt),
      version: this.#followed.version,
    }
  }

  /** What the Dashboard says of the path may be another than before, or the file be wanted again. */
  async #bringInPlace(grafana: GrafanaVersions): Promise<void> {
    const { member } = this.#options
    const recorded = this.#recorded
    if (recorded === undefined || (this.#problem?.reason === 'InvalidDashboard' && !this.#isStale)) return
    const file = member.desired.ofObject(this.key)
    const { title = '', path } = file ?? {}
    const isInPlace = file !== undefined && (title === '' || path === this.#followed.pathOf({ title }))
    if (this.#isStale) await this.#restate(grafana, recorded, this.#followed.made)
    else if (!isInPlace) await this.#restate(grafana, recorded, UNSEEN)
    else this.#problem = undefined
  }

  /** The state that Grafana shows, as no version of its history. @param made who made it so */
  async #restate(grafana: GrafanaVersions, version: DashboardVersion, made: Made): Promise<void> {
    const { member } = this.#options
    const rendered = this.#render(await grafana.saved(this.#followed.source.uid, version))
    if (rendered !== undefined) member.objects.set(rendered.file, rendered.bytes, made)
    this.#isStale = false
    this.#recorded = version
  }

  /** Grafana says that there is no such dashboard. */
  async #missing(grafana: GrafanaVersions): Promise<void> {
    const { member } = this.#options
    const { source, hint } = this.#followed
    const refused = (message: string): void => {
      this.#problem = { reason: 'NotInGrafana', message: `spec.source.grafana.uid: ${message}` }
    }
    if (this.#recorded === undefined && hint === undefined)
      return refused(`${source.url} has no dashboard ${source.uid}, or does not show it to this login`)
    if (!(await grafana.showsAny()))
      return refused(`${source.url} has no dashboard ${source.uid} any more, and no other: its file stays`)
    refused(`${source.url} has no dashboard ${source.uid} any more: its file goes, by spec.prune of the GitSync`)
    const wasGone = this.#isGone
    this.#isGone = true
    const by = 'unknown (deleted in Grafana)'
    if (member.desired.ofObject(this.key) !== undefined) member.objects.deleted(this.key, { origin: { by } })
    else if (!wasGone) member.requireCompare('relist')
  }
}
