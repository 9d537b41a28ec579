import type { KubernetesObject } from '../objects/object.ts'
import { attribute } from '../plan/attribution.ts'
import type { Attribution, SeenBefore } from '../plan/attribution.ts'
import { nameAuthor, nameUser } from '../plan/authors/naming.ts'
import type { NamedAuthor, Naming } from '../plan/authors/naming.ts'
import { AUTHOR_SOURCES } from '../plan/authors/source.ts'
import type { AuthorSource } from '../plan/authors/source.ts'
import type { Made } from '../push/object-changes.ts'
import type { Environment } from './environment.ts'

/** How authors are found and named. */
export interface Authors {
  readonly sources: ReadonlySet<AuthorSource>
  readonly naming: Naming
}

/** All sources, and names as they come. */
export const EVERY_AUTHOR: Authors = { sources: new Set(AUTHOR_SOURCES), naming: {} }

/** Times in an object's record have whole seconds, and clocks differ. */
const JUST_NOW_MS = 3_000

type Parts = Pick<Environment, 'trustedAccounts' | 'records' | 'late' | 'clock'>

/** Says who made an object what it is, by the sources that a GitSync believes. */
export class Authorship {
  authors: Authors = EVERY_AUTHOR
  readonly #environment: Parts

  constructor(environment: Parts) {
    this.#environment = environment
  }

  ofState(object: KubernetesObject, before: SeenBefore): Attribution {
    const { trustedAccounts: trusted, records, clock } = this.#environment
    const audited = records.writer(object.metadata)
    const justNow = `${new Date(clock.now() - JUST_NOW_MS).toISOString().slice(0, 19)}Z`
    return attribute(object, before, { sources: this.authors.sources, trusted, justNow, audited })
  }

  /** Whether somebody better than a program is known, or nobody will tell. */
  knowsWriter(object: KubernetesObject, before: SeenBefore): boolean {
    if (!this.#awaitsAudit) return true
    const { source } = this.ofState(object, before)
    return source !== undefined && source !== 'FieldManager'
  }

  /** Whether it is known who asked for it, or nobody will tell. */
  knowsDeleter({ metadata }: KubernetesObject): boolean {
    const awaitsReplicas = this.#environment.late.deletions && this.authors.sources.has('Stamp')
    if (!this.#awaitsAudit && !awaitsReplicas) return true
    return this.#environment.records.deleter(metadata, this.authors.sources) !== undefined
  }

  /** @param version of the state */
  madeBy(attribution: Attribution, version: string | undefined): Made {
    const named = nameAuthor(attribution, this.authors.naming)
    const time = Date.parse(attribution.time ?? '')
    return {
      author: named?.person,
      time: time > 0 ? time : undefined,
      origin: { by: named?.by, via: attribution.manager, version },
    }
  }

  /** Objects do not say who deleted them: admission or audit do, where they are asked. */
  deletedBy({ metadata }: KubernetesObject): Made {
    const user = this.#environment.records.deleter(metadata, this.authors.sources)
    const { person, by } = user === undefined ? {} : nameUser(user, this.authors.naming)
    return { author: person, origin: { by: by ?? 'unknown (deleted)', version: metadata.resourceVersion } }
  }

  /** Who has that login in another system; undefined where it names nobody. What is the API server's to say it cannot claim. */
  byLogin(login: string): NamedAuthor | undefined {
    if (login.trim() === '') return undefined
    return nameUser({ name: login.startsWith('system:') ? `login:${login}` : login }, this.authors.naming)
  }

  get #awaitsAudit(): boolean {
    return this.#environment.late.audit && this.authors.sources.has('Audit')
  }
}
