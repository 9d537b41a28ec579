import { isGitError } from '@gitsync/protocol'
import type { GitErrorCode, Transport, TransportRequest, TransportResponse } from '@gitsync/protocol'
import type { Budget } from './budget.ts'

/** What the host can do nothing about: it was called off, or never asked. */
const NOT_THE_HOST: ReadonlySet<GitErrorCode> = new Set(['Aborted', 'InvalidInput', 'LimitExceeded', 'RateLimited'])

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
      permit.failed(error instanceof Error ? error.message : String(error), isFault(error))
      throw error
    }
    permit.answered(response.status, response.headers)
    // Where nobody reads the body at all, the signal tells.
    signal?.addEventListener('abort', () => permit.ended(), { once: true })
    return { ...response, body: observed(response.body, () => permit.ended()) }
  }
}

function isFault(error: unknown): boolean {
  if (!isGitError(error)) return true
  if (NOT_THE_HOST.has(error.code)) return false
  // A certificate, or an address that the guard refuses, is the matter of one GitSync.
  return error.details.badCertificate !== true && !isRefused(error.details.cause)
}

function isRefused(cause: unknown): boolean {
  for (let at = cause, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at.name === 'PushFailure') return true
  }
  return false
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
