/** What is found in a history, and what it says of the record. */

/** `broken`: somebody has changed the record; `doubt`: nobody can tell; `note`: worth knowing. */
export type Severity = 'broken' | 'doubt' | 'note'

interface Meaning {
  readonly severity: Severity
  readonly meaning: string
  readonly remedy: string
}

/** In the order in which a report tells them. */
export const FINDINGS = {
  HistoryRewritten: {
    severity: 'broken',
    meaning:
      'The earlier tip is not in the history of the branch any more: commits were replaced or dropped, or the branch is gone.',
    remedy:
      'Ask the Git host who pushed, and compare with a clone from before; forbid pushes that are not fast-forward.',
  },
  BadSignature: {
    severity: 'broken',
    meaning:
      'A signature that is not over this commit: it was changed after it was signed, or the signature comes from another one.',
    remedy: 'Compare the commit with a clone from before.',
  },
  UnsignedCommit: {
    severity: 'broken',
    meaning: 'The committer is the operator, and nobody has signed: anybody can write that name.',
    remedy: 'If signing began later, verify from there with --since-tip.',
  },
  UnknownKey: {
    severity: 'broken',
    meaning: 'The committer is the operator, and the key is none of those that were given.',
    remedy: 'If it is an older key of the operator, give it with --keys as well.',
  },
  InvalidKey: {
    severity: 'broken',
    meaning: 'Signed with a known key when it could not sign: expired, revoked, or not allowed to at that time.',
    remedy: 'Find out who had the key then.',
  },
  ForgedTrailers: {
    severity: 'broken',
    meaning: "Trailers that only the operator writes, in a commit by somebody else: it reads like the operator's word.",
    remedy: 'If a Git host commits for the operator, as merges of pull requests do, name its address with --committer.',
  },
  MissingTrailers: {
    severity: 'broken',
    meaning: 'A commit by the operator that changes objects lacks a trailer that --trailers asks for.',
    remedy: 'If trailers began later, verify from there with --since-tip.',
  },
  ForeignClaim: {
    severity: 'broken',
    meaning: 'Somebody else than the operator has changed a .gitsync file, which says who writes a folder.',
    remedy: 'See the commit: another writer may have been let into the folder.',
  },
  ForeignRefused: {
    severity: 'broken',
    meaning: 'With --only-operator: a commit by somebody else.',
    remedy: 'See the commit; the operator writes over what it changed, unless the GitSync says otherwise.',
  },
  DatesBackwards: {
    severity: 'broken',
    meaning:
      'A commit is much older, by its committer, than one that it is based on: a clock was wrong, or it was dated back.',
    remedy: 'See the commit. --clock-skew allows more, such as after a long outage of the Git host.',
  },
  NoKeys: {
    severity: 'doubt',
    meaning: 'Commits are signed, and no keys were given to check that with.',
    remedy: 'Give the keys of the operator with --keys: status.signingKey of the GitSync, or gpg --armor --export.',
  },
  NothingSigned: {
    severity: 'doubt',
    meaning: 'No commit is signed: nothing proves that the operator made them.',
    remedy: 'Have the GitSync sign (commit.signing), or say with --no-signatures that signatures are not asked for.',
  },
  UnreadableSignature: {
    severity: 'doubt',
    meaning: 'A signature of a kind that is not read, such as X.509 or a key in hardware.',
    remedy: 'Check it with git verify-commit.',
  },
  NoOperatorCommit: {
    severity: 'doubt',
    meaning: 'None of the commits is by the operator, as far as its committer says.',
    remedy: 'Name the committer of the GitSync (commit.committer) with --committer.',
  },
  SeveralRoots: {
    severity: 'doubt',
    meaning: 'The history has several beginnings: another one was merged into it.',
    remedy: 'Look at where it was merged.',
  },
  TooManyForeign: {
    severity: 'doubt',
    meaning:
      'More commits by others than are looked into: what the older ones changed, such as .gitsync files, nobody has seen.',
    remedy: 'Verify in parts: from tip to tip with --previous, or from where the operator began with --since-tip.',
  },
  ForeignCommit: {
    severity: 'note',
    meaning: 'A commit by somebody else than the operator.',
    remedy: 'Read it: it is part of the history, and not of what the cluster did.',
  },
  ClaimChanged: {
    severity: 'note',
    meaning:
      'A .gitsync file is new, gone or another one, by a commit of the operator: a GitSync came, left, or took the folder over.',
    remedy: 'None, if somebody wanted it.',
  },
  UnknownCluster: {
    severity: 'note',
    meaning: 'A commit names a cluster (trailer Cluster) that claims no folder now.',
    remedy: 'None, if a cluster was replaced.',
  },
  Unattributed: {
    severity: 'note',
    meaning:
      'A change that nobody is named for: the author is the operator or the default author, or the user is unknown.',
    remedy: 'See docs/authors.md for what names people.',
  },
  Compared: {
    severity: 'note',
    meaning: 'A commit that a comparison of the folder has made: states between may be missing, and who made them.',
    remedy: 'None: it happens when the operator starts, and after faults.',
  },
} as const satisfies Readonly<Record<string, Meaning>>

export type FindingKind = keyof typeof FINDINGS

export const FINDING_KINDS = Object.keys(FINDINGS) as readonly FindingKind[]

export interface Finding {
  readonly kind: FindingKind
  readonly commit?: string
  readonly path?: string
  /** What is the case just here, for a person. */
  readonly message: string
}

/** Of each kind so many are kept; the others are counted. */
const MAX_KEPT = 1_000

/** Characters of a message. */
const MAX_MESSAGE = 4_000

/** Findings of a history of any length. */
export class Findings {
  readonly #kept = new Map<FindingKind, Finding[]>()
  readonly #counts = new Map<FindingKind, number>()

  add(finding: Finding): void {
    const { kind } = finding
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    const kept = this.#kept.get(kind) ?? []
    this.#kept.set(kind, kept)
    if (kept.length < MAX_KEPT) kept.push({ ...finding, message: finding.message.slice(0, MAX_MESSAGE) })
  }

  count(kind: FindingKind): number {
    return this.#counts.get(kind) ?? 0
  }

  /** Kinds that occur, in the order of {@link FINDINGS}. */
  get counts(): readonly { readonly kind: FindingKind; readonly severity: Severity; readonly count: number }[] {
    return FINDING_KINDS.filter((kind) => this.count(kind) > 0).map((kind) => ({
      kind,
      severity: FINDINGS[kind].severity,
      count: this.count(kind),
    }))
  }

  get list(): readonly Finding[] {
    return FINDING_KINDS.flatMap((kind) => this.#kept.get(kind) ?? [])
  }

  get verdict(): Verdict {
    const severities = new Set(this.counts.map(({ severity }) => severity))
    return severities.has('broken') ? 'NotIntact' : severities.has('doubt') ? 'CouldNotTell' : 'Intact'
  }
}

export type Verdict = 'Intact' | 'NotIntact' | 'CouldNotTell'
