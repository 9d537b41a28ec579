/** Title and description of a pull request: what changed, in the words of a template. */
import { summary } from './message.ts'
import type { Change } from './message.ts'
import { parsePlaceholders } from './placeholders.ts'
import type { Token } from './placeholders.ts'
import { InvalidTemplateError } from './template-error.ts'

const PLACEHOLDERS = ['summary', 'changes', 'authors', 'count', 'namespace', 'gitsync', 'branch', 'base'] as const
type Placeholder = (typeof PLACEHOLDERS)[number]

/** What each placeholder stands for. */
export const PULL_REQUEST_PLACEHOLDER_DOCS: Readonly<Record<Placeholder, string>> = {
  summary: 'Update Deployment shop/web, Update 3 objects in shop',
  changes: 'a line for each change, at most 100',
  authors: 'whoever made the commits, at most 20',
  count: 'how many files change',
  namespace: 'namespace of the GitSync',
  gitsync: 'namespace/name of the GitSync; of several that share the branch all of them',
  branch: 'branch of the request',
  base: 'branch that it is merged into',
}

export interface PullRequestInput {
  /** At least one. */
  readonly changes: readonly Change[]
  /** Names of whoever made the commits. */
  readonly authors: readonly string[]
  /** namespace/name of each GitSync that writes the branch; at least one. */
  readonly gitsyncs: readonly string[]
  readonly branch: string
  readonly base: string
}

const LISTED_CHANGES = 100
const LISTED_AUTHORS = 20
/** GitLab and GitHub take 255 and 256. */
const TITLE_MAX = 250

/** @throws InvalidTemplateError for an unknown placeholder or a brace without its partner */
export function parsePullRequestTemplate(template: string): readonly Token<Placeholder>[] {
  if (template.trim() === '') throw new InvalidTemplateError(template, '', 'the text is empty', PLACEHOLDERS)
  return parsePlaceholders(template, PLACEHOLDERS)
}

/** One line. @throws InvalidTemplateError */
export function renderTitle(template = '{summary}', input: PullRequestInput): string {
  const line = fill(template, input)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
  // Half of a character at the end would be no character.
  return (line === '' ? summary(input.changes) : line).slice(0, TITLE_MAX).toWellFormed()
}

const DEFAULT_BODY = `{changes}

Changed by {authors} in the cluster; written by gitsync-operator for {gitsync}.
This branch is kept in step with the cluster: what is changed in it by hand, in files that the operator writes, is
written over. Closed, the request is not opened again until something else changes.`

/** Markdown. Names come in code spans, where they mention nobody and close nothing. @throws InvalidTemplateError */
export function renderBody(template = DEFAULT_BODY, input: PullRequestInput): string {
  return fill(template, input).trim()
}

function fill(template: string, input: PullRequestInput): string {
  return parsePullRequestTemplate(template)
    .map((token) => ('text' in token ? token.text : VALUES[token.placeholder](input)))
    .join('')
}

const VALUES: Readonly<Record<Placeholder, (input: PullRequestInput) => string>> = {
  summary: ({ changes }) => summary(changes),
  changes: ({ changes }) => listing(changes),
  authors: ({ authors }) => {
    const shown = [...new Set(authors)].slice(0, LISTED_AUTHORS).map(code)
    return shown.length === 0 ? 'nobody known' : shown.join(', ')
  },
  count: ({ changes }) => String(changes.length),
  namespace: ({ gitsyncs }) => gitsyncs[0]?.split('/')[0] ?? '',
  gitsync: ({ gitsyncs }) => gitsyncs.map(code).join(', '),
  branch: ({ branch }) => branch,
  base: ({ base }) => base,
}

function listing(changes: readonly Change[]): string {
  const lines = changes
    .slice(0, LISTED_CHANGES)
    .map(
      ({ action, kind, namespace, name }) =>
        `- ${action} ${code(`${kind} ${[namespace, name].filter(Boolean).join('/')}`)}`,
    )
  if (changes.length > LISTED_CHANGES) lines.push(`- and ${changes.length - LISTED_CHANGES} more`)
  return lines.join('\n')
}

function code(text: string): string {
  return `\`${text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replaceAll('`', "'")}\``
}
