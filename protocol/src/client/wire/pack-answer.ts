import type { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import type { Remote } from '../remote/remote.ts'

/** The answer to a fetch, read up to where the pack begins. */
export interface PackAnswer {
  /** To be closed when the pack has been read. */
  readonly input: ByteReader
  readonly pack: AsyncIterable<Buffer>
}

/** Gives what `read` gives; closes the input when that fails. */
export async function packAnswer(
  input: ByteReader,
  read: (input: ByteReader) => Promise<AsyncIterable<Buffer>>,
): Promise<PackAnswer> {
  try {
    return { input, pack: await read(input) }
  } catch (error) {
    await input.close()
    throw error
  }
}

export function formRefused(remote: Remote, what: string): GitError {
  return new GitError('Unsupported', `${remote.url} does not answer this form of fetch: ${what}`, { remote: [what] })
}
