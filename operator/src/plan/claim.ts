import { createHash } from 'node:crypto'

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
