import type { Repository } from '@gitsync/protocol'
import type { ProposedCommit, SeenRequest } from './dialect.ts'

/** The commit of a request, read unless it is the one that is known. */
export async function readProposed(
  repository: Repository,
  oid: string,
  known: SeenRequest | undefined,
): Promise<ProposedCommit> {
  if (known?.commit.oid === oid) return known.commit
  const { parents, message, committer } = await repository.commit(oid)
  return { oid, parents, message, committer }
}
