/** Trailers: what a commit says for programs that read the history (git-interpret-trailers). */

export const TRAILERS = ['Changed-by', 'Changed-via', 'Object', 'Resource-version', 'Cluster'] as const
export type Trailer = (typeof TRAILERS)[number]

/** What each trailer says. */
export const TRAILER_DOCS: Readonly<Record<Trailer, string>> = {
  'Changed-by': 'user name as the API server knows it, or the pseudonym; one line for each user',
  'Changed-via': 'field manager: the program; one line for each',
  Object: 'one line for each object, at most 50, as in `Deployment.apps/shop/web`; then how many more',
  'Resource-version': 'of the object named by the line above, or by the same line of the list without `Object`',
  Cluster: 'uid of the namespace kube-system, as in the file .gitsync',
}

export interface TrailerChange {
  /** See `identityKey`. */
  readonly object: string
  readonly by?: string | undefined
  readonly via?: string | undefined
  readonly version?: string | undefined
}

export interface TrailerInput {
  readonly changes: readonly TrailerChange[]
  readonly cluster: string
}

const MAX_LISTED = 50

/** The lines of the trailers that are asked for, in an order of their own. */
export function trailerLines(wanted: readonly Trailer[], { changes, cluster }: TrailerInput): string[] {
  const has = (trailer: Trailer): boolean => wanted.includes(trailer)
  const lines: string[] = []
  if (has('Changed-by')) lines.push(...each('Changed-by', changes, ({ by }) => by))
  if (has('Changed-via')) lines.push(...each('Changed-via', changes, ({ via }) => via))
  for (const { object, version } of changes.slice(0, MAX_LISTED)) {
    if (has('Object')) lines.push(line('Object', object))
    if (has('Resource-version') && version !== undefined) lines.push(line('Resource-version', version))
  }
  if (has('Object') && changes.length > MAX_LISTED) lines.push(`Object: and ${changes.length - MAX_LISTED} more`)
  if (has('Cluster')) lines.push(line('Cluster', cluster))
  return lines
}

function each(
  trailer: Trailer,
  changes: readonly TrailerChange[],
  of: (change: TrailerChange) => string | undefined,
): string[] {
  const values = new Set(changes.map(of).filter((value) => value !== undefined && value !== ''))
  return [...values].slice(0, MAX_LISTED).map((value) => line(trailer, String(value)))
}

const MAX_VALUE = 512

const line = (trailer: Trailer, value: string): string =>
  `${trailer}: ${value
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, MAX_VALUE)}`

/**
 * Lines of a text by people that could be taken for the operator's word get a mark before them: what it says of itself
 * (`Gitsync-Compared`), and these trailers.
 */
export function withoutTrailers(text: string, names: readonly string[]): string {
  const forged = ['Gitsync-[a-z]+', ...names].join('|')
  return text.replaceAll(new RegExp(String.raw`^(?=[^\S\n]*(?:${forged})\s*:)`, 'gimu'), '> ')
}

/** The message with trailers behind it, as a paragraph of their own or behind those that it ends in. */
export function addTrailers(message: string, lines: readonly string[]): string {
  const text = message.trimEnd()
  if (lines.length === 0) return `${text}\n`
  const last = text
    .split(/\n\s*\n/)
    .slice(1)
    .at(-1)
  const endsInTrailers = last !== undefined && last.split('\n').every((line) => /^[A-Za-z0-9-]+: \S/.test(line))
  return `${text}${endsInTrailers ? '\n' : '\n\n'}${lines.join('\n')}\n`
}

/** The message with a token at the end of its first line, unless it is there already. */
export function addToSubject(message: string, token: string): string {
  const end = message.indexOf('\n')
  const subject = end < 0 ? message : message.slice(0, end)
  return subject.includes(token) ? message : `${subject} ${token}${end < 0 ? '' : message.slice(end)}`
}
