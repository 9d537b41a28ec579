import type { KubernetesObject } from '../objects/object.ts'
import type { SeenBefore } from '../plan/attribution.ts'
import type { NamedAuthor } from '../plan/authors/naming.ts'
import type { Member } from '../push/member.ts'
import type { RenderedFile } from '../push/member-settings.ts'
import type { Made } from '../push/object-changes.ts'
import { gitsyncRef } from '../serve/log.ts'
import type { Span } from '../trace/tracer.ts'
import { Authorship } from './authorship.ts'
import type { Authors } from './authorship.ts'
import type { Environment } from './environment.ts'
import { isWritten } from './feeds/feed.ts'
import type { By } from './feeds/feed.ts'
import { fileOwner } from './file-owner.ts'
import { Holding } from './holding.ts'
import type { HeldChange } from './holding.ts'

export interface IntakeOptions {
  readonly environment: Pick<Environment, 'clock' | 'late' | 'logger' | 'records' | 'tracer' | 'trustedAccounts'>
  /** namespace/name of the GitSync. */
  readonly name: string
  readonly member: () => Member
  /** Whether everything that can be read has been read: what comes then is news. */
  readonly isListed: () => boolean
}

/** Hands a member what has become of objects: their files, with who made them so, as soon as that is known. */
export class Intake {
  readonly #options: IntakeOptions
  readonly #authorship: Authorship
  readonly #holding: Holding | undefined
  readonly #endListening: () => void

  constructor(options: IntakeOptions) {
    this.#options = options
    const { environment, name } = options
    const { clock, late, logger, records } = environment
    const onError = (error: unknown): void =>
      logger.error({ gitsync: gitsyncRef(name), error: String(error) }, 'an object could not be taken in')
    const holding = late.audit || late.deletions ? new Holding({ clock, graceMs: late.graceMs, onError }) : undefined
    this.#holding = holding
    this.#endListening = holding === undefined ? () => undefined : records.listen(() => holding.look())
    this.#authorship = new Authorship(environment)
  }

  /** How authors are found and named from now on. */
  set authors(authors: Authors) {
    this.#authorship.authors = authors
  }

  /** Who has that login in another system. */
  byLogin(login: string): NamedAuthor | undefined {
    return this.#authorship.byLogin(login)
  }

  /** Runs what some tell of later than it happens, when that is known. What the first list tells is news to nobody. */
  whenKnown(key: string, held: HeldChange): void {
    if (this.#holding === undefined || !this.#options.isListed()) held.run()
    else this.#holding.offer(key, held)
  }

  /** Everything goes on, whatever is known: what comes next is about all objects. */
  flush(): void {
    this.#holding?.flush()
  }

  close(): void {
    this.#endListening()
    this.#holding?.close()
  }

  /** Whether it is known who did it, or nobody will tell. */
  knowsWriter(by: By): boolean {
    return !isWritten(by) || this.#authorship.knowsWriter(by.object, by.before)
  }

  /** As {@link Intake.knowsWriter}, of who deleted an object. */
  knowsDeleter(object: KubernetesObject): boolean {
    return this.#authorship.knowsDeleter(object)
  }

  madeBy(by: By): Made {
    return isWritten(by) ? this.stateOf(by.object, by.before).made : by
  }

  /** Who made an object what it is; with what is to be known of it when it is written again. */
  stateOf(object: KubernetesObject, before: SeenBefore): { readonly made: Made } & SeenBefore {
    const attribution = this.#authorship.ofState(object, before)
    const { resourceVersion: version } = object.metadata
    return { made: this.#authorship.madeBy(attribution, version), newest: attribution.newest, version }
  }

  /** @param render undefined where no file can be made: what is in Git stays */
  written(key: string, render: () => RenderedFile | undefined, madeBy: () => Made, seen: SeenBefore = {}): void {
    const edit = this.#startEdit(key)
    const { tracer } = this.#options.environment
    const rendering = edit && tracer.start('render', { parent: edit.context })
    const rendered = render()
    if (rendered === undefined) edit?.fail('unrenderable')
    rendering?.end()
    edit?.end()
    if (rendered === undefined) return
    const { file, bytes } = rendered
    const made = madeBy()
    const member = this.#options.member()
    member.objects.set({ ...file, ...seen, owner: fileOwner(member, made) }, bytes, { ...made, span: edit?.context })
  }

  /** Was seen deleted. @param object that held it, in its last state */
  deleted(key: string, object: KubernetesObject): void {
    const edit = this.#startEdit(key)
    this.#options.member().objects.deleted(key, { ...this.#authorship.deletedBy(object), span: edit?.context })
    edit?.end()
  }

  /** Undefined while nothing is traced, and for what is not news: the objects of the first list. */
  #startEdit(key: string): Span | undefined {
    const { environment, name, isListed } = this.#options
    if (!environment.tracer.isEnabled || !isListed()) return undefined
    return environment.tracer.start('edit', { attributes: { 'gitsync.member': name, 'gitsync.object': key } })
  }
}
