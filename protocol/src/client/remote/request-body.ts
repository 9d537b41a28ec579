/** Bytes to send, from the start as often as they are needed: a request may have to be made again. */
export type RequestBody = readonly Uint8Array[] | StreamedBody | PassingBody

/** A body too large to hold. */
export interface StreamedBody {
  /** Bytes that `chunks` gives in all. */
  readonly length: number
  /** From the first byte, each time it is called. */
  readonly chunks: () => AsyncIterable<Uint8Array>
}

/** A body that comes from elsewhere while it is sent: nobody knows how long it is, and it cannot be sent again. */
export interface PassingBody {
  readonly length?: undefined
  /** Called once. */
  readonly chunks: () => AsyncIterable<Uint8Array>
}

/** Undefined where nobody knows before all has been sent. */
export function bodyLength(body: Exclude<RequestBody, PassingBody>): number
export function bodyLength(body: RequestBody): number | undefined
export function bodyLength(body: RequestBody): number | undefined {
  return 'chunks' in body ? body.length : body.reduce((sum, chunk) => sum + chunk.length, 0)
}

export function bodyChunks(body: RequestBody): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return 'chunks' in body ? body.chunks() : body
}

/** Whether the body is gone once it has been sent. */
export function isPassing(body: RequestBody | undefined): body is PassingBody {
  return body !== undefined && 'chunks' in body && body.length === undefined
}

export interface Metered {
  readonly body: RequestBody
  /** Bytes so far; of a body whose length is known all of them from the start. */
  readonly sent: () => number
}

export function metered(body: RequestBody): Metered {
  const length = bodyLength(body)
  if (length !== undefined) return { body, sent: () => length }
  let taken = 0
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bodyChunks(body)) {
      taken += chunk.length
      yield chunk
    }
  }
  return { body: { chunks }, sent: () => taken }
}
