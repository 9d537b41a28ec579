import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { RELAYED_HEADER } from '../replicas/post.ts'
import { bodyReader } from './body-reader.ts'
import { isEqual } from './is-equal.ts'
import { readPushNotice } from './push-notice.ts'
import type { PushNotice } from './push-notice.ts'
import { answer, answerError, pathOf, startServer } from './server.ts'
import type { HttpServer } from './server.ts'

export interface PushHookOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string
  /** Holds the secret that the forge's webhook has, one a line: two while it is being changed. Read at each request. */
  readonly secretFile: string
  /** A push was told of. @returns false where that is of no use here, since another replica writes */
  readonly onPush: (notice: PushNotice) => boolean
  /**
   * Passes on what is of no use here, once it is answered.
   * @param signature of the body, as in `X-Hub-Signature-256`
   */
  readonly relay: (body: Buffer, signature: string) => Promise<void>
  readonly logger: Logger
  /** A body must have come within this time, in milliseconds. Default 10,000. */
  readonly bodyMs?: number
}

/** The longest body that is read, in bytes. Longer ones tell of thousands of commits; the next look at the branch finds them. */
const MAX_BODY_BYTES = 4 << 20
/** Bodies that are held at the same time. */
const MAX_AT_ONCE = 8

/**
 * `POST /push`: push webhooks of Git hosts. What they say is believed as far as that a branch is looked at now, and only
 * with a signature (GitHub, Gitea, Forgejo, Gogs, Bitbucket) or token (GitLab) made of the secret.
 */
export function servePushHooks(options: PushHookOptions): Promise<HttpServer> {
  const readBody = bodyReader({ maxBytes: MAX_BODY_BYTES, atOnce: MAX_AT_ONCE, withinMs: options.bodyMs })
  const take = (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    readBody(request, async (body) => {
      const secrets = await readSecrets(options.secretFile)
      const secret = signedWith(request.headers, body, secrets)
      if (secret === undefined)
        return answer(response, 401, 'no valid signature: is the secret of the webhook the one of the operator?\n')
      const notice = readPushNotice(parse(body))
      // A forge tries a new hook with a "ping" of its own.
      if (notice === undefined) return answer(response, 202, 'this is not about a branch\n')
      const isTaken = options.onPush(notice)
      if (!isTaken && request.headers[RELAYED_HEADER] !== undefined)
        return answer(response, 503, 'this replica does not write\n')
      answer(response, 202, 'the branch is looked at\n')
      // Signed anew: a forge's token need not go over the network once more.
      if (!isTaken) await options.relay(body, `sha256=${sign(body, secret)}`)
    })
  return startServer('--push-hooks', options.address, (request, response) => {
    if (pathOf(request) !== '/push') return answer(response, 404, 'try POST /push\n')
    if (request.method !== 'POST') return answer(response, 405, 'only POST\n')
    take(request, response).catch((error: unknown) => {
      options.logger.warn({ error: String(error) }, 'a push webhook could not be taken')
      answerError(response, error, 500, 'the operator cannot read its secret')
    })
  })
}

async function readSecrets(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8')
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

const sign = (body: Buffer, secret: string): string => createHmac('sha256', secret).update(body).digest('hex')

/** The secret by which the request is believed. */
function signedWith(headers: IncomingHttpHeaders, body: Buffer, secrets: readonly string[]): string | undefined {
  const header = (name: string): string => {
    const value = headers[name]
    return typeof value === 'string' ? value : ''
  }
  const signatures = [
    header('x-hub-signature-256').replace(/^sha256=/, ''),
    header('x-hub-signature').replace(/^sha256=/, ''),
    header('x-gitea-signature'),
    header('x-forgejo-signature'),
    header('x-gogs-signature'),
  ].filter((signature) => signature !== '')
  const token = header('x-gitlab-token')
  return secrets.find((secret) => {
    const wanted = sign(body, secret)
    return (
      signatures.some((signature) => isEqual(signature.toLowerCase(), wanted)) ||
      (token !== '' && isEqual(token, secret))
    )
  })
}
