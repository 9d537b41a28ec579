import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { GitError } from '../../format/errors.ts'
import { inMemory } from '../pack/random-access.ts'
import { isIndex, isPack } from './cache/cached-pack.ts'
import { DiskCache } from './cache/disk-cache.ts'
import type { Cached } from './cache/disk-cache.ts'
import { StagingFolder } from './cache/staging-folder.ts'
import type { RepositoryStore } from './repository-store.ts'
import type { Bucket, S3Location } from './s3/bucket.ts'
import { inWords } from './s3/in-words.ts'
import { probe } from './s3/probe.ts'
import { States } from './s3/states.ts'
import type { Waiting } from './s3/states.ts'
import { StagedFile } from './staged-file.ts'
import { StoredFile } from './stored-file.ts'

export type { S3Location } from './s3/bucket.ts'

export interface S3StoreOptions extends S3Location, Partial<Waiting> {
  readonly cache: {
    /** For packs that were read, and for those on their way in. Several processes may share it; what is in it may be removed while none runs. */
    readonly folder: string
    /** Bytes of packs that are kept there. What is on its way in, and what is read when it has to make way, comes on top. Default 10 GiB. */
    readonly maxBytes?: number
  }
}

export interface S3Store extends RepositoryStore {
  /** Ends its connections, and removes what is on its way. */
  close(): Promise<void>
}

const DEFAULT_CACHE_BYTES = 10 * 2 ** 30

/**
 * Repositories in a bucket, for any number of processes: `names/OWNER/NAME.json` is the state of a repository, `repositories/ID/packs`
 * has what never changes. Both are written only where the bucket finds that nobody was faster.
 * @throws GitError `Unsupported` where the bucket's server does not hold to conditions; where the bucket cannot be used, why
 */
export async function openS3Store({
  cache: { folder, maxBytes = DEFAULT_CACHE_BYTES },
  random = Math.random,
  sleep = (ms) => setTimeout(ms),
  ...location
}: S3StoreOptions): Promise<S3Store> {
  if (location.endpoint !== undefined && !/^https?:\/\/[^/]+\/?$/i.test(location.endpoint))
    throw new GitError('InvalidInput', `${JSON.stringify(location.endpoint)} is no URL of a server: check endpoint`, {
      field: 'endpoint',
    })
  // Who has repositories elsewhere need not load the library.
  const bucket = new (await import('./s3/bucket.ts')).Bucket(location)
  const staging = await StagingFolder.open(join(folder, 'staging'))
  const close = async (): Promise<void> => {
    bucket.close()
    await staging.close()
  }
  try {
    await probe(bucket)
    return storeIn(bucket, {
      staging,
      cache: await DiskCache.open(join(folder, 'packs'), staging, maxBytes),
      states: new States(bucket, { random, sleep }),
      close,
    })
  } catch (error) {
    await close()
    throw inWords(error, location)
  }
}

function storeIn(
  bucket: Bucket,
  {
    staging,
    cache,
    states,
    close,
  }: {
    readonly staging: StagingFolder
    readonly cache: DiskCache
    readonly states: States
    readonly close: () => Promise<void>
  },
): S3Store {
  const packOf = (repository: string, pack: string): string => `repositories/${repository}/packs/${pack}`
  const cached = (key: string, isWhole: Cached['isWhole']): Cached => ({
    key,
    what: `s3: ${key}`,
    fetch: () => bucket.download(key),
    isWhole,
  })
  return {
    close,
    read: (name) => states.read(name),
    recall: (name) => states.recall(name),
    create: (name, state) => states.create(name, state),
    change: (name, change) => states.change(name, change),
    stage: () => staging.stage(),
    async keep(repository, pack, { id, index }) {
      if (!(pack instanceof StagedFile)) throw new TypeError('a pack is kept where it was staged')
      const key = packOf(repository, id)
      const kept = await Promise.allSettled([
        bucket.keep(`${key}.idx`, inMemory(index)),
        bucket.keep(`${key}.pack`, pack),
      ])
      for (const one of kept) if (one.status === 'rejected') throw one.reason
      const copy = await staging.stage()
      await copy.append(index)
      await cache.adopt(`${key}.idx`, copy)
      await cache.adopt(`${key}.pack`, pack)
    },
    async open(repository, { id, name, size }) {
      const key = packOf(repository, id)
      const index = await cache.open(cached(`${key}.idx`, (file, length) => isIndex(file, length, name)))
      try {
        return {
          file: new StoredFile(size, () =>
            cache.open(cached(`${key}.pack`, async (file, length) => length === size && isPack(file, length, name))),
          ),
          index: await index.readFile(),
        }
      } finally {
        await index.close()
      }
    },
    async remove(repository, pack) {
      for (const kind of ['pack', 'idx']) {
        const key = `${packOf(repository, pack)}.${kind}`
        await bucket.remove(key)
        await cache.remove(key)
      }
    },
  }
}
