import type { Transport, TransportRequest, TransportResponse } from '../client/http/transport.ts'
import { chunksOf, see } from './seen-request.ts'
import type { SeenRequest } from './seen-request.ts'

/** What a server says. */
export interface Answer {
  /** Default 200. */
  readonly status?: number
  /** Names in lower case. Default: none. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default: empty. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
}

/** An answer; an error that is thrown in its place; or a transport that the request goes on to. */
export type ScriptStep = Answer | Error | Transport

export interface FakeTransport {
  readonly transport: Transport
  /** All requests so far. */
  readonly requests: readonly SeenRequest[]
}

/**
 * A transport for tests, which answers by a script and remembers what it was asked.
 * @param script the steps, one for each request; or a function that chooses the step
 * @example
 * const { transport, requests } = fakeTransport([refsAnswer([{ name: 'refs/heads/main', oid }])])
 * const repo = openRepository('https://git.example.com/site.git', { transport })
 * expect(await repo.tip('main')).toBe(oid)
 * @example
 * // The first request meets a server that is busy, all others one that works.
 * const { transport } = fakeTransport((_request, index) => (index === 0 ? { status: 503 } : remote.transport))
 */
export function fakeTransport(
  script: readonly ScriptStep[] | ((request: SeenRequest, index: number) => ScriptStep | Promise<ScriptStep>),
): FakeTransport {
  const requests: SeenRequest[] = []
  const transport: Transport = async (request) => {
    request.signal?.throwIfAborted()
    const seen = await see(request)
    const index = requests.push(seen) - 1
    const step = typeof script === 'function' ? await script(seen, index) : script[index]
    if (step === undefined) throw new Error(`the script ends before request ${index + 1}: ${seen.method} ${seen.url}`)
    if (step instanceof Error) throw step
    return typeof step === 'function' ? step(again(request, seen)) : response(step)
  }
  return { transport, requests }
}

/** The request anew: its body has been read. */
function again(request: TransportRequest, { body, headers }: SeenRequest): TransportRequest {
  const { 'content-encoding': _compressed, ...others } = headers
  return { ...request, headers: others, ...(request.body === undefined ? {} : { body: [body] }) }
}

function response({ status = 200, headers = {}, body = '' }: Answer): TransportResponse {
  const chunks = typeof body === 'string' ? Buffer.from(body) : body
  return { status, headers, body: chunks instanceof Uint8Array ? chunksOf([chunks]) : chunks }
}
