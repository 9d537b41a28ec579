import type { Repository } from '../client/repository.ts'
import { GitError, isGitError } from '../format/errors.ts'

/** Names that are offered as those that may be meant. */
const MAX_MEANT = 3
/** Names that are listed where none resembles the one that was asked for. */
const MAX_LISTED = 5
/** Names longer than that are not compared: the work grows with both lengths. */
const MAX_LENGTH = 200

/** The same error; where a branch or tag is missing, with those that may be meant. One request more. */
export async function withHint(repo: Repository, error: unknown): Promise<unknown> {
  if (!isGitError(error, 'RefNotFound') || error.details.ref === undefined) return error
  const asked = short(error.details.ref)
  const refs = await repo.refs({ prefix: ['HEAD', 'refs/heads/', 'refs/tags/'] }).catch(() => undefined)
  if (refs === undefined) return error
  const names = [...new Set(refs.filter(({ oid }) => oid !== null).map(({ name }) => short(name)))]
  const head = refs.find(({ name }) => name === 'HEAD')?.symref
  const hint = hintFor(
    asked,
    names.filter((name) => name !== 'HEAD'),
    head && short(head),
  )
  return new GitError('RefNotFound', `${error.message}${hint}`, { ...error.details, cause: error })
}

/** @param head the default branch */
export function hintFor(asked: string, names: readonly string[], head: string | undefined): string {
  if (names.length === 0) return '; it is empty: it has no commit yet'
  const near = names
    .map((name) => ({ name, distance: distance(asked, name) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(Math.min(asked.length, name.length) / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MAX_MEANT)
    .map(({ name }) => name)
  const usual = head !== undefined && /^(?:main|master|trunk|HEAD)$/.test(asked) && names.includes(head) ? [head] : []
  const longer = asked.length < 2 ? [] : names.filter((name) => name.startsWith(asked)).slice(0, MAX_MEANT)
  const meant = [...new Set([...near, ...usual, ...longer])].slice(0, MAX_MEANT)
  if (meant.length > 0) return `; did you mean ${meant.join(' or ')}?`
  const id = /^[0-9a-f]{4,}$/.test(asked) ? '; an id is needed in full, as gitsync log prints it' : ''
  const listed = names.slice(0, MAX_LISTED).join(', ')
  return `${id}; it has ${listed}${names.length > MAX_LISTED ? `, and ${names.length - MAX_LISTED} more (gitsync ls-remote)` : ''}`
}

const short = (ref: string): string => ref.replace(/^refs\/(?:heads|tags)\//, '')

/** Letters to insert, drop, change or swap with their neighbour, capitals not counted. */
function distance(a: string, b: string): number {
  if (a.length > MAX_LENGTH || b.length > MAX_LENGTH) return Number.POSITIVE_INFINITY
  const [from, to] = [a.toLowerCase(), b.toLowerCase()]
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      const at = (line: readonly number[], index: number): number => line[index] ?? Number.POSITIVE_INFINITY
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    ;[beforeLast, last] = [last, current]
  }
  return last[to.length] ?? 0
}
