import { createHash } from 'node:crypto'
import { CLAIM_FILE } from './compare.ts'
import type { RemoteFile } from './compare.ts'

/** Who writes a folder: one GitSync of one cluster. */
export interface Claim {
  /** uid of the namespace kube-system. */
  readonly cluster: string
  /** uid of the GitSync. */
  readonly gitsync: string
}

/** The content of the file that claims a folder. Names no names: other tenants may read the repository. */
export function claimFile(claim: Claim): Buffer {
  return Buffer.from(
    `# gitsync-operator writes this folder. What is changed here is written over.\ncluster: ${claim.cluster}\ngitsync: ${claim.gitsync}\n`,
  )
}

/**
 * Stands for whoever wrote a claim file: what a condition shows, and what `gitsync.dev/take-over` must say. Content that
 * is no claim at all has an id as well, since somebody put it there.
 */
export function claimId(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16)
}

/**
 * Without files below folders inside that others have claimed: these are nobody else's business.
 * @param isWanted what is to be there all the same
 */
export function outsideOtherClaims(
  files: readonly RemoteFile[],
  isWanted: (path: string) => boolean,
): readonly RemoteFile[] {
  const claimed = otherClaims(files)
  if (claimed.length === 0) return files
  return files.filter(({ path }) => isWanted(path) || !claimed.some((folder) => path.startsWith(`${folder}/`)))
}

/** Folders inside that others have claimed. */
export function otherClaims(files: readonly Pick<RemoteFile, 'path'>[]): readonly string[] {
  return files
    .filter(({ path }) => path.endsWith(`/${CLAIM_FILE}`))
    .map(({ path }) => path.slice(0, -CLAIM_FILE.length - 1))
}
