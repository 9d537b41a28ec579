import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError, badRequest, unsupportedMediaType } from './errors.ts'
import { parseJson } from './json.ts'
import { decodeProtobuf, PROTOBUF } from './protobuf.ts'

const LARGEST_BODY = 3 * 1024 * 1024

/** Reads a request's body. Throws ApiError 413 above 3 MiB, the real server's limit. */
export const readBody = async (request: IncomingMessage): Promise<string> => (await readBytes(request)).toString('utf8')

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST_BODY) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${LARGEST_BODY}`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Reads an object, sent as JSON or protobuf. Throws ApiError 400 when it is none, 415 for any other form. */
export async function readObject(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type']?.split(';')[0]?.trim() ?? 'application/json'
  const body = await readBytes(request)
  if (body.length === 0) return undefined
  if (type === PROTOBUF) return decodeProtobuf(body)
  if (type !== 'application/json') {
    throw unsupportedMediaType(
      `the body of the request was in an unknown format (${type}) - accepted media types include: application/json, ${PROTOBUF}`,
    )
  }
  try {
    return parseJson(body.toString('utf8'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw badRequest(`the object provided is unrecognized: couldn't parse JSON: ${why}`)
  }
}

export function sendText(response: ServerResponse, code: number, text: string, type = 'application/json'): void {
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

export const sendJson = (response: ServerResponse, code: number, body: unknown): void =>
  sendText(response, code, `${JSON.stringify(body)}\n`)

export function sendError(response: ServerResponse, error: unknown): void {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError(
          500,
          'InternalError',
          `Internal error occurred: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        )
  if (response.headersSent) {
    response.destroy()
    return
  }
  for (const [name, value] of Object.entries(known.headers)) response.setHeader(name, value)
  sendJson(response, known.code, known.toStatus())
}
