import type { Repository } from '../client/repository.ts'
import type { VerbOptions } from './connect.ts'
import type { ConnectionFlags } from './connection-flags.ts'
import type { Io } from './io.ts'
import { withHint } from './ref-hint.ts'

/** Runs one verb's work on a repository; its connections are closed afterwards, and a ref that is missing gets a hint. */
export async function withRepository<T>(
  url: string,
  flags: ConnectionFlags,
  io: Io,
  work: (repo: Repository) => Promise<T>,
  options: VerbOptions = {},
): Promise<T> {
  // Help, completion and what is wrong with the command line need no engine.
  const { connect } = await import('./connect.ts')
  await using repo = await connect(url, flags, io, options)
  try {
    return await work(repo)
  } catch (error) {
    throw await withHint(repo, error)
  }
}
