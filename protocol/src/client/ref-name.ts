import { GitError } from '../format/errors.ts'

/** git-check-ref-format(1), rules 1 to 10, for a name with or without slashes. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /(?:^|\/)(?:\.|$)|\.\.|[\u0000-\u0020\u007f~^:?*[\\]|@\{|\.lock(?:\/|$)|\.$|^\/|^@$/

export const MAX_LENGTH = 1024

/** Whether Git allows the name for a ref. */
export function isRefName(name: string): boolean {
  if (name === '' || name.length > MAX_LENGTH || name.startsWith('-')) return false
  return !FORBIDDEN.test(name) && !name.includes('//')
}

/** @throws GitError `InvalidInput` */
export function checkRefName(name: string, field = 'ref'): void {
  if (!isRefName(name)) {
    throw new GitError('InvalidInput', `${field} ${JSON.stringify(name)} is no name that Git allows for a ref`, {
      field,
      ref: name,
    })
  }
}

/** A name that can be pushed to: below `refs/`. @throws GitError `InvalidInput` */
export function checkFullRefName(name: string): void {
  checkRefName(name)
  if (/^refs\/[^/]/.test(name)) return
  throw new GitError('InvalidInput', `ref ${JSON.stringify(name)} is no full name: write refs/heads/… or refs/tags/…`, {
    field: 'ref',
    ref: name,
  })
}

/** `v1` → `refs/tags/v1`; a full name stays. @throws GitError `InvalidInput` */
export function fullTagName(tag: string): string {
  checkRefName(tag, 'tag')
  return tag.startsWith('refs/tags/') ? tag : `refs/tags/${tag}`
}

/** `main` → `refs/heads/main`; a full name stays. @throws GitError `InvalidInput` */
export function fullBranchName(branch: string): string {
  checkRefName(branch, 'branch')
  return branch.startsWith('refs/') ? branch : `refs/heads/${branch}`
}
