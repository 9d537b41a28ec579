import { createHash } from 'node:crypto'
import type { Change, Repository, Snapshot } from '@gitsync/protocol'
import { authorBranch, branchPart, isAuthorBranch, isBranchName } from '../../../plan/author-branch.ts'
import { CLAIM_FILE } from '../../../plan/compare.ts'
import { pathIn } from '../../../plan/path-in.ts'
import type { Head, Looking } from '../../head.ts'
import type { Member } from '../../member.ts'
import { findDivergence } from '../divergence.ts'
import { readFolders } from '../read-folders.ts'
import { leaderOf } from '../review-round.ts'
import type { ReviewRound } from '../review-round.ts'

/** Beyond, what further authors change is proposed with what nobody was seen to change. */
const MAX_HEADS = 100

/** Who reads heads, and for whom. */
type Readers = Pick<ReviewRound, 'repository' | 'members'>

/** What a head has changed in the members' folders, by path; who owns a folder left out. */
export type HeadChanges = ReadonlyMap<string, Change>

/**
 * A head for each author. What is read is all of them together: the base, and on it what each has changed. No path is changed
 * by two of them, but for a moment.
 */
export class AuthorHeads implements Head {
  /** No branch has this name: nothing is pushed to all of them together. */
  readonly ref = 'refs/review/authors'
  readonly isBlind = false
  readonly isComposed = true
  readonly #template: string
  readonly #base: string
  /** Those that exist, by branch; the members' folders read. */
  readonly #heads = new Map<string, Snapshot>()
  /** Branches that may exist. */
  readonly #sought = new Set<string>()
  /** Where branches are that people have, and nobody's changes go to; by branch. */
  readonly #foreign = new Map<string, string>()
  /** Where they were when they were looked at last, by branch. */
  #found: ReadonlyMap<string, string> = new Map()
  readonly #changes = new WeakMap<Snapshot, { readonly base: Snapshot; readonly changes: HeadChanges }>()

  /** @param template of the branches. @param base branch that they are for; both short */
  constructor(template: string, base: string) {
    this.#template = template
    this.#base = base
  }

  tip({ connection, members }: Looking): Promise<string | null> {
    return this.find({ repository: connection.repository, members })
  }

