import { createServer, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LossyProxy {
  /** Name and port. */
  readonly host: string
  readonly url: string
  /** The next request that fits reaches the server, and its answer gets lost. */
  loseAnswer(when: (request: IncomingMessage) => boolean): void
  /** How many answers were lost. */
  readonly lost: number
  stop(): Promise<void>
}

/** Stands before a server on loopback, and loses answers of which it is told. */
export async function startLossyProxy(target: string): Promise<LossyProxy> {
  let when: ((request: IncomingMessage) => boolean) | undefined
  let lost = 0
  const { hostname, port } = new URL(target)
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url: path } = incoming
    const loses = when?.(incoming) === true
    if (loses) when = undefined
    const onward = request({ hostname, port, method, headers, path }, (answer) => {
      if (!loses) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
        return
      }
      answer.resume().on('end', () => {
        lost++
        outgoing.destroy()
      })
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    host,
    url: `http://${host}`,
    loseAnswer: (fits) => {
      when = fits
    },
    get lost() {
      return lost
    },
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
