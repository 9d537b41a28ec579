/** Bytes to send, from the start as often as they are needed: a request may have to be made again. */
export type RequestBody = readonly Uint8Array[] | StreamedBody

/** A body too large to hold. */
export interface StreamedBody {
  /** Bytes that `chunks` gives in all. */
  readonly length: number
  /** From the first byte, each time it is called. */
  readonly chunks: () => AsyncIterable<Uint8Array>
}

export function bodyLength(body: RequestBody): number {
  return 'chunks' in body ? body.length : body.reduce((sum, chunk) => sum + chunk.length, 0)
}

export function bodyChunks(body: RequestBody): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return 'chunks' in body ? body.chunks() : body
}
