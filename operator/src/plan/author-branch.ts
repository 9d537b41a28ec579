import { createHash } from 'node:crypto'

/** Stands for an author in the name of a branch. */
const AUTHOR = '{author}'
/** Characters of a name that are kept; a longer one is cut and ends in a hash. */
const MAX_NAME = 60
const HASH_DIGITS = 8

/** Whether a branch is one for each author. */
export const isPerAuthor = (template: string): boolean => template.includes(AUTHOR)

/**
 * What stands for an author in the name of a branch: the name in lower case, with `-` for whatever a branch cannot be called.
 * Authors whose names come out the same share a branch.
 */
export function branchPart(name: string): string {
  const part = name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}._@+]+/gu, '-')
    .replace(/\.{2,}|@(?=\{)/g, '-')
    .replace(/^[-.@]+|(?:[-.]|\.lock)+$/g, '')
  if (part === '') return 'nobody'
  if (part.length <= MAX_NAME) return part
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS)
  const beginning = part.slice(0, MAX_NAME - HASH_DIGITS - 1).replace(/[\uD800-\uDBFF]$/, '')
  return `${beginning}-${hash}`
}

/** The branch of an author. @param part see {@link branchPart} */
export const authorBranch = (template: string, part: string): string => template.replaceAll(AUTHOR, part)

/** What every branch of an author begins with. */
export const authorBranchPrefix = (template: string): string => template.slice(0, template.indexOf(AUTHOR))

/** Whether what a name has become is one that Git takes: what surrounds it may make it another. */
export const isBranchName = (branch: string): boolean => !/\.lock(?:\/|$)|\.\.|@\{|(?:^|\/)\.|\.(?:\/|$)/.test(branch)

/** Whether a branch can be the one of some author. */
export function isAuthorBranch(template: string, branch: string): boolean {
  // Asked of every writer for each branch of a webhook.
  if (!isPerAuthor(template)) return false
  const [before = '', after] = template.split(AUTHOR)
  if (after === undefined || !branch.startsWith(before) || !branch.endsWith(after)) return false
  const part = branch.slice(before.length, branch.length - after.length)
  return part !== '' && branch.length >= before.length + after.length && !part.includes('/')
}

/** Whether some branch of one can be one of the other. Either may be just a branch. */
export function shareAuthorBranch(a: string, b: string): boolean {
  if (!isPerAuthor(a)) return isPerAuthor(b) ? isAuthorBranch(b, a) : a === b
  if (!isPerAuthor(b)) return isAuthorBranch(a, b)
  const [[beforeA = '', afterA = ''], [beforeB = '', afterB = '']] = [a.split(AUTHOR), b.split(AUTHOR)]
  // What one says beyond the other is the beginning, or the end, of a name of the other's.
  const isBeginning = (long: string, short: string): boolean =>
    long.startsWith(short) && !long.slice(short.length).includes('/')
  const isEnd = (long: string, short: string): boolean =>
    long.endsWith(short) && !long.slice(0, long.length - short.length).includes('/')
  return (
    (isBeginning(beforeA, beforeB) || isBeginning(beforeB, beforeA)) && (isEnd(afterA, afterB) || isEnd(afterB, afterA))
  )
}
