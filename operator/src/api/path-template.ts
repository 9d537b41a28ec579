import { z } from 'zod'
import { mustMatch, mustNotMatch } from './rules.ts'

/** Of what a name of a file or folder is, braces of variables included; a dot neither begins nor ends it. */
const EDGE = '[A-Za-z0-9_@=,+{}-]'
const INNER = '[A-Za-z0-9._@=,+{}-]*'

export interface PathTemplateOptions {
  readonly description: string
  readonly ending: 'json' | 'yaml'
  /** What may stand in braces, beside `folder`. */
  readonly variables: readonly string[]
  /** Of these it has one at least, so that no two files want one path. Default: none need be there. */
  readonly needed?: readonly string[]
  readonly example: string
}

/** Path of files below the folder of a GitSync, with variables that stand for something of each. */
export function pathTemplate(options: PathTemplateOptions): z.ZodString {
  const { description, ending, variables, needed, example } = options
  const names = ['folder', ...variables]
  const text = mustMatch(
    z.string().min(1).max(512).meta({ description }),
    new RegExp(String.raw`^(${EDGE}(${INNER}${EDGE})?\/)*${EDGE}${INNER}\.${ending}$`),
    `path is relative and ends with .${ending}; its parts are of A-Z a-z 0-9 - . _ + @ = , and neither begin nor end with a dot`,
  )
  const known = mustMatch(
    mustNotMatch(text, /[^/]{201}/, 'no part of path has more than 200 characters'),
    new RegExp(String.raw`^([^{}]|\{(${names.join('|')})\})*$`),
    `variables of path are ${inWords(names, 'and')}`,
  )
  const alone = mustNotMatch(
    known,
    /[^/]\{folder\}|\{folder\}[^/]/,
    `{folder} is a part of path of its own, as in ${example}`,
  )
  if (needed === undefined) return alone
  return mustMatch(
    alone,
    new RegExp(String.raw`\{(${needed.join('|')})\}`),
    `path has ${inWords(needed, 'or')}, so that each has a file of its own`,
  )
}

/** `{a}, {b} and {c}` */
function inWords(names: readonly string[], last: 'and' | 'or'): string {
  const shown = names.map((name) => `{${name}}`)
  const end = shown.pop() ?? ''
  return shown.length === 0 ? end : `${shown.join(', ')} ${last} ${end}`
}
