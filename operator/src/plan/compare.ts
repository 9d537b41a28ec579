import type { DesiredFile, DesiredFiles } from './desired-files.ts'
import type { FileReading, HeldDocument } from './holdings.ts'

export interface RemoteFile {
  /** Below the GitSync's folder. */
  readonly path: string
  readonly oid: string
}

/** A document in a file that other objects are wanted in. */
export interface LeftoverDocument {
  readonly path: string
  readonly document: HeldDocument
}

export interface Difference {
  /** Objects to write, and whether there is something of theirs already. */
  readonly writes: readonly { readonly file: DesiredFile; readonly exists: boolean }[]
  /** Files that no object wants. */
  readonly extras: readonly RemoteFile[]
  /** Objects that nobody wants, in files that others are in. */
  readonly leftovers: readonly LeftoverDocument[]
  /** Files that cannot be read where objects are wanted: these stay as they are. */
  readonly unreadable: readonly { readonly path: string; readonly problem: string }[]
}

/** The name of the file that claims a folder. */
export const CLAIM_FILE = '.gitsync'

/**
 * Holds the wanted objects against the files in the folder.
 * @param readingOf what a file holds; undefined where it is nobody's business, and is replaced
 */
export function compare(
  desired: DesiredFiles,
  remote: Iterable<RemoteFile>,
  readingOf: (file: RemoteFile) => FileReading | undefined = () => undefined,
): Difference {
  const there = new Map<string, string>()
  const extras: RemoteFile[] = []
  const leftovers: LeftoverDocument[] = []
  for (const file of remote) {
    const { path, oid } = file
    there.set(path, oid)
    if (path === CLAIM_FILE) continue
    if (!desired.isWanted(path)) {
      extras.push(file)
      continue
    }
    if (desired.at(path)?.oid === oid) continue
    for (const document of readingOf(file)?.documents ?? []) {
      if (document.key !== null && desired.ofObject(document.key)?.path !== path) leftovers.push({ path, document })
    }
  }
  const writes: Difference['writes'][number][] = []
  const unreadable = new Map<string, string>()
  for (const file of desired.files()) {
    const oid = there.get(file.path)
    if (oid === file.oid) continue
    const reading = oid === undefined ? undefined : readingOf({ path: file.path, oid })
    if (reading?.documents === null) unreadable.set(file.path, reading.problem)
    else {
      const held = reading?.documents.find(({ key }) => key === file.key)
      const exists = reading === undefined ? oid !== undefined : held !== undefined
      if (held?.oid !== file.oid) writes.push({ file, exists })
    }
  }
  return {
    writes,
    extras,
    leftovers,
    unreadable: [...unreadable].map(([path, problem]) => ({ path, problem })),
  }
}
