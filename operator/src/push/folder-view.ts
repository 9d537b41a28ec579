import type { RemoteFile } from '../plan/compare.ts'

/** The member's folder at the commit that the push goes on top of. */
export interface FolderView {
  /** Every file below the folder. */
  files(): readonly RemoteFile[]
  /** Whether there is, or may be, a file. */
  has(path: string): boolean
  blobs(oids: readonly string[]): Promise<ReadonlyMap<string, Buffer>>
}
