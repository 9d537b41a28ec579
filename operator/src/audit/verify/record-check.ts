/** Goes through a history, newest first, and holds each commit against what the operator writes. */
import type { CommitInfo } from '@gitsync/protocol'
import type { SignatureCheck } from '@gitsync/protocol/sign'
import type { Trailer } from '../../render/trailers.ts'
import { TRAILERS } from '../../render/trailers.ts'
import { recordsOf } from '../record.ts'
import type { AuditRecord } from '../record.ts'
import { trailersOf } from '../trailers.ts'
import { attributionOf, ATTRIBUTIONS } from './attribution.ts'
import type { Attribution } from './attribution.ts'
import { Findings } from './findings.ts'
import { committedAt, Lineage } from './lineage.ts'

export interface CheckSettings {
  /** Addresses of committers that are the operator. */
  readonly operators: readonly string[]
  /** Addresses of authors who stand for nobody in particular, besides the operators'. */
  readonly nobodies?: readonly string[]
  /** Trailers that each commit by the operator has that changes objects. Default: none. */
  readonly trailers?: readonly Trailer[]
  /** A commit by anybody else is a breach. Default false. */
  readonly onlyOperator?: boolean
  /** Milliseconds that a commit may be older than one that it is based on. */
  readonly clockSkew: number
  /** A tip that was seen earlier: what it reaches is not looked at again, and it has to be in the history. */
  readonly earlierTip?: string | undefined
  /** `none`: signatures are not asked for; `unknown`: no keys are known; else what checks one. */
  readonly signatures: 'none' | 'unknown' | CheckSignature
}

/** Of a commit that has a signature. */
export type CheckSignature = (commit: CommitInfo) => Promise<SignatureCheck>

export interface SignatureCounts {
  good: number
  bad: number
  unknownKey: number
  invalidKey: number
  unreadable: number
  /** Signed, and not looked at. */
  unchecked: number
  unsigned: number
}

export interface ForeignCommit {
  readonly oid: string
  readonly tree: string
  readonly parents: readonly string[]
  /** Subject, author and committer. */
  readonly text: string
}

/** Commits by others that are kept, to look at what they changed. */
const MAX_FOREIGN = 1_000
/** Authors that are counted by name. */
const MAX_AUTHORS = 10_000

/** For {@link RecordCheck.add}: all commits of a branch, children before their parents. */
export class RecordCheck {
  readonly findings = new Findings()
  readonly signatures: SignatureCounts = {
    good: 0,
    bad: 0,
    unknownKey: 0,
    invalidKey: 0,
    unreadable: 0,
    unchecked: 0,
    unsigned: 0,
  }
  readonly attributions: Record<Attribution, number>
  /** Commits by `name <address>`. */
  readonly authors = new Map<string, number>()
  /** Good signatures by fingerprint. */
  readonly keyUse = new Map<string, number>()
  /** Commits by others, the newest first: what they changed is for {@link RecordCheck.end} to say. */
  readonly foreign: ForeignCommit[] = []
  /** Values of the trailer `Cluster`, with a commit of each. */
  readonly clusters = new Map<string, string>()
  commits = 0
  byOperator = 0
  merges = 0
  withTrailers = 0
  newest: Date | undefined
  oldest: Date | undefined
  readonly #settings: CheckSettings
  readonly #operators: ReadonlySet<string>
  readonly #nobodies: ReadonlySet<string>
  readonly #lineage: Lineage
  #roots = 0
  /** Commits by others beyond those that are kept. */
  #unread = 0

  constructor(settings: CheckSettings) {
    this.#settings = settings
    this.#operators = new Set(settings.operators.map((email) => email.toLowerCase()))
    this.#nobodies = new Set([...this.#operators, ...(settings.nobodies ?? []).map((email) => email.toLowerCase())])
    this.#lineage = new Lineage(settings.earlierTip)
    this.attributions = Object.fromEntries(ATTRIBUTIONS.map((kind) => [kind, 0])) as Record<Attribution, number>
  }

  /** Nothing that comes now would be looked at. */
  get isDone(): boolean {
    return this.#lineage.isDone
  }

  /** Whether the earlier tip has been met. */
  get metEarlierTip(): boolean {
    return this.#lineage.hasMet
  }

