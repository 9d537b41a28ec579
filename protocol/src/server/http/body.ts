import { createGunzip } from 'node:zlib'
import { pipeline } from 'node:stream/promises'
import { GitError, isGitError } from '../../format/errors.ts'
import type { HttpRequest } from './request.ts'

/** The body of a request, unpacked: git packs what is longer than a kilobyte. @throws GitError `Malformed`, `LimitExceeded` while it is read */
export async function* bodyOf({ headers, body }: HttpRequest, maxBytes: number): AsyncGenerator<Uint8Array> {
  const encoding = headers['content-encoding'] ?? 'identity'
  let seen = 0
  const arriving = whileThere(body)
  for await (const bytes of encoding === 'identity' ? arriving : gunzip(arriving, encoding)) {
    seen += bytes.length
    if (seen > maxBytes)
      throw new GitError('LimitExceeded', `the request has more than ${maxBytes} bytes`, {
        limit: 'maxRequestBytes',
        expected: maxBytes,
      })
    yield bytes
  }
}

/** @throws GitError `Network` where the client leaves before its request is whole */
async function* whileThere(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw new GitError('Network', 'the client is gone', { cause: error })
  }
}

async function* gunzip(body: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<Uint8Array> {
  if (encoding !== 'gzip' && encoding !== 'x-gzip')
    throw new GitError('Unsupported', `content-encoding ${encoding.slice(0, 40)} is not supported: gzip is`)
  const engine = createGunzip()
  // What fails here ends the engine, and is thrown by the loop below.
  pipeline(body, engine).catch(() => undefined)
  try {
    yield* engine
  } catch (error) {
    if (isGitError(error)) throw error
    throw new GitError('Malformed', 'the body is no gzip stream', { cause: error })
  }
}
