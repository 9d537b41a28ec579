import { pipeline } from 'node:stream'
import type { Readable } from 'node:stream'
import { createUnzip } from 'node:zlib'
import { GitError } from '../../format/errors.ts'

/** Codings that answers may come in. */
export const ACCEPTED_CODINGS = 'gzip, deflate'

/** Nothing that Git sends comes near; what is made to fill memory does. */
export const MAX_INFLATE_RATIO = 200

/** Bytes of an answer before anybody asks what they were made of. */
const ALWAYS_BYTES = 1 << 20

/**
 * The bytes that were encoded, no more of them at a time than somebody reads.
 * @param coding value of `Content-Encoding`
 * @param maxInflateRatio bytes out for each byte in, beyond the first MiB
 * @throws GitError `NotGit` for another coding than those that were accepted; the stream `Malformed`, `LimitExceeded`
 */
export async function* decoded(
  body: Readable,
  coding: string | undefined,
  maxInflateRatio = MAX_INFLATE_RATIO,
): AsyncGenerator<Uint8Array> {
  const name = coding?.trim().toLowerCase() ?? ''
  if (name === '' || name === 'identity') {
    yield* body as AsyncIterable<Uint8Array>
    return
  }
  if (!['gzip', 'x-gzip', 'deflate'].includes(name)) {
    body.destroy()
    throw new GitError('NotGit', `the answer comes in a coding that was not asked for: ${JSON.stringify(name)}`, {
      expected: ACCEPTED_CODINGS,
      actual: name,
    })
  }
  const unzip = createUnzip()
  let length = 0
  try {
    // What fails is thrown by the loop.
    for await (const chunk of pipeline(body, unzip, () => undefined) as AsyncIterable<Uint8Array>) {
      length += chunk.length
      if (length > ALWAYS_BYTES && length > unzip.bytesWritten * maxInflateRatio) throw overRatio(maxInflateRatio)
      yield chunk
    }
  } catch (error) {
    if (!String((error as { code?: unknown }).code).startsWith('Z_')) throw error
    throw new GitError('Malformed', `the answer is no whole ${name} stream`, { cause: error })
  }
}

function overRatio(expected: number): GitError {
  const what = `the answer unpacks to more than ${expected} times its size (maxInflateRatio)`
  return new GitError('LimitExceeded', what, { limit: 'maxInflateRatio', expected })
}
