/** Commit messages: what changed, in the words of a template. */
import type { Person } from '../plan/person.ts'
import { parsePlaceholders, type Token } from './placeholders.ts'
import { InvalidTemplateError } from './template-error.ts'

const MESSAGE_PLACEHOLDERS = [
  'action',
  'kind',
  'group',
  'namespace',
  'name',
  'count',
  'summary',
  'changes',
  'gitsync',
  'author',
  'email',
  'manager',
  'cluster',
  'time',
] as const
export type MessagePlaceholder = (typeof MESSAGE_PLACEHOLDERS)[number]

/**
 * What each placeholder stands for. {action}, {kind}, {group}, {namespace} and {name} are those of the change; of several
 * changes what they have in common, else `*` ({action}: Update).
 */
export const MESSAGE_PLACEHOLDER_DOCS: Readonly<Record<MessagePlaceholder, string>> = {
  action: 'Create, Update or Delete',
  kind: 'kind, as in Deployment',
  group: 'API group, core for the core group',
  namespace: 'namespace, empty for cluster-scoped objects',
  name: 'name of the object',
  count: 'how many objects changed',
  summary: 'the default first line: Update Deployment shop/web, Update 3 objects in shop',
  changes: 'a line for each change, at most 50',
  gitsync: 'namespace/name of the GitSync',
  author: 'name of the author',
  email: 'e-mail address of the author',
  manager: 'field manager, as in kubectl-edit; empty where it is not known, * for several',
  cluster: 'uid of the namespace kube-system',
  time: 'time of the commit, as in 2026-01-31T12:00:00Z',
}

export interface Change {
  readonly action: 'Create' | 'Update' | 'Delete'
  /** '' is the core group. */
  readonly group: string
  readonly kind: string
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string
  readonly name: string
  /** Field manager. */
  readonly manager?: string | undefined
}

export interface MessageInput {
  /** At least one. */
  readonly changes: readonly Change[]
  /** namespace/name of the GitSync */
  readonly gitsync: string
  readonly author: Person
  /** uid of the namespace kube-system */
  readonly cluster: string
  /** RFC 3339 */
  readonly time: string
}

const LISTED_MAX = 50

/**
 * Checks a message template.
 * @throws InvalidTemplateError for an unknown placeholder, a brace without its partner, or a template without any text
 */
export function parseMessageTemplate(template: string): readonly Token<MessagePlaceholder>[] {
  if (template.trim() === '') throw new InvalidTemplateError(template, '', 'the message is empty', MESSAGE_PLACEHOLDERS)
  return parsePlaceholders(template, MESSAGE_PLACEHOLDERS)
}

/**
 * The commit message, ending with one newline. Without a template: `Update Deployment shop/web`; for several changes
 * `Update 3 objects in shop` and a list of them.
 * @throws InvalidTemplateError as {@link parseMessageTemplate}
 */
export function renderMessage(template: string | undefined, input: MessageInput): string {
  const text = template === undefined ? defaultMessage(input) : fill(parseMessageTemplate(template), input)
  // A template such as {namespace} may come to nothing, and a commit without a message is refused by many hosts.
  return `${text.trim() || summary(input.changes)}\n`
}

function defaultMessage({ changes }: MessageInput): string {
  return changes.length === 1 ? summary(changes) : `${summary(changes)}\n\n${listing(changes)}`
}

function fill(tokens: readonly Token<MessagePlaceholder>[], input: MessageInput): string {
  return tokens.map((token) => ('text' in token ? token.text : VALUES[token.placeholder](input))).join('')
}

const VALUES: Readonly<Record<MessagePlaceholder, (input: MessageInput) => string>> = {
  action: ({ changes }) => action(changes),
  kind: ({ changes }) => oneLine(common(changes, (change) => change.kind)),
  group: ({ changes }) => oneLine(common(changes, (change) => change.group || 'core')),
  namespace: ({ changes }) => oneLine(common(changes, (change) => change.namespace ?? '')),
  name: ({ changes }) => oneLine(common(changes, (change) => change.name)),
  count: ({ changes }) => String(changes.length),
  summary: ({ changes }) => summary(changes),
  changes: ({ changes }) => listing(changes),
  gitsync: ({ gitsync }) => oneLine(gitsync),
  author: ({ author }) => oneLine(author.name),
  email: ({ author }) => oneLine(author.email),
  manager: ({ changes }) => oneLine(common(changes, ({ manager }) => manager ?? '')),
  cluster: ({ cluster }) => cluster,
  time: ({ time }) => time,
}

/** One line, as a commit begins by default. @param changes at least one */
export function summary(changes: readonly Change[]): string {
  const [first] = changes
  if (first !== undefined && changes.length === 1) return describe(first)
  const namespaces = [...new Set(changes.map((change) => change.namespace))]
  const [only] = namespaces
  let where = ` in ${namespaces.length} namespaces`
  if (namespaces.length === 1) where = only === undefined ? '' : ` in ${oneLine(only)}`
  else if (namespaces.includes(undefined)) where = ''
  return `${action(changes)} ${changes.length} objects${where}`
}

function listing(changes: readonly Change[]): string {
  const lines = changes.slice(0, LISTED_MAX).map((change) => `- ${describe(change)}`)
  if (changes.length > LISTED_MAX) lines.push(`- and ${changes.length - LISTED_MAX} more`)
  return lines.join('\n')
}

function describe({ action, kind, namespace, name }: Change): string {
  return oneLine(`${action} ${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`)
}

function action(changes: readonly Change[]): string {
  const shared = common(changes, (change) => change.action)
  return shared === '*' ? 'Update' : shared
}

function common(changes: readonly Change[], of: (change: Change) => string): string {
  const values = new Set(changes.map(of))
  const [only = ''] = values
  return values.size > 1 ? '*' : only
}

/** Names of RBAC objects may hold line breaks, which would forge trailers. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
}
