import type { Transport, TransportRequest, TransportResponse } from '@gitsync/protocol'
import type { Budget } from './budget.ts'

/** A transport each of whose requests is paid from the budget, whatever becomes of it. */
export function limitedTransport(transport: Transport, budget: Budget, repository: string): Transport {
  return async (request) => {
    const { url, body, signal } = request
    const isPush = new URL(url).pathname.endsWith('/git-receive-pack') && request.method === 'POST'
    const permit = await budget.enter({ repository, signal, ...(isPush ? { pushedBytes: sizeOf(body) } : {}) })
    let response: TransportResponse
    try {
      response = await transport(request)
    } catch (error) {
      permit.failed(error)
      throw error
    }
    permit.answered(response.status, response.headers)
    // Where nobody reads the body at all, the signal tells.
    signal?.addEventListener('abort', () => permit.ended(), { once: true })
    return { ...response, body: observed(response.body, () => permit.ended()) }
  }
}

function sizeOf(body: TransportRequest['body']): number {
  if (body === undefined) return 0
  if ('chunks' in body) return body.length ?? 0
  return body.reduce((sum, chunk) => sum + chunk.length, 0)
}

function observed(body: AsyncIterable<Uint8Array>, onEnd: () => void): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const chunks = body[Symbol.asyncIterator]()
      return {
        async next() {
          try {
            const result = await chunks.next()
            if (result.done === true) onEnd()
            return result
          } catch (error) {
            onEnd()
            throw error
          }
        },
        async return() {
          onEnd()
          return (await chunks.return?.()) ?? { done: true, value: undefined }
        },
      }
    },
  }
}
