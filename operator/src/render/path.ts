/** Object → path of its file below the GitSync's folder. */
import { createHash } from 'node:crypto'
import { parsePlaceholders, type Token } from './placeholders.ts'
import { InvalidTemplateError } from './template-error.ts'

const PATH_PLACEHOLDERS = ['namespace', 'type', 'kind', 'group', 'version', 'resource', 'name'] as const
export type PathPlaceholder = (typeof PATH_PLACEHOLDERS)[number]

/** What each placeholder stands for, where its name does not tell. */
export const PATH_PLACEHOLDER_DOCS: Readonly<Record<PathPlaceholder, string>> = {
  namespace: '_cluster for cluster-scoped objects',
  type: 'lower-case kind, with .group outside the core group',
  kind: '',
  group: '',
  version: '',
  resource: '',
  name: '',
}

/** Where files go when nothing is said. */
export const DEFAULT_PATH_TEMPLATE = '{namespace}/{type}/{name}.yaml'

export interface PathIdentity {
  /** '' is the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  /** Plural, as in `deployments`. */
  readonly resource: string
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string
  readonly name: string
}

/** One part of a path: what varies, then text such as `.yaml` that is never cut. */
interface PathPart {
  readonly stem: readonly Token<PathPlaceholder>[]
  readonly suffix: string
}

export interface PathTemplate {
  readonly source: string
  readonly parts: readonly PathPart[]
}

/** Longest part, in bytes, without its suffix. */
const PART_MAX = 200
/** Longest text in a part besides placeholders; with PART_MAX below the 255 bytes of common file systems. */
const TEXT_MAX = 50
const HASH_LENGTH = 32
const ALLOWED_TEXT = /^[-A-Za-z0-9._+@=,]*$/

/**
 * Reads a path template such as `{namespace}/{type}/{name}.yaml`.
 * @throws InvalidTemplateError for an unknown placeholder, an absolute path, an empty part, a part that starts with a dot
 *   (`..`, `.git`) or ends with one, and text outside `A-Z a-z 0-9 - . _ + @ = ,`
 */
export function parseTemplate(source: string): PathTemplate {
  const refuse = (part: string, problem: string): never => {
    throw new InvalidTemplateError(source, part, problem, PATH_PLACEHOLDERS)
  }
  if (source.startsWith('/')) refuse(source, 'the path must be relative, without a / at the start')
  const parts = source.split('/').map((part): PathPart => {
    if (part === '') refuse(part, 'a part is empty (// or / at the end)')
    if (part.startsWith('.')) refuse(part, `part ${JSON.stringify(part)} must not start with a dot`)
    if (part.endsWith('.')) refuse(part, `part ${JSON.stringify(part)} must not end with a dot`)
    const tokens = parsePlaceholders(part, PATH_PLACEHOLDERS, source)
    const text = tokens.map((token) => ('text' in token ? token.text : '')).join('')
    if (!ALLOWED_TEXT.test(text))
      refuse(part, `part ${JSON.stringify(part)} has characters other than A-Z a-z 0-9 - . _ + @ = ,`)
    if (text.length > TEXT_MAX)
      refuse(part, `part ${JSON.stringify(part)} has more than ${TEXT_MAX} characters of text`)
    const last = tokens.at(-1)
    return last !== undefined && 'text' in last && tokens.length > 1
      ? { stem: tokens.slice(0, -1), suffix: last.text }
      : { stem: tokens, suffix: '' }
  })
  return { source, parts }
}

/**
 * The path for an object, with `/` between parts. Different objects have different paths when the template has namespace, type
 * and name in parts of their own, kinds that differ only in case aside.
 */
export function renderPath({ parts }: PathTemplate, id: PathIdentity): string {
  return parts.map(({ stem, suffix }) => cut(stem.map((token) => tokenText(token, id)).join('')) + suffix).join('/')
}

function tokenText(token: Token<PathPlaceholder>, id: PathIdentity): string {
  return 'text' in token ? token.text : encodePart(VALUES[token.placeholder](id))
}

export const namespaceText = (id: PathIdentity): string => id.namespace ?? '_cluster'
export const typeText = ({ kind, group }: PathIdentity): string =>
  group === '' ? kind.toLowerCase() : `${kind.toLowerCase()}.${group}`
export const groupText = (id: PathIdentity): string => id.group || 'core'

const VALUES: Readonly<Record<PathPlaceholder, (id: PathIdentity) => string>> = {
  namespace: namespaceText,
  type: typeText,
  kind: (id) => id.kind,
  group: groupText,
  version: (id) => id.version,
  resource: (id) => id.resource,
  name: (id) => id.name,
}

const SAFE = /^[a-z0-9_-][a-z0-9._-]*$/
const encoder = new TextEncoder()

/** Percent-encodes bytes outside `a-z 0-9 . _ -` and a leading dot: one spelling in case-insensitive checkouts, no `..`, no `.git`. */
function encodePart(text: string): string {
  if (SAFE.test(text)) return text
  let encoded = ''
  for (const [i, byte] of encoder.encode(text).entries()) {
    const character = String.fromCharCode(byte)
    const safe = i === 0 ? /[a-z0-9_-]/ : /[a-z0-9._-]/
    encoded += safe.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

/** `~` occurs in no encoded name, so a cut part never equals a whole one. */
function cut(stem: string): string {
  if (stem.length <= PART_MAX) return stem
  const hash = createHash('sha256').update(stem).digest('hex').slice(0, HASH_LENGTH)
  // Half of a percent code would be a name that nothing can decode.
  return `${stem.slice(0, PART_MAX - HASH_LENGTH - 1).replace(/%[0-9A-F]?$/, '')}~${hash}`
}

/** Longest path that an expression may give, in characters. */
const PATH_MAX = 1000
const SUFFIX = /\.[a-z0-9]{1,16}$/

/**
 * A path that an expression gave, made as safe as a template's: names are encoded and cut in the same way.
 * @throws RangeError for an absolute path, an empty part, and one that is too long
 */
export function checkPath(path: string): string {
  if (path.length > PATH_MAX) throw new RangeError(`the path has more than ${PATH_MAX} characters`)
  const parts = path.split('/')
  if (parts.includes('')) throw new RangeError(`the path ${JSON.stringify(path)} has an empty part`)
  return parts
    .map((part, i) => {
      const suffix = i === parts.length - 1 ? (SUFFIX.exec(part)?.[0] ?? '') : ''
      const stem = encodePart(part.slice(0, part.length - suffix.length))
      const name = cut(stem) + suffix
      // Some systems drop a dot at the end.
      return name.endsWith('.') ? `${name.slice(0, -1)}%2E` : name
    })
    .join('/')
}
