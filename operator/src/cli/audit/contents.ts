/** Records with what was changed in the file: a value, or all of it as a unified difference. */
import type { Repository, Snapshot } from '@gitsync/protocol'
import { fieldChange } from '../../audit/field.ts'
import type { Field, FieldChange, Unreadable } from '../../audit/field.ts'
import type { AuditRecord } from '../../audit/record.ts'
import { CommandFailure } from '../common/command-failure.ts'
import { patchOf } from '../kubectl/patches.ts'

export interface Row {
  readonly record: AuditRecord
  /** Where a field is asked for. */
  readonly value?: FieldChange | Unreadable
  /** Where differences are asked for. */
  readonly patch?: string
}

export interface ContentOptions {
  readonly field?: Field | undefined
  readonly diff?: boolean
}

/** Records whose contents are read at once: few first, since files may be large. */
const FIRST = 16
const MOST = 256
/** Bytes of one reading that a larger one follows. */
const FEW_BYTES = 4 << 20
/** Files of one commit whose differences are shown. */
const MAX_FILES = 200
const FOLDER = 0o40000
const SUBMODULE = 0o160000

/**
 * Reads the contents behind the records, many with one request; with a field only those records that changed it. Of a commit
 * with several records the first has the difference.
 * @throws CommandFailure for a field of a folder; GitError as reading does
 */
export async function* withContents(
  repository: Repository,
  records: AsyncIterable<AuditRecord>,
  { field, diff = false }: ContentOptions,
): AsyncGenerator<Row, void, undefined> {
  let size = FIRST
  let snapshot: Snapshot | undefined
  let last: string | undefined
  for await (const batch of batches(records, () => size)) {
    const edits = await editsOf(repository, batch, field !== undefined)
    const oids = edits.flatMap(({ files }) => files.flatMap(({ before, after }) => [before ?? [], after ?? []].flat()))
    snapshot ??= await repository.snapshotAt(batch[0]?.commit ?? '')
    const contents = await repository.blobs(snapshot, [...new Set(oids)])
    let bytes = 0
    for (const content of contents.values()) bytes += content.length
    size = bytes > FEW_BYTES ? FIRST : Math.min(size * 4, MOST)
    const read = (oid: string | undefined): Uint8Array | undefined =>
      oid === undefined ? undefined : contents.get(oid)
    for (const { record, files, more } of edits) {
      const [file] = files
      const value = field === undefined ? undefined : fieldChange(read(file?.before), read(file?.after), field)
      if (field !== undefined && value === undefined) continue
      const isFirst = record.commit !== last
      last = record.commit
      const patches = files.map(({ path, oldPath, before, after }) =>
        patchOf({ path, bytes: read(after) }, read(before), oldPath),
      )
      if (more > 0) patches.push(`and ${more} files more\n`)
      yield {
        record,
        ...(value === undefined ? {} : { value }),
        ...(diff && isFirst ? { patch: patches.join('') } : {}),
      }
    }
  }
}

interface Edit {
  readonly record: AuditRecord
  readonly files: readonly FileEdit[]
  /** Files that are not among them. */
  readonly more: number
}

interface FileEdit {
  readonly path: string
  readonly oldPath?: string | undefined
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/** Which files the records are of: the one that is followed, or all that the commit changed below a folder. */
async function editsOf(repository: Repository, batch: readonly AuditRecord[], isOfField: boolean): Promise<Edit[]> {
  const isFile = ({ path, change }: AuditRecord): boolean =>
    path !== undefined && change?.before?.mode !== FOLDER && change?.after?.mode !== FOLDER
  const wide = batch.filter((record) => !isFile(record))
  const [first] = wide
  if (first !== undefined && isOfField)
    throw new CommandFailure('usage', `${first.path} is a folder: --field is of one file, name it with --path`)
  const commits = new Map(wide.map(({ commit, tree, parents }) => [commit, { oid: commit, tree, parents }]))
  const changes = await repository.changes([...commits.values()])
  return batch.map((record): Edit => {
    const { path, oldPath, change, commit } = record
    if (isFile(record)) {
      return {
        record,
        more: 0,
        files: [{ path: path ?? '', oldPath, before: contentId(change?.before), after: contentId(change?.after) }],
      }
    }
    const within = (changes.get(commit) ?? []).filter((one) => path === undefined || one.path.startsWith(`${path}/`))
    const files = within.slice(0, MAX_FILES).map(({ path, oldMode, oldOid, mode, oid }) => ({
      path,
      before: contentId({ mode: oldMode, oid: oldOid }),
      after: contentId({ mode, oid }),
    }))
    return { record, files, more: within.length - files.length }
  })
}

/** A submodule is a commit of another repository: there is nothing to read. */
function contentId(
  state: { readonly mode?: number | undefined; readonly oid?: string | undefined } | null | undefined,
): string | undefined {
  return state?.mode === SUBMODULE ? undefined : state?.oid
}

async function* batches<T>(items: AsyncIterable<T>, size: () => number): AsyncGenerator<T[], void, undefined> {
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size()) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
