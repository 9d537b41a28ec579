/** The branch that a GitSync writes to. */
import { z } from 'zod'
import { authorBranch } from '../plan/author-branch.ts'
import { InvalidSpecError } from './invalid-spec.ts'
import { mustMatch, mustNotMatch } from './rules.ts'

/** A branch with placeholders. https://git-scm.com/docs/git-check-ref-format, said in parts so that the message names what is wrong. */
function branchTemplate(description: string): z.ZodString {
  const branch = z.string().min(1).max(255).meta({ description })
  return branchName(
    mustMatch(
      branch,
      /^([^{}]|\{namespace\}|\{name\})*$/,
      'branch: the only placeholders are {namespace} and {name}; no other braces',
    ),
  )
}

/** A branch, or one for each author. */
export function headTemplateSchema(description: string): z.ZodString {
  const branch = z.string().min(1).max(255).meta({ description })
  return branchName(
    mustMatch(
      branch,
      /^([^{}]|\{namespace\}|\{name\})*(\/([^{}]|\{namespace\}|\{name\})*\{author\}([^{}]|\{namespace\}|\{name\})*)?$/,
      'branch: the only placeholders are {namespace}, {name} and, once and behind a folder as in review/{author}, {author}; no other braces',
    ),
  )
}

function branchName(template: z.ZodString): z.ZodString {
  let branch = template
  branch = mustNotMatch(
    branch,
    /[\p{Z}\p{Cc}~^:?*[\\]|\.\.|@\{/u,
    'branch must not contain spaces, control characters, ~ ^ : ? * [ \\ or two dots in a row',
  )
  branch = mustNotMatch(branch, /^\/|\/$|\/\//, 'branch must not start or end with / or contain //')
  branch = mustNotMatch(
    branch,
    /(^|\/)\.|\.$|\.lock(\/|$)|^-|^@$|^HEAD$/,
    'branch: no part may start with . or end with .lock, and the name must not end with ., start with - or be @ or HEAD',
  )
  return mustNotMatch(branch, /^refs\//, 'branch is the short name: write main, not refs/heads/main')
}

export const branchSchema = branchTemplate(
  'Branch, created when missing. {namespace} and {name} stand for those of the GitSync, as in tenants/{namespace}.',
)

/** Where a GitSync lives; fills the placeholders. */
export interface BranchOwner {
  readonly namespace: string
  readonly name: string
}

/**
 * The branch with {namespace} and {name} filled in, {author} left, without `refs/heads/`.
 * @param field that holds the template, for the error
 * @throws InvalidSpecError when that is no branch name: a GitSync may be called `a.lock`
 */
export function resolveBranch(template: string, owner: BranchOwner, field = 'spec.repository.branch'): string {
  const resolved = template.replaceAll('{namespace}', owner.namespace).replaceAll('{name}', owner.name)
  const result = branchSchema.safeParse(authorBranch(resolved, 'author'))
  if (result.success) return resolved
  throw new InvalidSpecError(field, resolved, result.error.issues[0]?.message ?? '')
}
