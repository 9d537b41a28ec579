import { ByteReader } from '../../format/byte-reader.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { PackLimits } from '../../format/pack-limits.ts'
import { ingestPack } from '../ingest/ingest-pack.ts'
import { keepPack } from '../ingest/keep-pack.ts'
import type { ObjectStore } from '../pack/object-store.ts'
import type { KeptPack, RepositoryStore } from '../store/repository-store.ts'
import { packStream } from '../upload-pack/pack-stream.ts'

/** Each push may be a delta against the one before; as git, when it packs. */
const MAX_DEPTH = 50

/**
 * One pack of all that is in several, kept beside them. It is taken in as a push would be, so that damage is found before anything
 * is thrown away because of it.
 * @param repository id
 * @param objects of these packs alone
 * @throws GitError `Malformed`, `LimitExceeded`
 */
export async function mergePacks(
  store: RepositoryStore,
  repository: string,
  objects: ObjectStore,
  limits: PackLimits,
): Promise<KeptPack> {
  const all = new Set<ObjectId>()
  for (const { index } of objects.packs) for (const { oid } of index.entries()) all.add(oid)
  const merged = packStream(
    objects,
    { objects: all, held: new Set() },
    { flags: new Set(['ofs-delta']), maxDepth: MAX_DEPTH },
  )
  const staged = await store.stage(repository)
  try {
    const pack = await ingestPack(new ByteReader(merged), staged, {
      format: objects.format,
      limits,
      there: { find: async () => undefined, typeOf: async () => undefined },
    })
    return await keepPack(store, repository, staged, pack)
  } finally {
    await staged.discard()
  }
}