  async add(commit: CommitInfo): Promise<void> {
    const { isOld, child } = this.#lineage.pass(commit)
    this.#checkDates(commit, child)
    if (isOld) return
    this.commits++
    this.newest ??= commit.committer.date
    this.oldest = commit.committer.date
    if (commit.parents.length > 1) this.merges++
    if (commit.parents.length === 0) this.#roots++
    const [record] = recordsOf(commit, { operators: this.#operators })
    if (record === undefined) return
    if (record.isByOperator) this.#checkOwn(commit, record)
    else this.#checkForeign(commit, record)
    await this.#checkSignature(commit, record)
  }

  /**
   * After the last commit.
   * @param tip null where the branch is gone
   * @param touched what commits by others have changed, by their id
   */
  end(tip: string | null, touched: ReadonlyMap<string, string> = new Map()): void {
    const { earlierTip, signatures } = this.#settings
    const { findings } = this
    for (const { oid, text } of this.foreign) {
      const what = touched.get(oid)
      this.#addForeign(oid, what === undefined ? text : `${text}; ${what}`)
    }
    if (earlierTip !== undefined && !this.metEarlierTip) {
      const where = tip === null ? 'the branch is gone' : `the history of ${short(tip)} does not have it`
      findings.add({
        kind: 'HistoryRewritten',
        commit: earlierTip,
        message: `the earlier tip was ${short(earlierTip)}; ${where}`,
      })
    }
    if (this.#unread > 0) {
      findings.add({
        kind: 'TooManyForeign',
        message: `${this.#unread} commits by others besides the newest ${MAX_FOREIGN}`,
      })
    }
    if (this.#roots > 1) {
      findings.add({ kind: 'SeveralRoots', message: `${this.#roots} commits without a parent` })
    }
    if (this.commits > 0 && this.byOperator === 0) {
      const message = `none of ${this.commits} commits is by ${this.#settings.operators.join(' or ')}`
      findings.add({ kind: 'NoOperatorCommit', message })
    }
    if (signatures === 'unknown' && this.byOperator > 0) {
      const { unchecked, unsigned } = this.signatures
      if (unchecked > 0)
        findings.add({ kind: 'NoKeys', message: `${unchecked} of ${unchecked + unsigned} commits are signed` })
      else findings.add({ kind: 'NothingSigned', message: `none of ${unsigned} commits is signed` })
    }
  }

  #checkDates(commit: CommitInfo, child: { readonly oid: string; readonly time: number } | undefined): void {
    const time = committedAt(commit)
    if (child === undefined || time - child.time <= this.#settings.clockSkew) return
    this.findings.add({
      kind: 'DatesBackwards',
      commit: child.oid,
      message: `committed at ${iso(child.time)}, based on a commit of ${iso(time)}`,
    })
  }

  #checkOwn(commit: CommitInfo, record: AuditRecord): void {
    this.byOperator++
    const { author, cluster, compared } = record
    const kind = attributionOf(record, this.#nobodies)
    this.attributions[kind]++
    const who = `${author.name} <${author.email}>`
    if (this.authors.has(who) || this.authors.size < MAX_AUTHORS)
      this.authors.set(who, (this.authors.get(who) ?? 0) + 1)
    if (kind === 'nobody') {
      const users = record.changedBy.length === 0 ? '' : `, by ${record.changedBy.join(', ')}`
      this.findings.add({
        kind: 'Unattributed',
        commit: commit.oid,
        message: `${record.subject}: author ${who}${users}`,
      })
    }
    if (compared !== undefined) {
      this.findings.add({ kind: 'Compared', commit: commit.oid, message: `${record.subject}: compared, ${compared}` })
    }
    if (cluster !== undefined && !this.clusters.has(cluster)) this.clusters.set(cluster, commit.oid)
    const names = new Set(trailersOf(commit.message).map(({ name }) => name.toLowerCase()))
    if (TRAILERS.some((trailer) => names.has(trailer.toLowerCase()))) this.withTrailers++
    // What changes no object has none but the cluster's.
    const missing = (this.#settings.trailers ?? []).filter(
      (trailer) => !names.has(trailer.toLowerCase()) && (kind !== 'own' || trailer === 'Cluster'),
    )
    if (missing.length > 0) {
      this.findings.add({
        kind: 'MissingTrailers',
        commit: commit.oid,
        message: `${record.subject}: no ${missing.join(', ')}`,
      })
    }
  }

  #checkForeign(commit: CommitInfo, { author, committer, subject }: AuditRecord): void {
    const by = `${subject}: by ${author.name} <${author.email}>, committed by ${committer.name} <${committer.email}>`
    if (this.foreign.length < MAX_FOREIGN)
      this.foreign.push({ oid: commit.oid, tree: commit.tree, parents: commit.parents, text: by })
    else {
      this.#unread++
      this.#addForeign(commit.oid, by)
    }
    const forged = trailersOf(commit.message).filter(({ name }) => OURS.has(name.toLowerCase()))
    if (forged.length > 0) {
      const names = [...new Set(forged.map(({ name }) => name))].join(', ')
      this.findings.add({ kind: 'ForgedTrailers', commit: commit.oid, message: `${names} in ${by}` })
    }
  }

  #addForeign(commit: string, message: string): void {
    const kind = this.#settings.onlyOperator === true ? 'ForeignRefused' : 'ForeignCommit'
    this.findings.add({ kind, commit, message })
  }

  async #checkSignature(commit: CommitInfo, { isByOperator, subject }: AuditRecord): Promise<void> {
    const { signatures } = this.#settings
    const isSigned = commit.signature !== undefined
    if (!isSigned) this.signatures.unsigned++
    if (typeof signatures === 'string') {
      if (isSigned) this.signatures.unchecked++
      return
    }
    if (!isSigned) {
      if (isByOperator) this.findings.add({ kind: 'UnsignedCommit', commit: commit.oid, message: subject })
      return
    }
    const { state, key, signer, reason } = await signatures(commit)
    this.signatures[state]++
    if (state === 'good') {
      if (key !== undefined) this.keyUse.set(key, (this.keyUse.get(key) ?? 0) + 1)
      return
    }
    const whose = key === undefined ? '' : `; key ${key}${signer === undefined ? '' : ` of ${signer}`}`
    const finding = { commit: commit.oid, message: `${subject}: ${reason ?? state}${whose}` }
    if (state === 'bad') this.findings.add({ kind: 'BadSignature', ...finding })
    // Keys of people who push are nobody's business here.
    else if (isByOperator) {
      const kinds = { unknownKey: 'UnknownKey', invalidKey: 'InvalidKey', unreadable: 'UnreadableSignature' } as const
      this.findings.add({ kind: kinds[state], ...finding })
    }
  }
}

const OURS: ReadonlySet<string> = new Set([...TRAILERS, 'Gitsync-Compared'].map((name) => name.toLowerCase()))
const SHORT = 12
const short = (oid: string): string => oid.slice(0, SHORT)
const iso = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`
