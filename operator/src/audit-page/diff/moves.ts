import { ALIKE, likeness } from '../../audit/similar.ts'
import type { LoggedChange } from '../remote/logged-commit.ts'

/** Bytes of a text that is compared with another one: to tell what it is of takes as long as anybody waits for a page. */
const MAX_COMPARED = 128 << 10

/** Changes in which a file that went and one with its content that came are one, of status `R`. */
export function withMoves(changes: readonly LoggedChange[]): readonly LoggedChange[] {
  const gone = Map.groupBy(
    changes.filter(({ status }) => status === 'D'),
    ({ oldOid }) => oldOid,
  )
  const sources = new Map<LoggedChange, LoggedChange>()
  for (const change of changes) {
    const source = change.status === 'A' ? gone.get(change.oid)?.shift() : undefined
    if (source !== undefined) sources.set(change, source)
  }
  return joined(changes, sources)
}

/** The same where one file went, one came, and they are alike: so a dashboard moves that gets another title. @param texts by content id */
export function withMove(
  changes: readonly LoggedChange[],
  texts: ReadonlyMap<string, string>,
): readonly LoggedChange[] {
  const [gone, anotherGone] = changes.filter(({ status }) => status === 'D')
  const [come, anotherCome] = changes.filter(({ status }) => status === 'A')
  if (gone === undefined || come === undefined || anotherGone !== undefined || anotherCome !== undefined) return changes
  const [before, after] = [gone.oldOid, come.oid].map((oid) => Buffer.from(texts.get(oid ?? '') ?? ''))
  const isAlike = isCompared(before) && isCompared(after) && likeness(before, after) >= ALIKE
  return isAlike ? joined(changes, new Map([[come, gone]])) : changes
}

const isCompared = (text: Buffer | undefined): text is Buffer =>
  text !== undefined && text.length > 0 && text.length <= MAX_COMPARED

/** @param sources what came → what went */
function joined(
  changes: readonly LoggedChange[],
  sources: ReadonlyMap<LoggedChange, LoggedChange>,
): readonly LoggedChange[] {
  const moved = new Set(sources.values())
  return changes.flatMap((change) => {
    const source = sources.get(change)
    if (source === undefined) return moved.has(change) ? [] : [change]
    const { path: oldPath, oldOid, oldMode } = source
    return [{ ...change, status: 'R', oldPath, ...(oldOid && { oldOid }), ...(oldMode && { oldMode }) }]
  })
}
