import { nameProblem } from '../../format/entry-name.ts'
import { GitError } from '../../format/errors.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { compareEntries, entrySpans, Mode } from '../../format/tree.ts'
import type { StoredObject } from '../pack/object-reader.ts'

/** What git writes, and wrote in its first year (git-fsck, "badFilemode"). */
const MODES: ReadonlySet<number> = new Set([...Object.values(Mode), 0o100664])
const OID = '(?:[0-9a-f]{40}|[0-9a-f]{64})'
/** A name, an address, seconds since the epoch, and the offset of a time zone. */
const PERSON = '[^\\n<>]*<[^\\n<>]*> (?:0|[1-9]\\d{0,18}) [+-]\\d{4}'
const COMMIT = new RegExp(
  `^tree ${OID}\\n(?:parent ${OID}\\n)*author ${PERSON}\\n(?:author ${PERSON}\\n)*committer ${PERSON}\\n`,
)
const TAG = new RegExp(`^object ${OID}\\ntype (?:commit|tree|blob|tag)\\ntag [^\\n]+\\n(?:tagger ${PERSON}\\n)?`)
/** Headers come first, and nobody has so many of them. */
const MAX_HEADERS = 1 << 20

/**
 * Whether an object may come in, as git judges with `transfer.fsckObjects` (git-fsck, "Fsck messages").
 * @throws GitError `Malformed`
 */
export function checkObject(oid: ObjectId, { type, bytes }: StoredObject, format: ObjectFormat): void {
  if (type === 'tree') checkTree(oid, bytes, format)
  if (type === 'commit' || type === 'tag') checkHeaders(oid, type, bytes)
}

function checkHeaders(oid: ObjectId, type: 'commit' | 'tag', bytes: Buffer): void {
  const end = bytes.indexOf('\n\n')
  const head = bytes.toString('latin1', 0, Math.min(end < 0 ? bytes.length : end + 1, MAX_HEADERS))
  if (head.includes('\0')) throw bad(oid, type, 'has NUL in its headers')
  if (!(type === 'commit' ? COMMIT : TAG).test(head)) {
    const wanted = type === 'commit' ? 'tree, parents, author and committer' : 'object, type, tag and tagger'
    throw bad(oid, type, `does not begin with ${wanted} as git writes them`)
  }
}

function checkTree(oid: ObjectId, bytes: Buffer, format: ObjectFormat): void {
  let before: { readonly mode: number; readonly rawName: string } | undefined
  const names = new Set<string>()
  for (const entry of entrySpans(bytes, format)) {
    const { mode, rawName, start, oidStart } = entry
    const problem = rawName.includes('/') ? 'has a slash in a name' : nameProblem(rawName)
    if (problem !== undefined) throw bad(oid, 'tree', `${problem} (${JSON.stringify(rawName)})`)
    if (!MODES.has(mode)) throw bad(oid, 'tree', `has mode ${mode.toString(8)}, which does not exist`)
    if (bytes[start] === 0x30) throw bad(oid, 'tree', 'has a mode that begins with 0')
    if (bytes.toString('hex', oidStart, oidStart + format.size) === format.zero)
      throw bad(oid, 'tree', 'points to nothing')
    if (names.has(rawName)) throw bad(oid, 'tree', `has ${JSON.stringify(rawName)} twice`)
    names.add(rawName)
    if (before !== undefined && compareEntries(before, entry) >= 0) throw bad(oid, 'tree', 'is not in order')
    before = entry
  }
}

const bad = (oid: ObjectId, type: string, why: string): GitError =>
  new GitError('Malformed', `${type} ${oid} ${why}`, { oid })
