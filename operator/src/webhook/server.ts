/** What the API server asks and tells: stamps of objects, deletions, audit events. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { Logger } from 'pino'
import { parseExact, stringifyExact } from '../objects/exact-json.ts'
import type { RecordSink } from '../plan/authors/records.ts'
import { addRecord, MAX_RECORDS_BYTES, readRecords, RECORDS_PATH } from '../replicas/records.ts'
import { readUser } from '../plan/authors/user.ts'
import type { ExtraKeys } from '../plan/authors/user.ts'
import { bodyReader } from '../serve/body-reader.ts'
import { isEqual } from '../serve/is-equal.ts'
import { answer, answerError, pathOf, startServer } from '../serve/server.ts'
import type { HttpServer } from '../serve/server.ts'
import { recordAudit } from './audit.ts'
import type { WebhookKeys } from './keeper.ts'
import { AUDIT_PATH, DELETED_PATH, STAMP_PATH } from './paths.ts'
import { stampPatch } from './stamp.ts'
import type { AdmissionRequest } from './stamp.ts'

/** Two objects of the greatest size that the API server stores, and as much again. */
const MAX_BODY_BYTES = 16 << 20
/** Bodies that are held at once: more wait for nothing but an answer, and the API server goes on without one. */
const MAX_AT_ONCE = 16

const MAX_RELAYED_AT_ONCE = 4

export interface WebhookServer extends HttpServer {
  /** Serves with these from now on. Before the first time nobody is answered. */
  use(keys: WebhookKeys): void
}

export interface WebhookServerOptions {
  /** Told what the API server tells. */
  readonly records: RecordSink
  /** Told what other replicas have heard; undefined: this process does not want to know. */
  readonly relayed: () => RecordSink | undefined
  readonly logger: Logger
  /** Where users say more than their name. */
  readonly extra: ExtraKeys
  /** A body must have come within this time, in milliseconds. Default 10,000. */
  readonly bodyMs?: number | undefined
}

/**
 * Listens for the API server.
 * @param address `host:port`; port 0 takes a free one
 * @throws as `startServer`
 */
export async function serveWebhook(address: string, options: WebhookServerOptions): Promise<WebhookServer> {
  const { records, relayed, logger, extra, bodyMs } = options
  const limits = { maxBytes: MAX_BODY_BYTES, atOnce: MAX_AT_ONCE, withinMs: bodyMs }
  // Whoever reaches the port can ask for stamps, and takes no place from those who have shown a token.
  const [readAsked, readTold] = [bodyReader(limits), bodyReader(limits)]
  const readRelayed = bodyReader({ maxBytes: MAX_RECORDS_BYTES, atOnce: MAX_RELAYED_AT_ONCE, withinMs: bodyMs })
  let server: Server | undefined
  let keys: WebhookKeys | undefined

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request) ?? ''
    if (keys === undefined || request.method !== 'POST') return answer(response, 404, 'nothing is here\n')
    if (path === STAMP_PATH)
      return readAsked(request, (body) => review(body, response, (asked) => stampPatch(asked, extra)))
    // Whoever else reaches the port must not be able to say who has deleted what.
    if (path.startsWith(DELETED_PATH) && isEqual(path.slice(DELETED_PATH.length), keys.token)) {
      return readTold(request, (body) =>
        review(body, response, (asked) => {
          recordDeletion(asked, records, extra)
          return []
        }),
      )
    }
    if (path === AUDIT_PATH && keys.auditToken !== undefined) {
      if (!isEqual(shownBy(request), keys.auditToken)) return answer(response, 401, 'the token is another one\n')
      await readTold(request, (body) => recordAudit(JSON.parse(body.toString()), records, extra))
      return answer(response, 200, 'ok\n')
    }
    if (path === RECORDS_PATH && isEqual(shownBy(request), keys.replicaToken)) {
      const sink = relayed()
      // The one who sends it finds out who does, and asks there.
      if (sink === undefined) return answer(response, 503, 'this replica does not write\n')
      await readRelayed(request, (body) => readRecords(body).forEach((record) => addRecord(record, sink)))
      return answer(response, 200, 'ok\n')
    }
    answer(response, 404, 'nothing is here\n')
  }

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    route(request, response).catch((error: unknown) => {
      logger.debug({ error: String(error) }, 'a request of the API server could not be answered')
      answerError(response, error, 400)
    })
  }
  const listening = await startServer('--webhook', address, handle, (listener) => {
    server = createServer({ minVersion: 'TLSv1.2' }, listener)
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

/** Answers an AdmissionReview (admission.k8s.io/v1): always with yes. */
function review(body: Buffer, response: ServerResponse, patch: (asked: AdmissionRequest) => readonly object[]): void {
  const { request: asked } = parseExact(body.toString()) as { readonly request?: AdmissionRequest }
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

function recordDeletion(
  { operation, dryRun, oldObject, userInfo = {} }: AdmissionRequest,
  records: RecordSink,
  extra: ExtraKeys,
): void {
  const { uid, deletionTimestamp } = (oldObject?.['metadata'] ?? {}) as Readonly<Record<string, unknown>>
  const user = readUser(userInfo, extra)
  if (operation !== 'DELETE' || dryRun === true || typeof uid !== 'string' || user === undefined) return
  records.deleted(uid, user, 'Stamp', deletionTimestamp !== undefined)
}

const shownBy = ({ headers }: IncomingMessage): string => /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
