import { createHash } from 'node:crypto'
import type { AuditedBranch, AuditedGitSync } from '../audited.ts'

/** A history that a timeline is put together of. */
export interface Stream {
  /** The same for the same branch and folder, in whatever process. */
  readonly id: string
  readonly branch: AuditedBranch
  /** Folder whose history it is; undefined for that of all the branch. */
  readonly path: string | undefined
  /** All GitSyncs of the branch that the viewer may see. */
  readonly visible: readonly AuditedGitSync[]
  /** Those of them that are asked for. */
  readonly wanted: ReadonlySet<AuditedGitSync>
  /** When the newest commit of these was made, as far as is known; milliseconds since the epoch. */
  readonly newest: number
  /** Of a folder's history: the last commit of the operator there. */
  readonly last: string | undefined
}

/** Of more folders of one branch, the branch is read once instead of each of them. */
const MAX_FOLDERS = 3

/** The histories in which GitSyncs are, the one with the newest commit first. */
export function streamsOf(
  gitsyncs: readonly AuditedGitSync[],
  isWanted: (gitsync: AuditedGitSync) => boolean,
): Stream[] {
  const streams: Stream[] = []
  for (const visible of Map.groupBy(gitsyncs, ({ remote }) => remote?.key).values()) {
    const wanted = visible.filter((gitsync) => isWanted(gitsync))
    const branch = newestOf(wanted)?.remote
    if (branch === undefined) continue
    const isWhole = wanted.length > MAX_FOLDERS || wanted.some(({ path }) => path === '.')
    for (const some of isWhole ? [wanted] : wanted.map((gitsync) => [gitsync])) {
      const path = isWhole ? undefined : some[0]?.path
      const id = createHash('sha256')
        .update(JSON.stringify([branch.key, path]))
        .digest('base64url')
        .slice(0, 16)
      const newest = Math.max(...some.map((gitsync) => timeOf(gitsync)))
      // A GitSync of one folder is looked for where that one has last seen the branch.
      const at = isWhole ? branch : (some[0]?.remote ?? branch)
      const last = isWhole ? undefined : some[0]?.status.lastCommit?.sha
      streams.push({ id, branch: at, path, visible, wanted: new Set(some), newest, last })
    }
  }
  return streams.sort((a, b) => b.newest - a.newest)
}

const newestOf = (gitsyncs: readonly AuditedGitSync[]): AuditedGitSync | undefined =>
  gitsyncs.toSorted((a, b) => timeOf(b) - timeOf(a))[0]

const timeOf = ({ status }: AuditedGitSync): number => Date.parse(status.lastCommit?.time ?? '') || 0
