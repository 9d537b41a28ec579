import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { tail } from '../process/tail.ts'
import { gitEnvironment } from './git.ts'
import type { RecordedRequest } from './request.ts'

/** The most that `git http-backend` may print before its headers end. */
const MAX_HEADERS = 64 * 1024

export interface Backend {
  /** Takes the request's body. */
  readonly stdin: Writable
  /** Resolves with status and headers, once they have come; rejects when the process ends without them. */
  readonly head: Promise<{ status: number; headers: [string, string][]; rest: Buffer }>
  /** The body, after `head.rest`; paused until read. */
  readonly stdout: Readable
  readonly exited: Promise<void>
  kill(): void
}

export interface BackendOptions {
  readonly root: string
  readonly home: string
  /** Who logged in; null when nobody had to. */
  readonly user: string | null
}

let program: string | undefined

/** The program itself: killing the `git` command would leave it running. */
function httpBackend(): string {
  program ??= join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend')
  return program
}

/**
 * Starts `git http-backend` for one request.
 *
 * Source: RFC 3875 (CGI/1.1), git-http-backend(1).
 */
export function startBackend(request: IncomingMessage, seen: RecordedRequest, options: BackendOptions): Backend {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(httpBackend(), [], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...gitEnvironment(options.home), ...environment(request, seen, options) },
  })
  const stderr = tail(16 * 1024)
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.add(chunk)
  })
  // Git may answer and end before it has read all of a body; the answer says what was wrong.
  child.stdin.on('error', () => undefined)
  const exited = new Promise<void>((resolve) => {
    child.on('error', () => {
      resolve()
    })
    child.on('exit', () => {
      resolve()
    })
  })
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    head: readHead(child.stdout, () => stderr.text()),
    exited,
    kill: () => {
      child.kill('SIGKILL')
    },
  }
}

function environment(request: IncomingMessage, seen: RecordedRequest, options: BackendOptions): NodeJS.ProcessEnv {
  const { headers } = request
  const optional: [string, string | undefined][] = [
    ['CONTENT_TYPE', headers['content-type']],
    // Absent for a chunked body, which Git then reads to its end.
    ['CONTENT_LENGTH', headers['content-length']],
    ['HTTP_CONTENT_ENCODING', headers['content-encoding']],
    ['HTTP_ACCEPT_ENCODING', headers['accept-encoding']?.toString()],
    ['HTTP_USER_AGENT', headers['user-agent']],
    ['GIT_PROTOCOL', headers['git-protocol']?.toString()],
    ['HTTP_GIT_PROTOCOL', headers['git-protocol']?.toString()],
    ['REMOTE_USER', options.user ?? undefined],
  ]
  return {
    GIT_PROJECT_ROOT: options.root,
    GIT_HTTP_EXPORT_ALL: '1',
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_PROTOCOL: `HTTP/${request.httpVersion}`,
    SERVER_SOFTWARE: 'gitsync-test-kit',
    REQUEST_METHOD: seen.method,
    PATH_INFO: decodeURIComponent(seen.path),
    QUERY_STRING: seen.query,
    REMOTE_ADDR: request.socket.remoteAddress ?? '127.0.0.1',
    ...Object.fromEntries(optional.filter(([, value]) => value !== undefined)),
  }
}

function readHead(stdout: Readable, stderr: () => string): Backend['head'] {
  return new Promise((resolve, reject) => {
    let buffer = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      buffer = Buffer.concat([buffer, chunk])
      const end = buffer.indexOf('\r\n\r\n')
      if (end < 0 && buffer.length <= MAX_HEADERS) return
      stdout.off('data', onData)
      stdout.pause()
      if (end < 0) reject(new Error(`git http-backend printed no end of headers within ${MAX_HEADERS} bytes`))
      else resolve({ ...parseHead(buffer.subarray(0, end).toString()), rest: buffer.subarray(end + 4) })
    }
    stdout.on('data', onData)
    const onEnd = (): void => {
      reject(new Error(`git http-backend ended without an answer: ${buffer.toString()}${stderr()}`))
    }
    stdout.on('close', onEnd)
    stdout.on('error', onEnd)
  })
}

function parseHead(text: string): { status: number; headers: [string, string][] } {
  let status = 200
  const headers: [string, string][] = []
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).trim()
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10)
    else headers.push([name, value])
  }
  return { status, headers }
}
