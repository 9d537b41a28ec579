import {
  Deflate,
  Z_BUF_ERROR,
  Z_NO_FLUSH,
  Z_OK,
  Z_STREAM_END,
  zlibInflate,
  zlibInflateInit,
  zlibInflateReset,
  ZStream,
  deflate,
} from 'pako'
import { damaged } from '../inflated.ts'
import type { Inflated, InflateStep } from '../inflated.ts'

const CHUNK = 1 << 16

/** Made once: its tables are larger than most objects. Nothing waits while it is in use. */
let shared: ZStream | undefined

/**
 * Inflates one object of known size from the start of `input`; undefined when the stream is not complete yet.
 * Never allocates more than `size`, whatever the stream claims.
 * @throws GitError `Malformed`
 */
export function inflateObject(input: Buffer, size: number): Inflated | undefined {
  if (shared === undefined) zlibInflateInit((shared = new ZStream()))
  else zlibInflateReset(shared)
  const output = new Uint8Array(size + 1)
  const status = run(shared, input, output)
  const { total_in: consumed, total_out: length } = shared
  if (length > size) throw damaged(`inflates to more than the ${size} bytes it declares`)
  if (status !== Z_STREAM_END) return undefined
  if (length !== size) throw damaged(`holds ${length} bytes, not the ${size} it declares`)
  return { bytes: Buffer.from(output.buffer, 0, size), consumed }
}

/** One call of inflate: with what is left of the input, into the whole output. */
function run(stream: ZStream, input: Uint8Array, output: Uint8Array<ArrayBuffer>): number {
  stream.input = input
  stream.next_in = 0
  stream.avail_in = input.length
  return next(stream, output)
}

function next(stream: ZStream, output: Uint8Array<ArrayBuffer>): number {
  stream.output = output
  stream.next_out = 0
  stream.avail_out = output.length
  const status = zlibInflate(stream, Z_NO_FLUSH)
  if (status !== Z_OK && status !== Z_STREAM_END && status !== Z_BUF_ERROR) throw damaged('is no zlib stream')
  return status
}

export function deflateObject(bytes: Uint8Array): Buffer {
  return view(deflate(bytes))
}

/** Inflates one zlib stream piece by piece, and finds where it ends. */
export class InflateStream {
  readonly #stream = new ZStream()
  #ended = false

  constructor() {
    zlibInflateInit(this.#stream)
  }

  /**
   * One piece at a time; small ones, since a piece can inflate to a thousand times its size.
   * @throws GitError `Malformed`
   */
  async write(piece: Uint8Array): Promise<InflateStep> {
    const output: Buffer[] = []
    if (this.#ended) return { output, consumed: 0, ended: true }
    const before = this.#stream.total_in
    let bytes = new Uint8Array(CHUNK)
    let status = run(this.#stream, piece, bytes)
    while (this.#stream.avail_out === 0 && status !== Z_STREAM_END) {
      output.push(view(bytes))
      bytes = new Uint8Array(CHUNK)
      status = next(this.#stream, bytes)
    }
    output.push(view(bytes.subarray(0, this.#stream.next_out)))
    this.#ended = status === Z_STREAM_END
    return { output, consumed: this.#stream.total_in - before, ended: this.#ended }
  }

  close(): void {
    this.#ended = true
  }
}

/** A zlib stream of what `chunks` give. */
export async function* deflateChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const engine = new Deflate({ chunkSize: CHUNK })
  let output: Uint8Array[] = []
  engine.onData = (chunk) => output.push(chunk)
  const taken = (): Uint8Array[] => {
    const ready = output
    output = []
    return ready
  }
  for await (const chunk of chunks) {
    engine.push(chunk)
    yield* taken()
  }
  engine.push(new Uint8Array(0), true)
  yield* taken()
}

function view(bytes: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
