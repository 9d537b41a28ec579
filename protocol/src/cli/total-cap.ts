import type { Transport } from '../client/http/transport.ts'
import { GitError } from '../format/errors.ts'

/** A transport whose responses bring at most `maxBytes` of bodies, all of them together. */
export function totalCap(transport: Transport, maxBytes: number): Transport {
  let received = 0
  async function* counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      received += chunk.length
      if (received > maxBytes) {
        const what = `the server's answers exceed --max-bytes (${maxBytes})`
        throw new GitError('LimitExceeded', what, { limit: 'max-bytes', expected: maxBytes })
      }
      yield chunk
    }
  }
  return async (request) => {
    const response = await transport(request)
    return { ...response, body: counted(response.body) }
  }
}
