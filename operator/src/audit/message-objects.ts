/** Objects that the operator's own message names, where no template was given (render/message.ts). */

export type Action = 'Create' | 'Update' | 'Delete'

export interface SaidObject {
  readonly action: Action
  readonly kind: string
  /** Undefined outside namespaces. */
  readonly namespace: string | undefined
  readonly name: string
}

/** Behind the first line there may be the token for CI. */
const LINE = /^(- )?(Create|Update|Delete) ([A-Z][A-Za-z0-9]*) (\S+)(?: \[[^\]]*\])?$/
/** As of trailers. */
const MAX_LISTED = 1_000
const MORE = /^- and (\d{1,9}) more$/

/** Of the first line, or of the list below it; `unlisted` are those that the list only counts. */
export function objectsInMessage(message: string): {
  readonly objects: readonly SaidObject[]
  readonly unlisted: number
} {
  const [first = '', ...rest] = message.trimStart().split('\n')
  const single = objectIn(first)
  if (single !== undefined) return { objects: [single], unlisted: 0 }
  const listed = rest.flatMap((line) => (line.startsWith('- ') ? (objectIn(line) ?? []) : []))
  const objects = listed.slice(0, MAX_LISTED)
  const more = rest.reduce((sum, line) => sum + Number(MORE.exec(line)?.[1] ?? 0), 0)
  return { objects, unlisted: objects.length === 0 ? 0 : more + listed.length - objects.length }
}

function objectIn(line: string): SaidObject | undefined {
  const [, , action, kind = '', place = ''] = LINE.exec(line) ?? []
  if (action === undefined) return undefined
  const slash = place.indexOf('/')
  return {
    action: action as Action,
    kind,
    namespace: slash < 0 ? undefined : place.slice(0, slash),
    name: place.slice(slash + 1),
  }
}
