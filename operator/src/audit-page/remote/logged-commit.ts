import type { Change, CommitInfo } from '@gitsync/protocol'
import { bounded, recordsOf } from '../../audit/record.ts'
import type { RecordedObject } from '../../audit/record.ts'

/** A commit and what it changed against its first parent. */
export interface LoggedCommit {
  readonly oid: string
  readonly parents: readonly string[]
  readonly author: { readonly name: string; readonly email: string; readonly time: number }
  /** By the committer's clock, milliseconds since the epoch. */
  readonly committed: number
  readonly message: string
  /** Kinds of which message and trailers say that they were changed, each once; the first of them. */
  readonly kinds: readonly Pick<RecordedObject, 'kind' | 'group'>[]
  /** The first of them, in the order of their paths. */
  readonly changes: readonly LoggedChange[]
  /** It changed more than can be looked through: nobody is told what. */
  readonly isTooLarge: boolean
  /** Folders in which something changed → how many files. */
  readonly folders: ReadonlyMap<string, number>
}

export type LoggedChange = Pick<Change, 'status' | 'path' | 'oldPath' | 'oldOid' | 'oid' | 'mode' | 'oldMode'>

/** Of one commit. */
const MAX_CHANGES = 500
const MAX_MESSAGE = 4_000
const MAX_KINDS = 50

/** @param changed undefined where it is too much */
export function loggedCommit(commit: CommitInfo, changed: readonly Change[] | undefined): LoggedCommit {
  const changes = changed ?? []
  const { oid, parents, author, committer, message } = commit
  const folders = new Map<string, number>()
  for (const { path } of changes) {
    const folder = folderOf(path)
    folders.set(folder, (folders.get(folder) ?? 0) + 1)
  }
  return {
    oid,
    parents,
    author: { name: bounded(author.name), email: bounded(author.email), time: timeOf(author.date) },
    committed: timeOf(committer.date),
    message: message.slice(0, MAX_MESSAGE),
    kinds: kindsOf(commit),
    isTooLarge: changed === undefined,
    changes: changes.slice(0, MAX_CHANGES),
    folders,
  }
}

function kindsOf(commit: CommitInfo): LoggedCommit['kinds'] {
  const kinds = new Map<string, LoggedCommit['kinds'][number]>()
  for (const { object } of recordsOf(commit, { operators: new Set() })) {
    if (object === undefined) continue
    const [kind, group] = [bounded(object.kind), object.group === undefined ? undefined : bounded(object.group)]
    kinds.set(`${kind}.${group ?? ''}`, { kind, group })
    if (kinds.size >= MAX_KINDS) break
  }
  return [...kinds.values()]
}

/** Dates beyond what a computer can count are 1970, as the engine takes them. */
const timeOf = (date: Date): number => (Number.isNaN(date.getTime()) ? 0 : date.getTime())

/** The folder in which a file is; '' is the root. */
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** Whether a path, of a file or a folder, is in a folder. @param folder `.` is the root */
export const isBelow = (path: string, folder: string): boolean =>
  folder === '.' || path === folder || path.startsWith(`${folder}/`)

/** Bytes that it takes, roughly. */
export function sizeOf({ author, message, kinds, changes, folders }: LoggedCommit): number {
  let size = 500 + 2 * (author.name.length + author.email.length + message.length)
  for (const { kind, group = '' } of kinds) size += 100 + 2 * (kind.length + group.length)
  for (const { path } of changes) size += 260 + 2 * path.length
  for (const [folder] of folders) size += 64 + 2 * folder.length
  return size
}
