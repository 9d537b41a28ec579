import type { CommitInfo, Repository } from '@gitsync/protocol'

/** A commit as far as it matters who made it, and what they say of it. */
export type ReviewedCommit = Pick<CommitInfo, 'oid' | 'parents' | 'author' | 'committer' | 'message'>

/** How a branch has parted from another. */
export interface Divergence {
  /** Where both have been the same. */
  readonly mergeBase: string
  /** Commits of the head that the base has not, newest first. */
  readonly ahead: readonly ReviewedCommit[]
}

/** Commits of each side that are looked at: a request that is older than so many is left to people. */
const MAX_COMMITS = 1_024

/** Undefined where it cannot be told from the newest commits of both. A few requests: commits are read without their files. */
export async function findDivergence(
  repository: Repository,
  head: string,
  base: string,
): Promise<Divergence | undefined> {
  if (head === base) return { mergeBase: base, ahead: [] }
  const behind = await commits(repository, base)
  const own = await commits(repository, head)
  const ahead: ReviewedCommit[] = []
  const seen = new Set<string>()
  const roots = new Set<string>()
  const queue = [head]
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (seen.has(oid)) continue
    seen.add(oid)
    if (behind.has(oid)) {
      roots.add(oid)
      continue
    }
    const commit = own.get(oid)
    if (commit === undefined) return undefined
    ahead.push(commit)
    queue.push(...commit.parents)
  }
  // Of several places where they were the same the newest: those before it are behind it.
  const mergeBase = [...behind.keys()].find((oid) => roots.has(oid))
  if (mergeBase === undefined) return undefined
  const order = [...own.keys()]
  return { mergeBase, ahead: ahead.sort((a, b) => order.indexOf(a.oid) - order.indexOf(b.oid)) }
}

async function commits(repository: Repository, tip: string): Promise<Map<string, ReviewedCommit>> {
  const found = new Map<string, ReviewedCommit>()
  for await (const { oid, parents, author, committer, message } of repository.history(tip, { limit: MAX_COMMITS }))
    found.set(oid, { oid, parents, author, committer, message })
  return found
}

/**
 * Commits that somebody else made. A merge of the base is nobody's work: hosts offer it by a button.
 * @param ours addresses of the committers that write the branch
 */
export function foreignCommits({ ahead }: Divergence, ours: ReadonlySet<string>): readonly ReviewedCommit[] {
  const known = new Set(ahead.map(({ oid }) => oid))
  return ahead.filter(
    ({ committer, parents }) =>
      !ours.has(committer.email) && !(parents.length === 2 && parents.some((parent) => !known.has(parent))),
  )
}
