import { randomUUID } from 'node:crypto'
import type { KeptPack, RepositoryStore, StagedPack } from '../store/repository-store.ts'
import type { IngestedPack } from './ingest-pack.ts'

/** Keeps what came in; no state names it yet. @param repository id */
export async function keepPack(
  store: RepositoryStore,
  repository: string,
  staged: StagedPack,
  { name, objects, index }: IngestedPack,
): Promise<KeptPack> {
  const { size } = staged
  const id = randomUUID()
  await store.keep(repository, staged, { id, name, index })
  return { id, name, size, objects }
}
