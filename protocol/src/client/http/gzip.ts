/** Bytes below which a body is not worth the work; git draws the same line. */
const MIN_BYTES = 1024

/** A body as one gzip stream (RFC 9110, section 8.4.1.3); undefined when that does not make it shorter. */
export async function gzipped(body: readonly Uint8Array[]): Promise<Uint8Array | undefined> {
  const length = body.reduce((sum, chunk) => sum + chunk.length, 0)
  if (length <= MIN_BYTES) return undefined
  const stream = new Blob(body as Uint8Array<ArrayBuffer>[]).stream().pipeThrough(new CompressionStream('gzip'))
  const packed = new Uint8Array(await new Response(stream as ReadableStream).arrayBuffer())
  return packed.length < length ? packed : undefined
}
