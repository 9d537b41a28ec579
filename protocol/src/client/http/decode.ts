import { pipeline } from 'node:stream'
import type { Readable } from 'node:stream'
import { createUnzip } from 'node:zlib'
import { GitError } from '../../format/errors.ts'

/** Codings that answers may come in. */
export const ACCEPTED_CODINGS = 'gzip, deflate'

/**
 * The bytes that were encoded, no more of them at a time than somebody reads.
 * @param coding value of `Content-Encoding`
 * @throws GitError `NotGit` for another coding than those that were accepted; the stream `Malformed`
 */
export async function* decoded(body: Readable, coding: string | undefined): AsyncGenerator<Uint8Array> {
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
  try {
    // What fails is thrown by the loop.
    yield* pipeline(body, createUnzip(), () => undefined) as AsyncIterable<Uint8Array>
  } catch (error) {
    if (!String((error as { code?: unknown }).code).startsWith('Z_')) throw error
    throw new GitError('Malformed', `the answer is no whole ${name} stream`, { cause: error })
  }
}
