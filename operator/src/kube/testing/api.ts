import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { KubeConnection } from '../connection.ts'

export interface ApiCall {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  /** Parsed JSON. */
  readonly body: any // oxlint-disable-line typescript/no-explicit-any -- tests look into it freely
}

export interface ScriptedApi {
  readonly connection: KubeConnection
  readonly calls: readonly ApiCall[]
  /** Cuts every connection. */
  cut(): void
  close(): Promise<void>
}

/** An HTTP server on loopback that answers as the test says. */
export async function startApi(answer: (call: ApiCall, response: ServerResponse) => void): Promise<ScriptedApi> {
  const calls: ApiCall[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://localhost')
      const text = Buffer.concat(chunks).toString()
      const call = {
        method: request.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
      }
      calls.push(call)
      answer(call, response)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    connection: {
      origin: 'a test',
      server: new URL(`http://127.0.0.1:${port}`),
      tls: {},
      namespace: 'default',
      credentials: { get: async () => ({ headers: {} }), invalidate: () => false },
    },
    calls,
    cut: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

export function statusBody(code: number, reason: string, message = reason, details?: object): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details }
}

/** Waits until the condition holds. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const end = Date.now() + 3_000
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what} did not come about`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