  /** Where they are now. @returns as {@link AuthorHeads.tip} */
  async find({ repository, members }: Readers): Promise<string | null> {
    const told = members.flatMap(({ standing }) => standing.pullRequests)
    const open = told.filter(({ state, branch }) => state === 'Open' && isAuthorBranch(this.#template, branch))
    const known = new Set([...this.#heads.keys(), ...this.#sought, ...open.map(({ branch }) => branch)])
    // One that was pushed a moment before its process ended is told of nowhere.
    const branches = new Set([...known, ...this.#branchesOfAuthors(members)].slice(0, known.size + MAX_HEADS))
    const tips = await tipsOf(repository, [this.#base, ...branches])
    const base = tips.get(this.#base)
    const found = new Map<string, string>()
    for (const branch of branches) {
      const tip = tips.get(branch)
      if (tip === undefined) this.#foreign.delete(branch)
      else if (await this.#isOurs(branch, tip, { repository, members, base })) found.set(branch, tip)
    }
    this.#found = found
    return idOf(found)
  }

  /**
   * Whether a branch is a head: it is the one of `commit.author`, a status tells of its request, or there is a commit on it that
   * was made here and that the base lacks. Whatever else has such a name is somebody's.
   */
  async #isOurs(
    branch: string,
    tip: string,
    { repository, members, base }: Readers & { readonly base: string | undefined },
  ): Promise<boolean> {
    const isTold = members.some(({ standing }) => standing.pullRequest(branch) !== undefined)
    if (isTold || this.#heads.has(branch) || branch === this.branchOf(undefined, members)) return true
    if (this.#foreign.get(branch) === tip) return false
    const divergence = base === undefined ? undefined : await findDivergence(repository, tip, base)
    const ours = new Set(members.map(({ settings }) => settings.committer.email))
    const isOurs = divergence?.ahead.some(({ committer }) => ours.has(committer.email)) === true
    if (isOurs) this.#foreign.delete(branch)
    else this.#foreign.set(branch, tip)
    return isOurs
  }

  /** Those of everybody who has changed an object last. */
  *#branchesOfAuthors(members: readonly Member[]): Generator<string> {
    const owners = new Set<string | undefined>()
    for (const { desired } of members) for (const { owner } of desired.files()) owners.add(owner)
    yield this.branchOf(undefined, members)
    for (const owner of owners) if (owner !== undefined) yield authorBranch(this.#template, owner)
  }

  isAt(branch: string, tip: string | null): boolean {
    return (this.#heads.get(branch)?.tip ?? null) === tip
  }

  /** The base: what is on it is known when the heads have been read. */
  async read(looking: Looking, depth: number): Promise<Snapshot> {
    await this.tip(looking)
    const base = await looking.connection.repository.snapshot(this.#base, { depth })
    return base.at({ ref: this.ref, tip: null })
  }

  /** Reads those that have been found. */
  async load({ repository, members }: Readers): Promise<void> {
    for (const branch of this.#heads.keys()) if (!this.#found.has(branch)) this.#heads.delete(branch)
    for (const [branch, tip] of this.#found) {
      const known = this.#heads.get(branch)
      const head = known?.tip === tip ? known : await readHead(repository, branch, tip)
      this.#heads.set(branch, await readFolders(repository, head, members))
    }
    this.#sought.clear()
  }

  /** Those that exist. */
  get all(): ReadonlyMap<string, Snapshot> {
    return this.#heads
  }

  /** Looks for the branches of authors who have changed something for the first time, and reads them. */
  async seek(parts: Iterable<string>, round: ReviewRound, { commit: base }: Snapshot): Promise<void> {
    const { repository, members, tipOf } = round
    for (const branch of new Set([...parts].map((part) => authorBranch(this.#template, part)))) {
      if (branch === this.#base || this.#heads.has(branch) || this.#sought.has(branch)) continue
      this.#sought.add(branch)
      const tip = await tipOf(branch)
      if (tip === null || !(await this.#isOurs(branch, tip, { repository, members, base: base ?? undefined }))) continue
      this.#heads.set(branch, await readFolders(repository, await readHead(repository, branch, tip), members))
    }
  }

  /** The head of a branch; where there is none it begins at the base. */
  at(branch: string, base: Snapshot): Snapshot {
    return this.#heads.get(branch) ?? base.at({ ref: `refs/heads/${branch}`, tip: null })
  }

  /** A head is like this now. */
  set(branch: string, head: Snapshot): void {
    this.#heads.set(branch, head)
  }

  delete(branch: string): void {
    this.#heads.delete(branch)
  }

  /**
   * The branch of an author.
   * @param part see `branchPart`; default of what nobody was seen to change
   * @param begun branches that there may be besides in a moment
   */
  branchOf(part: string | undefined, members: readonly Member[], begun: Iterable<string> = []): string {
    const own = authorBranch(this.#template, branchPart(leaderOf({ members }).settings.author.name))
    const branch = part === undefined ? own : authorBranch(this.#template, part)
    if (branch === this.#base || this.#foreign.has(branch) || !isBranchName(branch)) return own
    const others = new Set([...this.#heads.keys(), ...begun])
    others.delete(own)
    return others.has(branch) || others.size < MAX_HEADS - 1 ? branch : own
  }

  /** What a head has changed. Costs no request: its folders are read, and the base's. */
  async changesOf(head: Snapshot, base: Snapshot, { repository, members }: Readers): Promise<HeadChanges> {
    const known = this.#changes.get(head)
    if (known?.base === base) return known.changes
    const changes = new Map<string, Change>()
    for (const { settings } of members) {
      const claim = pathIn(settings.path, CLAIM_FILE)
      const path = settings.path === '.' ? {} : { path: settings.path }
      for (const change of await repository.compare(base, head, path))
        if (change.path !== claim && change.rawPath === undefined) changes.set(change.path, change)
    }
    this.#changes.set(head, { base, changes })
    return changes
  }

  /** Where all of them together are. The server has no such commit, and shows what the base's leads to. */
  place({ commit }: Snapshot): Pick<Snapshot, 'ref' | 'tip' | 'commit' | 'shown'> {
    const id = idOf(new Map([...this.#heads].map(([branch, { tip }]) => [branch, tip ?? ''])))
    return { ref: this.ref, tip: id, commit: id ?? commit, shown: commit }
  }

  commitOf(path: string): string | null {
    const head = [...this.#heads.values()].find((each) => this.#changes.get(each)?.changes.has(path) === true)
    return head?.commit ?? null
  }
}

/** Where branches are; those that there are none of are left out. */
async function tipsOf(repository: Repository, branches: readonly string[]): Promise<Map<string, string>> {
  const wanted = new Map(branches.map((branch) => [`refs/heads/${branch}`, branch]))
  const tips = new Map<string, string>()
  for (const { name, oid } of await repository.refs({ prefix: [...wanted.keys()] })) {
    const branch = wanted.get(name)
    if (branch !== undefined && oid !== null) tips.set(branch, oid)
  }
  return tips
}

async function readHead(repository: Repository, branch: string, tip: string): Promise<Snapshot> {
  const head = await repository.snapshotAt(tip)
  return head.at({ ref: `refs/heads/${branch}`, tip, commit: tip, parents: head.parents })
}

/** Another one whenever a head moves, comes or goes; null where there is none. */
function idOf(tips: ReadonlyMap<string, string>): string | null {
  const lines = [...tips].map(([branch, tip]) => `${tip} ${branch}`).sort()
  const [first] = tips.values()
  if (first === undefined) return null
  // As long as the repository's own ids are.
  const hash = createHash(first.length === 64 ? 'sha256' : 'sha1')
  return hash.update(lines.join('\n')).digest('hex')
}
