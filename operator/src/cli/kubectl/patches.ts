import type { Repository } from '@gitsync/protocol'
import { createTwoFilesPatch } from 'diff'
import { spelledOut } from '../common/output.ts'
import type { FileChange, NextCommits } from './next-commits.ts'

/** Files whose old contents are read at once. */
const READ_AT_ONCE = 200
/** A file that is larger is named and not shown, in bytes. */
const MAX_SHOWN_BYTES = 4 << 20
const NONE = '/dev/null'
const decoder = new TextDecoder('utf-8', { fatal: true })

/** The unified differences of the files, one after another, as `git diff` prints them, but for what could play tricks on a terminal. */
export async function* patchesOf(
  repository: Repository,
  { changes, snapshot }: Pick<NextCommits, 'changes' | 'snapshot'>,
): AsyncGenerator<string> {
  for (let start = 0; start < changes.length; start += READ_AT_ONCE) {
    const some = changes.slice(start, start + READ_AT_ONCE)
    const oids = some.flatMap(({ oldOid }) => oldOid ?? [])
    const old = oids.length === 0 ? new Map<string, Buffer>() : await repository.blobs(snapshot, oids)
    for (const change of some) yield patchOf(change, change.oldOid === undefined ? undefined : old.get(change.oldOid))
  }
}

/**
 * @param before undefined for a file that is not there yet
 * @param oldPath of a file that has moved
 */
export function patchOf(
  { path, bytes }: Pick<FileChange, 'path' | 'bytes'>,
  before: Uint8Array | undefined,
  oldPath = path,
): string {
  const [from, to] = [text(before), text(bytes)]
  const names = [before === undefined ? NONE : `a/${oldPath}`, bytes === undefined ? NONE : `b/${path}`] as const
  if (from === undefined || to === undefined)
    return `${`Binary or large files ${names[0]} and ${names[1]} differ`.replaceAll('\n', String.raw`\n`)}\n`
  const patch = createTwoFilesPatch(names[0], names[1], from, to, undefined, undefined, { context: 3 })
  // The library heads each patch with a line of its own and tabs for dates.
  return spelledOut(patch.replace(/^=+\n/, '').replace(/^(---|\+\+\+) (.*)\t$/gm, '$1 $2'))
}

function text(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return ''
  if (bytes.length > MAX_SHOWN_BYTES) return undefined
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
