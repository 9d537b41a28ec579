import { shareAuthorBranch } from './author-branch.ts'
import { repositoryAddress } from './repository-address.ts'

/** One GitSync's place in Git. */
export interface Place {
  /** uid */
  readonly id: string
  readonly namespace: string
  readonly name: string
  /** RFC 3339 */
  readonly createdAt: string
  readonly url: string
  /** Branch that shows the cluster in the end. */
  readonly branch: string
  /** Branch that is pushed to, where it is another one: its request is merged into `branch`. */
  readonly head?: string | undefined
  readonly path: string
}

/** One spelling for one repository: `https://Git.Example.com:443/a/b.git/` → `https://git.example.com/a/b`. */
export function normalizeUrl(url: string): string {
  const known = normalized.get(url)
  if (known !== undefined) return known
  const spelling = oneSpelling(url)
  // Every GitSync is held against every other one: a fleet that shares a repository has its URL read once.
  if (normalized.size >= NORMALIZED_MAX) normalized.clear()
  normalized.set(url, spelling)
  return spelling
}

const normalized = new Map<string, string>()
const NORMALIZED_MAX = 10_000

function oneSpelling(url: string): string {
  const { url: one, host } = repositoryAddress(url)
  const { protocol, pathname } = new URL(one)
  const path = decodePath(pathname)
    .replace(/\/{2,}/g, '/')
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '')
  // On the hosts that people use, SSH's path in the home of the user is the same as that from the root.
  return `${protocol}//${host}${protocol === 'ssh:' ? path.replace(/^\/~\//, '/') : path}`
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Key of the branch that a GitSync writes; GitSyncs with equal keys share a writer. */
export function branchKey(place: Pick<Place, 'url' | 'branch'>): string {
  // The branch first: no branch holds a space, while a decoded path may hold anything.
  return `${place.branch} ${normalizeUrl(place.url)}`
}

/** The branch of a {@link branchKey}. */
export const branchOfKey = (key: string): string => key.slice(0, key.indexOf(' '))

/** Whether two are in each other's way: on the same branch in each other's folder, or on one branch for different purposes. */
export function overlap(a: Place, b: Place): boolean {
  if (normalizeUrl(a.url) !== normalizeUrl(b.url)) return false
  const heads = [a.head ?? a.branch, b.head ?? b.branch] as const
  if (a.branch === b.branch) return nested(a.path, b.path) || isOneOfMany(...heads)
  return heads[0] === heads[1] || isOneOfMany(...heads)
}

/** Whether one stands for a branch for each author that may be the other, or one of the other's. */
const isOneOfMany = (a: string, b: string): boolean => a !== b && shareAuthorBranch(a, b)

/**
 * The older GitSync whose folder is the same, above or below on the same branch, or which pushes to the same branch for
 * another purpose: it goes on, this one is refused. Undefined when the place is free.
 * @param hasWritten whether a GitSync has written there: of two that came in the same second it is the older one
 */
export function olderOverlap(
  place: Place,
  others: Iterable<Place>,
  hasWritten: (place: Place) => boolean = () => false,
): Place | undefined {
  for (const other of others) {
    if (other.id !== place.id && overlap(other, place) && isOlder(other, place, hasWritten)) return other
  }
  return undefined
}

function nested(a: string, b: string): boolean {
  // Checkouts on systems that ignore case would mix the folders.
  const [left, right] = [a, b].map((path) => (path === '.' ? '' : `${path.toLowerCase()}/`)) as [string, string]
  return left.startsWith(right) || right.startsWith(left)
}

/** Whether the first goes on where two overlap: of any two it is one. */
export function isOlder(a: Place, b: Place, hasWritten: (place: Place) => boolean): boolean {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt
  // Times have whole seconds: who comes just after another must not take its folder by chance.
  const [aWrote, bWrote] = [hasWritten(a), hasWritten(b)]
  return aWrote === bWrote ? a.id < b.id : aWrote
}
