import { homedir } from 'node:os'
import { join } from 'node:path'
import { GitError } from '../format/errors.ts'
import { openFilesystemStore, openS3Store } from '../server/index.ts'
import type { RepositoryStore } from '../server/index.ts'
import { orUnusable } from './unusable.ts'

/** Which repositories `serve` serves. */
export interface StoreFlags {
  readonly data?: string
  readonly s3Bucket?: string
  readonly s3Endpoint?: string
  readonly s3Region?: string
  readonly s3Prefix?: string
  /** False where it was switched off. */
  readonly s3PathStyle: boolean
  readonly cacheBytes?: number
}

export interface ServedStore {
  /** For people. */
  readonly where: string
  readonly store: RepositoryStore & { close(): Promise<void> }
}

/** @throws GitError naming the flag that is wrong */
export async function openServedStore(
  flags: StoreFlags,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ServedStore> {
  const { data, s3Bucket: bucket, s3Endpoint, s3Region, s3Prefix, s3PathStyle, cacheBytes } = flags
  if (bucket === undefined) {
    const lonely = [
      s3Endpoint !== undefined && '--s3-endpoint',
      s3Region !== undefined && '--s3-region',
      s3Prefix !== undefined && '--s3-prefix',
      !s3PathStyle && '--no-s3-path-style',
      cacheBytes !== undefined && '--cache-bytes',
    ].find((flag) => flag !== false)
    if (lonely !== undefined)
      throw new GitError('InvalidInput', `${lonely} goes with --s3-bucket: name the bucket`, { field: 's3-bucket' })
    const folder = data ?? join(env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'gitsync')
    return { where: folder, store: await orUnusable('--data', folder, openFilesystemStore(folder)) }
  }
  const folder = data ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'gitsync')
  const prefix = s3Prefix === undefined ? '' : s3Prefix.replace(/\/*$/, '/')
  const opening = openS3Store({
    bucket,
    prefix,
    ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint }),
    ...(s3Region === undefined ? {} : { region: s3Region }),
    ...(s3PathStyle ? {} : { pathStyle: false }),
    cache: { folder, ...(cacheBytes === undefined ? {} : { maxBytes: cacheBytes }) },
  })
  const store = await orUnusable('--data', folder, opening)
  return { where: `s3://${bucket}/${prefix}`, store }
}
