import { once } from 'node:events'
import { createServer, request as ask } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { S3Server } from './index.ts'

/** What a client asked for, as it was sent. */
export interface S3Request {
  readonly method: string
  /** Without the bucket. */
  readonly key: string
  readonly query: string
}

/**
 * What becomes of a request: `lose answer` lets it through and cuts the connection then, `lose request` cuts it at once, a number is a
 * status that is answered instead.
 */
export type Fate = 'pass' | 'lose answer' | 'lose request' | number

/** Stands before an S3 server: sees all that is asked of it, and loses what it is told to lose. */
export interface S3Proxy extends Pick<S3Server, 'endpoint' | 'bucket' | 'env'> {
  /** Those that came, in their order. */
  readonly requests: S3Request[]
  /** Says what becomes of each; at first all pass. */
  fate: (request: S3Request) => Fate
  stop(): Promise<void>
}

export async function startS3Proxy({ endpoint, bucket, env }: S3Server): Promise<S3Proxy> {
  const { hostname, port } = new URL(endpoint)
  const listener = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', endpoint)
    const seen = { method: request.method ?? '', key: pathname.replace(`/${bucket}/`, ''), query: search.slice(1) }
    proxy.requests.push(seen)
    const fate = proxy.fate(seen)
    if (fate === 'lose request') {
      request.socket.destroy()
      return
    }
    if (typeof fate === 'number') {
      request.resume()
      response.writeHead(fate, { 'content-type': 'application/xml' }).end(REFUSAL)
      return
    }
    // The name of the host is signed: it is passed on as it was sent.
    const { url: path, method, headers } = request
    const onward = ask({ hostname, port, path, method, headers }, (answer: IncomingMessage) => {
      if (fate === 'lose answer') {
        answer.resume().on('end', () => request.socket.destroy())
        return
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('continue', () => response.writeContinue())
    onward.on('error', () => request.socket.destroy())
    request.on('error', () => onward.destroy())
    request.pipe(onward)
  })
  // What a client says before a large body is passed on, and so is the answer to it.
  listener.on('checkContinue', (request, response) => listener.emit('request', request, response))
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const proxy: S3Proxy = {
    endpoint: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    bucket,
    env,
    requests: [],
    fate: () => 'pass',
    async stop() {
      listener.closeAllConnections()
      listener.close()
      await once(listener, 'close')
    },
  }
  return proxy
}

const REFUSAL = '<?xml version="1.0"?><Error><Code>Injected</Code><Message>as the test wants it</Message></Error>'
