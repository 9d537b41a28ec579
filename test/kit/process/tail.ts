export interface Tail {
  add(chunk: Buffer): void
  text(): string
}

/** Keeps the last `limit` bytes of a stream, for error messages. */
export function tail(limit: number): Tail {
  const chunks: Buffer[] = []
  let size = 0
  return {
    add(chunk) {
      chunks.push(chunk)
      size += chunk.length
      for (let first = chunks[0]; first !== undefined && size - first.length >= limit; first = chunks[0]) {
        size -= first.length
        chunks.shift()
      }
    },
    text() {
      return Buffer.concat(chunks).subarray(-limit).toString()
    },
  }
}
