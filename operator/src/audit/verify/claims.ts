/** Files that say who writes a folder. */
import { CLAIM_FILE } from '../../plan/compare.ts'

export interface RecordedClaim {
  /** Of the file. */
  readonly path: string
  /** Id of its content. */
  readonly oid: string
  /** uid of the namespace kube-system; null where the file is no claim of the operator. */
  readonly cluster: string | null
  /** uid of the GitSync; null where the file is no claim of the operator. */
  readonly gitsync: string | null
}

export const isClaimFile = (path: string): boolean => path === CLAIM_FILE || path.endsWith(`/${CLAIM_FILE}`)

export function readClaimFile(bytes: Uint8Array): Pick<RecordedClaim, 'cluster' | 'gitsync'> {
  const text = new TextDecoder().decode(bytes)
  const value = (name: string): string | null => new RegExp(`^${name}: (\\S{1,100})$`, 'm').exec(text)?.[1] ?? null
  return { cluster: value('cluster'), gitsync: value('gitsync') }
}

export interface ClaimDifference {
  readonly path: string
  readonly change: 'new' | 'gone' | 'another'
}

/** What became of the claims of earlier. */
export function compareClaims(
  before: readonly Pick<RecordedClaim, 'path' | 'oid'>[],
  after: readonly Pick<RecordedClaim, 'path' | 'oid'>[],
): ClaimDifference[] {
  const [old, now] = [before, after].map((claims) => new Map(claims.map(({ path, oid }) => [path, oid])))
  const paths = [...new Set([...before, ...after].map(({ path }) => path))].sort()
  return paths.flatMap((path): ClaimDifference[] => {
    const [was, is] = [old?.get(path), now?.get(path)]
    if (was === is) return []
    return [{ path, change: was === undefined ? 'new' : is === undefined ? 'gone' : 'another' }]
  })
}
