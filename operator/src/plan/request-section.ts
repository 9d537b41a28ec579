import { createHash } from 'node:crypto'

/** What the operator knows of a request that it made: kept in the request itself, so that nothing has to be remembered. */
export interface RequestMark {
  /** Stands for what is proposed: see {@link stateOf}; empty for nothing. */
  readonly state: string
  /** Stands for the title as it was written. */
  readonly title: string
  /** Stands for the text as it was written. */
  readonly text: string
  /** Labels that were set, whether or not they are there still. */
  readonly labels: readonly string[]
  /** Who was asked for a review. */
  readonly reviewers: readonly string[]
}

const BEGIN = '<!-- gitsync:begin -->'
const END = /<!-- gitsync:end ([A-Za-z0-9_-]{1,8192}) -->/
/** Larger than any that is written. */
const MAX_BODY = 1 << 20

/** Stands for a text. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** Stands for what is proposed: the same for the same contents at the same paths. */
export function stateOf(changes: readonly { readonly path: string; readonly oid: string | null }[]): string {
  const lines = changes.map(({ path, oid }) => JSON.stringify([path, oid])).sort()
  return hashOf(lines.join('\n'))
}

/** What a body says of itself. Undefined where nobody, or somebody else, has written it. */
export function markOf(body: string): RequestMark | undefined {
  const encoded = body.length > MAX_BODY ? undefined : END.exec(body)?.[1]
  if (encoded === undefined || !body.includes(BEGIN)) return undefined
  try {
    const value = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')) as Partial<RequestMark>
    const { state, title, text, labels, reviewers } = value
    if (typeof state !== 'string' || typeof title !== 'string' || typeof text !== 'string') return undefined
    return { state, title, text, labels: texts(labels), reviewers: texts(reviewers) }
  } catch {
    return undefined
  }
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []

/** The body of a request that proposes nothing any more, which it says itself: nobody's no can then be about it. */
export function withoutProposal(body: string): string {
  const mark = markOf(body)
  return mark === undefined ? body : body.replace(END, endOf({ ...mark, state: '' }))
}

/** The body with the operator's own section as it should be; what people wrote around it stays. */
export function withSection(body: string, text: string, mark: RequestMark): string {
  // A text that looks like the end of the section would be taken for it.
  const safe = text.replaceAll('<!-- gitsync:', '<!- gitsync:')
  const section = `${BEGIN}\n${safe}\n${endOf(mark)}`
  const begin = body.indexOf(BEGIN)
  const end = END.exec(body)
  if (begin < 0 || end === null || end.index < begin)
    return body.trim() === '' ? section : `${body.trimEnd()}\n\n${section}`
  return body.slice(0, begin) + section + body.slice(end.index + end[0].length)
}

const endOf = (mark: RequestMark): string =>
  `<!-- gitsync:end ${Buffer.from(JSON.stringify(mark)).toString('base64url')} -->`
