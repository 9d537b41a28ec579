import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'

/** A request as a server sees it. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly service: 'upload-pack' | 'receive-pack'
  /** Packet lines up to the first flush, without line breaks. */
  readonly lines: readonly string[]
  readonly body: Buffer
}

export interface Reply {
  /** Default 200. */
  readonly status?: number
  /** Default: what Git's protocol demands; null for none. */
  readonly type?: string | null
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array>
}

/** What the server does with a request: a reply of its own, the real server's (of this body), or one made from that. */
export type Rule = (
  asked: Asked,
  forward: (body?: Uint8Array) => Promise<Buffer>,
) => Reply | undefined | Promise<Reply | undefined>

export interface ScriptedServer {
  readonly url: string
  readonly asked: Asked[]
  /** May be exchanged at any time. */
  rule: Rule
  /** How many connections are open. */
  connections(): Promise<number>
  [Symbol.asyncDispose](): Promise<void>
}

/** A server on loopback that behaves by a rule; requests that the rule leaves alone go to the repository `upstream`. */
export async function scriptedServer(rule: Rule, upstream = 'http://127.0.0.1:1/none'): Promise<ScriptedServer> {
  const asked: Asked[] = []
  const scripted = createServer((incoming, outgoing) => {
    const answer = async (): Promise<void> => {
      const { pathname, search } = new URL(incoming.url ?? '', 'http://server')
      const path = pathname.replace(/^\/repo\.git/, '')
      const sent = await buffer(incoming)
      const body = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      const service = `${path}${search}`.includes('receive-pack') ? 'receive-pack' : 'upload-pack'
      const one: Asked = { method: incoming.method ?? '', path, service, lines: packetLines(body), body }
      asked.push(one)
      const forward = async (changed: Uint8Array = body): Promise<Buffer> => {
        const response = await fetch(upstream + path + search, {
          method: one.method,
          headers: {
            'git-protocol': String(incoming.headers['git-protocol'] ?? ''),
            ...(incoming.headers['content-type'] === undefined
              ? {}
              : { 'content-type': incoming.headers['content-type'] }),
          },
          ...(one.method === 'GET' ? {} : { body: Buffer.from(changed) }),
        })
        if (response.status !== 200) throw new Error(`upstream answers ${response.status}`)
        return Buffer.from(await response.arrayBuffer())
      }
      const reply: Reply = (await server.rule(one, forward)) ?? { body: await forward() }
      const result = one.method === 'GET' ? 'advertisement' : 'result'
      const { status = 200, type = `application/x-git-${service}-${result}` } = reply
      outgoing.writeHead(status, type === null ? {} : { 'content-type': type })
      const chunks = typeof reply.body === 'string' ? [Buffer.from(reply.body)] : reply.body
      // A client that leaves early is what the test wants.
      await pipeline(Readable.from(chunks instanceof Uint8Array ? [chunks] : chunks), outgoing).catch(() => undefined)
    }
    answer().catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => scripted.listen(0, '127.0.0.1', resolve))
  const server: ScriptedServer = {
    url: `http://127.0.0.1:${(scripted.address() as AddressInfo).port}/repo.git`,
    asked,
    rule,
    connections: () =>
      new Promise((resolve, reject) => {
        scripted.getConnections((error, open) => {
          if (error === null) resolve(open)
          else reject(error)
        })
      }),
    async [Symbol.asyncDispose]() {
      scripted.closeAllConnections()
      await new Promise((resolve) => scripted.close(resolve))
    },
  }
  return server
}

export function packet(payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload as string)
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
}

/** A packet of a side-band channel. */
export const band = (channel: number, payload: string | Uint8Array): Buffer =>
  packet(Buffer.concat([Buffer.from([channel]), Buffer.from(payload as string)]))

export const FLUSH = Buffer.from('0000')

function packetLines(body: Buffer): string[] {
  const lines: string[] = []
  for (let at = 0; at + 4 <= body.length;) {
    const length = Number.parseInt(body.toString('latin1', at, at + 4), 16)
    if (!(length > 0)) break
    if (length >= 4) lines.push(body.toString('utf8', at + 4, at + length).replace(/\n$/, ''))
    at += Math.max(length, 4)
  }
  return lines
}
