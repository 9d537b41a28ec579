import { timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answer } from './answer.ts'
import type { Backend } from './cgi.ts'
import { createFaults } from './faults.ts'
import type { Faults } from './faults.ts'
import { createRepository } from './repository.ts'
import type { RepositoryOptions, TestRepository } from './repository.ts'
import { describeRequest } from './request.ts'
import type { RecordedRequest } from './request.ts'

export type { CommitOptions, FileContent } from './fast-import.ts'
export type { FaultHandle, FaultOptions, Faults, HoldHandle } from './faults.ts'
export { isPush } from './request.ts'
export type { RecordedRequest } from './request.ts'
export type { RepositoryOptions, TestRepository, TreeEntry } from './repository.ts'

export interface RemoteOptions {
  /** Folder of the repositories, kept at the end; default: one of its own below the system's temporary folder, removed at the end. */
  readonly root?: string
  /** What a client must send; default: nothing is asked for. */
  readonly auth?: { readonly user: string; readonly password: string } | { readonly bearer: string }
  /** Whether partial clone filters are allowed (`uploadpack.allowFilter`); default true. */
  readonly allowFilter?: boolean
  /** Whether pushes are allowed (`http.receivepack`); default true. */
  readonly receivePack?: boolean
  /** Whether bodies of requests are kept in `requests`; default false. */
  readonly recordBodies?: boolean
  /** Whether pages of any origin may use it (CORS); default false. */
  readonly cors?: boolean
}

/** A Git remote over plain HTTP on loopback: `git http-backend`, with a record of requests and switches for faults. */
export interface Remote {
  /** Base of the repositories' URLs, without a final slash. */
  readonly url: string
  readonly root: string
  /** All requests since the start or the last `reset`, in the order of their arrival. */
  readonly requests: readonly RecordedRequest[]
  readonly faults: Faults
  createRepository(name: string, options?: RepositoryOptions): Promise<TestRepository>
  /** Forgets the requests and removes the faults. */
  reset(): void
  stop(): Promise<void>
}

/** Starts a remote. Needs git on the machine. */
export async function startRemote(options: RemoteOptions = {}): Promise<Remote> {
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-remote-'))
  const root = options.root ?? join(scratch, 'repositories')
  const home = join(scratch, 'home')
  await mkdir(root, { recursive: true })
  await mkdir(home)
  const faults = createFaults()
  const running = new Set<Backend>()
  const requests: RecordedRequest[] = []

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const seen = describeRequest(request)
    requests.push(seen)
    const { before, end } = faults.take(seen)
    for (const step of before) await step(seen)
    // The client gave up, or the server was stopped, in the meantime.
    if (request.destroyed || response.destroyed) return
    await answer(request, response, seen, {
      root,
      home,
      end,
      running,
      recordBody: options.recordBodies ?? false,
      login: login(request, options.auth),
    })
  }
  const server = createServer((request, response) => {
    if (options.cors === true && allowOrigins(request, response)) return
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) request.socket.destroy()
      else response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error))
    })
  })
  // A held or slow request is a fault to be met by the client's time limits, not the server's.
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    root,
    requests,
    faults,
    createRepository: (name, repository = {}) =>
      createRepository(
        { root, home, url },
        name,
        {
          'http.receivepack': String(options.receivePack ?? true),
          'uploadpack.allowFilter': String(options.allowFilter ?? true),
        },
        repository,
      ),
    reset() {
      requests.length = 0
      faults.clear()
    },
    async stop() {
      faults.clear()
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
      })
      server.closeAllConnections()
      for (const backend of running) backend.kill()
      await Promise.all([closed, ...[...running].map((backend) => backend.exited)])
      await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Lets pages of any origin in, and answers their question whether they may; true when that was the request. */
function allowOrigins(request: IncomingMessage, response: ServerResponse): boolean {
  response.setHeader('access-control-allow-origin', '*')
  response.setHeader('access-control-expose-headers', '*')
  if (request.method !== 'OPTIONS') return false
  response.setHeader('access-control-allow-methods', 'GET, POST')
  response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '')
  response.writeHead(204).end()
  return true
}

/** Who logged in, null when nobody has to, or the challenge to answer with. */
function login(
  request: IncomingMessage,
  auth: RemoteOptions['auth'],
): { readonly user: string | null } | { readonly challenge: string } {
  if (auth === undefined) return { user: null }
  const [expected, user, challenge] =
    'bearer' in auth
      ? [`Bearer ${auth.bearer}`, 'bearer', 'Bearer realm="test"']
      : [
          `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`,
          auth.user,
          'Basic realm="test", charset="UTF-8"',
        ]
  const [sent, wanted] = [Buffer.from(request.headers.authorization ?? ''), Buffer.from(expected)]
  return sent.length === wanted.length && timingSafeEqual(sent, wanted) ? { user } : { challenge }
}
