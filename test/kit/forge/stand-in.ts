import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Exchange, Validator } from './openapi.ts'

export interface StandInRequest extends Exchange {
  readonly headers: Readonly<Record<string, string | undefined>>
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface StandIn {
  readonly url: string
  readonly requests: readonly StandInRequest[]
  /** What was not as the published description has it: of requests, and of the stand-in's own answers. */
  readonly problems: readonly string[]
  /** The next request that fits is done, and its answer lost on the way. */
  loseAnswer(when: (request: StandInRequest) => boolean): void
  /** The next request that fits is answered like this, and not done. */
  answerWith(answer: Answer, when: (request: StandInRequest) => boolean): void
  stop(): Promise<void>
}

interface Fault {
  readonly when: (request: StandInRequest) => boolean
  readonly answer?: Answer
}

/**
 * Stands in for a host that cannot be asked in a test. It knows what the tests need, and each request to it, and each of
 * its answers, is held against the host's published description.
 */
export async function startStandIn(
  validator: Validator,
  /** Path of the API on the host. */
  base: string,
  handle: (request: StandInRequest) => Answer,
): Promise<StandIn> {
  const requests: StandInRequest[] = []
  const problems: string[] = []
  const faults: Fault[] = []
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const request = await read(incoming, base)
      requests.push(request)
      problems.push(...validator.request(request))
      const at = faults.findIndex(({ when }) => when(request))
      const [fault] = at < 0 ? [] : faults.splice(at, 1)
      const answer = fault?.answer ?? handle(request)
      if (fault !== undefined && fault.answer === undefined) {
        outgoing.destroy()
        return
      }
      if (fault === undefined) problems.push(...validator.answer(request, answer.status, answer.body))
      outgoing.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      outgoing.end(answer.body === undefined ? '' : JSON.stringify(answer.body))
    })().catch((error: unknown) => {
      problems.push(String(error).slice(0, 500))
      outgoing.destroy()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    problems,
    loseAnswer: (when) => void faults.push({ when }),
    answerWith: (answer, when) => void faults.push({ answer, when }),
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

async function read(incoming: IncomingMessage, base: string): Promise<StandInRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://host')
  return {
    method: incoming.method ?? '',
    path: pathname.startsWith(base) ? pathname.slice(base.length) : pathname,
    query: searchParams,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
    headers: incoming.headers as Record<string, string | undefined>,
  }
}
