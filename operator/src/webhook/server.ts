/** What the API server asks and tells: stamps of objects, deletions, audit events. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { Logger } from 'pino'
import { parseExact, stringifyExact } from '../objects/exact-json.ts'
import type { AuthorRecords } from '../plan/authors/records.ts'
import { answer, pathOf, startServer } from '../serve/server.ts'
import type { HttpServer } from '../serve/server.ts'
import { recordAudit } from './audit.ts'
import { AUDIT_PATH, DELETED_PATH, STAMP_PATH } from './keeper.ts'
import type { WebhookKeys } from './keeper.ts'
import { stampPatch } from './stamp.ts'
import type { AdmissionRequest } from './stamp.ts'

/** Two objects of the greatest size that the API server stores, and as much again. */
const MAX_BODY_BYTES = 16 << 20
/** Bodies that are read at once: more wait for nothing but an answer, and the API server goes on without one. */
const MAX_AT_ONCE = 16

export interface WebhookServer extends HttpServer {
  /** Serves with these from now on. Before the first time nobody is answered. */
  use(keys: WebhookKeys): void
}

/**
 * Listens for the API server.
 * @param address `host:port`; port 0 takes a free one
 * @throws as `startServer`
 */
export async function serveWebhook(
  address: string,
  { records, logger }: { readonly records: AuthorRecords; readonly logger: Logger },
): Promise<WebhookServer> {
  let server: Server | undefined
  let keys: WebhookKeys | undefined
  let reading = 0
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (reading >= MAX_AT_ONCE) return answer(response, 503, 'too many requests at once\n')
    reading++
    route(request, response, { keys, records })
      .catch((error: unknown) => {
        logger.debug({ error: String(error) }, 'a request of the API server could not be answered')
        if (response.headersSent) response.destroy()
        else answer(response, error instanceof TooLarge ? 413 : 400, `${String(error)}\n`)
      })
      .finally(() => reading--)
  }
  const listening = await startServer('--webhook', address, handle, (listener) => {
    server = createServer({ minVersion: 'TLSv1.2' }, listener)
    server.requestTimeout = 10_000
    return server
  })
  return {
    ...listening,
    use(next) {
      keys = next
      server?.setSecureContext({ key: next.key, cert: next.certificate, minVersion: 'TLSv1.2' })
    },
  }
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  { keys, records }: { readonly keys: WebhookKeys | undefined; readonly records: AuthorRecords },
): Promise<void> {
  const path = pathOf(request) ?? ''
  if (keys === undefined || request.method !== 'POST') return answer(response, 404, 'nothing is here\n')
  if (path === STAMP_PATH) return review(request, response, (asked) => stampPatch(asked))
  // Whoever else reaches the port must not be able to say who has deleted what.
  if (path.startsWith(DELETED_PATH) && isEqual(path.slice(DELETED_PATH.length), keys.token)) {
    return review(request, response, (asked) => {
      recordDeletion(asked, records)
      return []
    })
  }
  if (path === AUDIT_PATH && keys.auditToken !== undefined) {
    const shown = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    if (!isEqual(shown, keys.auditToken)) return answer(response, 401, 'the token is another one\n')
    recordAudit(JSON.parse(await read(request)), records)
    return answer(response, 200, 'ok\n')
  }
  answer(response, 404, 'nothing is here\n')
}

/** Answers an AdmissionReview (admission.k8s.io/v1): always with yes. */
async function review(
  request: IncomingMessage,
  response: ServerResponse,
  patch: (asked: AdmissionRequest) => readonly object[],
): Promise<void> {
  const { request: asked } = parseExact(await read(request)) as { readonly request?: AdmissionRequest }
  if (asked === undefined) throw new TypeError('no AdmissionReview')
  const operations = patch(asked)
  const patched = { patchType: 'JSONPatch', patch: Buffer.from(stringifyExact(operations)).toString('base64') }
  const answered = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: asked.uid, allowed: true, ...(operations.length === 0 ? {} : patched) },
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answered))
}

function recordDeletion({ operation, dryRun, oldObject, userInfo }: AdmissionRequest, records: AuthorRecords): void {
  const { uid, deletionTimestamp } = (oldObject?.['metadata'] ?? {}) as Readonly<Record<string, unknown>>
  const user = userInfo?.username
  if (operation !== 'DELETE' || dryRun === true || typeof uid !== 'string' || user === undefined) return
  records.deleted(uid, user, 'Stamp', deletionTimestamp !== undefined)
}

class TooLarge extends Error {}

async function read(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw new TooLarge('the body is too large')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new TooLarge('the body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** In a time that does not tell how much is equal. */
function isEqual(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
