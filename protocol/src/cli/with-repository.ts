import type { RepositoryOptions } from '../client/open-repository.ts'
import type { Repository } from '../client/repository.ts'
import { GitError, isGitError } from '../format/errors.ts'
import type { Io } from './io.ts'
import { connect } from './options.ts'
import type { ConnectionFlags } from './options.ts'
import { withHint } from './ref-hint.ts'

/** Runs one verb's work on a repository; its connections are closed afterwards, and a ref that is missing gets a hint. */
export async function withRepository<T>(
  url: string,
  flags: ConnectionFlags,
  io: Io,
  work: (repo: Repository) => Promise<T>,
  options: RepositoryOptions = {},
): Promise<T> {
  await using repo = await connect(url, flags, io, options)
  try {
    return await work(repo)
  } catch (error) {
    throw withLimitHint(await withHint(repo, error))
  }
}

/** Limits of the library that `--max-bytes` sets. */
const BYTES: ReadonlySet<string | undefined> = new Set([
  'maxResponseBytes',
  'maxObjectBytes',
  'maxHeldBytes',
  'maxBlobBytes',
])

function withLimitHint(error: unknown): unknown {
  if (!isGitError(error, 'LimitExceeded') || !BYTES.has(error.details.limit)) return error
  const message = `${error.message}; --max-bytes sets another limit, such as --max-bytes 4G`
  return new GitError('LimitExceeded', message, { ...error.details, cause: error })
}
