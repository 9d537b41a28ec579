import type { IncomingMessage, ServerResponse } from 'node:http'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { startBackend } from './cgi.ts'
import type { Backend } from './cgi.ts'
import type { Effect } from './faults.ts'
import type { RecordedRequest } from './request.ts'

export interface AnswerOptions {
  readonly root: string
  readonly home: string
  readonly recordBody: boolean
  readonly login: { readonly user: string | null } | { readonly challenge: string }
  /** How the request is to end by a fault; null: as Git answers it. */
  readonly end: Exclude<Effect, { kind: 'before' }> | null
  /** Where processes are listed while they run. */
  readonly running: Set<Backend>
}

/** Answers one request: by a fault, by a challenge, or by what `git http-backend` says. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  seen: RecordedRequest,
  options: AnswerOptions,
): Promise<void> {
  const { end, login } = options
  const body = meter(seen, options.recordBody)
  const replacement =
    end?.kind === 'replace'
      ? end.answer(seen)
      : 'challenge' in login
        ? { status: 401, headers: { 'www-authenticate': login.challenge }, body: 'login needed\n' }
        : null
  if (replacement !== null) {
    await pipeline(request, body.resume())
    seen.status = replacement.status
    seen.bytesOut = Buffer.byteLength(replacement.body)
    response.writeHead(replacement.status, replacement.headers).end(replacement.body)
    return
  }

  const user = 'user' in login ? login.user : null
  const backend = startBackend(request, seen, { root: options.root, home: options.home, user })
  options.running.add(backend)
  void backend.exited.then(() => options.running.delete(backend))
  response.once('close', () => {
    if (response.writableFinished) return
    // Nobody listens any more. A push that arrived whole is still carried out, as on a real host.
    if (seen.service === 'receive-pack') backend.stdout.resume()
    else backend.kill()
  })
  feed(request, body, backend)
  if (end?.kind === 'lose-answer') {
    await backend.head.catch(() => undefined)
    backend.stdout.resume()
    await backend.exited
    request.socket.destroy()
    return
  }
  const head = await backend.head
  if (response.destroyed) return
  seen.status = head.status
  for (const [name, value] of head.headers) response.setHeader(name, value)
  response.statusCode = head.status
  response.flushHeaders()
  await copy(head.rest, backend, response, seen, end?.kind === 'cut' ? end.after : null)
}

/**
 * Passes the body to Git. Git may stop reading early (the rest is drained), and a client may go away: then Git is ended, since
 * it would wait busily for the rest of a body whose length it was told.
 */
function feed(request: IncomingMessage, body: Transform, backend: Backend): void {
  request.pipe(body).pipe(backend.stdin)
  backend.stdin.once('close', () => {
    body.unpipe(backend.stdin).resume()
  })
  request.once('close', () => {
    if (!request.complete) backend.kill()
  })
}

/** Sends the body on. With a limit the connection is destroyed after so many bytes, or at the end if that comes first. */
async function copy(
  rest: Buffer,
  backend: Backend,
  response: ServerResponse,
  seen: RecordedRequest,
  limit: number | null,
): Promise<void> {
  const closed = new Promise((resolve) => response.once('close', resolve))
  const send = async (chunk: Buffer): Promise<boolean> => {
    if (response.destroyed) return true
    const part = limit === null ? chunk : chunk.subarray(0, limit - seen.bytesOut)
    seen.bytesOut += part.length
    // One write at a time: memory stays flat, and what is cut after it has really been sent.
    if (part.length > 0) await Promise.race([new Promise((resolve) => response.write(part, resolve)), closed])
    return response.destroyed || seen.bytesOut === limit
  }
  let stopped = await send(rest)
  if (!stopped) {
    for await (const chunk of backend.stdout) {
      stopped = await send(chunk as Buffer)
      if (stopped) break
    }
  }
  if (limit === null) response.end()
  else response.destroy()
}

/** Counts, and on request keeps, what passes. */
function meter(seen: RecordedRequest, keep: boolean): Transform {
  const chunks: Buffer[] = []
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen.bytesIn += chunk.length
      if (keep) chunks.push(chunk)
      done(null, chunk)
    },
    flush(done) {
      if (keep) seen.body = Buffer.concat(chunks)
      done()
    },
  })
}
