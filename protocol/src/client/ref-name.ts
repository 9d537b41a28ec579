import { GitError } from '../format/errors.ts'
import { isRefName } from '../format/ref-name.ts'

const REVISION = ': give a branch, a tag or the full id of a commit; ~ and ^ are not understood'

/** @throws GitError `InvalidInput` */
export function checkRefName(name: string, field = 'ref'): void {
  if (isRefName(name)) return
  const what = `${field} ${JSON.stringify(name)} is no name that Git allows for a ref`
  throw new GitError('InvalidInput', field === 'revision' ? `${what}${REVISION}` : what, { field, ref: name })
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
