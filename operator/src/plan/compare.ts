import type { DesiredFile, DesiredFiles } from './desired-files.ts'

export interface RemoteFile {
  /** Below the GitSync's folder. */
  readonly path: string
  readonly oid: string
}

export interface Difference {
  /** Files to write, and whether there is one already. */
  readonly writes: readonly { readonly file: DesiredFile; readonly exists: boolean }[]
  /** Files that no object wants. */
  readonly extras: readonly RemoteFile[]
}

/** The name of the file that claims a folder. */
export const CLAIM_FILE = '.gitsync'

/** Holds the wanted files against those in the folder. */
export function compare(desired: DesiredFiles, remote: Iterable<RemoteFile>): Difference {
  const there = new Map<string, string>()
  const extras: RemoteFile[] = []
  for (const file of remote) {
    there.set(file.path, file.oid)
    if (file.path !== CLAIM_FILE && !desired.isWanted(file.path)) extras.push(file)
  }
  const writes: Difference['writes'][number][] = []
  for (const file of desired.files()) {
    const oid = there.get(file.path)
    if (oid !== file.oid) writes.push({ file, exists: oid !== undefined })
  }
  return { writes, extras }
}
