import { memoryStore, openFilesystemStore, openS3Store } from '@gitsync/protocol/server'
import type { RepositoryStore, S3Store, S3StoreOptions } from '@gitsync/protocol/server'
import { startS3 } from '../../kit/s3/index.ts'
import type { S3Server, S3ServerName } from '../../kit/s3/index.ts'

/** Those that every run tests: a bucket is one of versitygw. */
export const STORES = ['memory', 'filesystem', 'versitygw'] as const
export type StoreName = (typeof STORES)[number] | S3ServerName

export interface OpenedStore {
  readonly store: RepositoryStore
  readonly close: () => Promise<void>
}

/** An empty store, with what it needs. */
export async function openStore(name: StoreName, folder: string): Promise<OpenedStore> {
  if (name === 'memory') return { store: memoryStore(), close: async () => undefined }
  if (name === 'filesystem') {
    const store = await openFilesystemStore(folder)
    return { store, close: () => store.close() }
  }
  const server = await startS3(name)
  const store = await openBucket(server, folder)
  return {
    store,
    async close() {
      await store.close()
      await server.stop()
    },
  }
}

/** A bucket of a server of the kit, or of a proxy before it, by a cache of its own. */
export function openBucket(
  { endpoint, bucket, env }: Pick<S3Server, 'endpoint' | 'bucket' | 'env'>,
  folder: string,
  options: Partial<S3StoreOptions> = {},
): Promise<S3Store> {
  // Where the library looks for them.
  Object.assign(process.env, env)
  return openS3Store({ endpoint, bucket, cache: { folder }, ...options })
}
