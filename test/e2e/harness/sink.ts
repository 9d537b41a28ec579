import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web server that belongs to the wrong people: it keeps what it is sent, credentials too. */
export interface Sink {
  readonly url: string
  /** The Authorization header of each request, in order; undefined where there was none. */
  readonly seen: readonly (string | undefined)[]
  stop(): Promise<void>
}

export async function startSink(): Promise<Sink> {
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(401, { 'www-authenticate': 'Basic realm="give it to me"' }).end()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
