import type { IncomingMessage } from 'node:http'

export interface BodyLimits {
  /** Bytes of one. */
  readonly maxBytes: number
  /** Bodies that are held at the same time. */
  readonly atOnce: number
  /** One has to be there after so many milliseconds. Default 10,000. */
  readonly withinMs?: number | undefined
}

/** A body that is not taken. */
export class BodyRefused extends Error {
  override readonly name = 'BodyRefused'
  /** Of HTTP. */
  readonly status: 413 | 503

  constructor(status: BodyRefused['status'], message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Reads a body and holds it while it is used.
 * @throws BodyRefused; Error where it does not come
 */
export type ReadBody = <T>(request: IncomingMessage, use: (body: Buffer) => T | Promise<T>) => Promise<T>

const WITHIN_MS = 10_000

/** Reads bodies that anybody may send: so large, so many, so quickly. */
export function bodyReader({ maxBytes, atOnce, withinMs = WITHIN_MS }: BodyLimits): ReadBody {
  let held = 0
  return async (request, use) => {
    if (held >= atOnce) throw new BodyRefused(503, 'busy: send it again later')
    const tooLarge = new BodyRefused(413, `more than ${maxBytes} bytes`)
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge
    held++
    try {
      return await use(await read(request, { maxBytes, withinMs, tooLarge }))
    } finally {
      held--
    }
  }
}

async function read(
  request: IncomingMessage,
  { maxBytes, withinMs, tooLarge }: { readonly maxBytes: number; readonly withinMs: number; readonly tooLarge: Error },
): Promise<Buffer> {
  // Not by silence: who sends a byte now and then would keep a place for good.
  const late = setTimeout(() => request.destroy(), withinMs)
  const chunks: Buffer[] = []
  let length = 0
  try {
    // Not destroyed, so that it can be answered.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > maxBytes) throw tooLarge
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    clearTimeout(late)
  }
}
