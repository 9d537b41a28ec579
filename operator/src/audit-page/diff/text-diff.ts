import { structuredPatch } from 'diff'

/** Lines that differ, with some around them. */
export interface TextDiff {
  readonly hunks: readonly { readonly oldStart: number; readonly newStart: number; readonly lines: readonly string[] }[]
  /** Lines that are not shown. */
  readonly left: number
}

/** Lines around those that differ. */
const CONTEXT = 3
const MAX_LINES = 400
const MAX_LINE = 2_000
/** Beyond so many lines that differ, or milliseconds, nobody reads them one by one. */
const MAX_EDITS = 4_000
const MAX_MS = 250

/** Undefined for texts of which next to nothing is the same. */
export function textDiff(before: string, after: string): TextDiff | undefined {
  const options = { context: CONTEXT, maxEditLength: MAX_EDITS, timeout: MAX_MS }
  const patch = structuredPatch('', '', before, after, '', '', options)
  if (patch === undefined) return undefined
  let left = MAX_LINES
  const all = patch.hunks.reduce((sum, { lines }) => sum + lines.length, 0)
  const hunks = patch.hunks.flatMap(({ oldStart, newStart, lines }) => {
    const shown = lines.slice(0, left).map((line) => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line))
    left -= shown.length
    return shown.length === 0 ? [] : [{ oldStart, newStart, lines: shown }]
  })
  return { hunks, left: Math.max(0, all - MAX_LINES) }
}
