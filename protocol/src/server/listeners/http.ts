import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { GitServer } from '../git-server.ts'
import { handle } from '../http/handle.ts'

/** A connection on which nothing moves for so long is closed, in milliseconds: indexing a large push takes minutes. */
const IDLE_MS = 600_000

/** A listener for Git over HTTP; `listen` starts it. */
export function httpListener(server: GitServer): Server {
  // A push may take as long as it moves.
  const listener = createServer({ requestTimeout: 0 }, (request, response) => {
    serve(server, request, response).catch((error: unknown) => {
      server.onError(error)
      response.destroy()
    })
  })
  return listener.setTimeout(IDLE_MS)
}

async function serve(server: GitServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
  const { method = '', url = '/', socket } = request
  // Who stops reading early must still be able to say why.
  const body = request.iterator({ destroyOnReturn: false })
  const answer = await handle(server, { method, url, headers, body, peer: socket.remoteAddress })
  response.writeHead(answer.status, answer.headers)
  if (answer.body instanceof Uint8Array) response.end(answer.body)
  else await pipeline(Readable.from(answer.body, { objectMode: false, highWaterMark: 1 << 16 }), response)
  // Who was answered early may still be sending, and some read no answer before they have sent all.
  request.resume()
}
