import { pipeline } from 'node:stream/promises'
import { constants, createDeflate, createInflate, deflateSync, inflateSync } from 'node:zlib'
import { damaged } from '../inflated.ts'
import type { Inflated, InflateStep } from '../inflated.ts'

const CHUNK = 1 << 16

/**
 * Inflates one object of known size from the start of `input`; undefined when the stream is not complete yet.
 * Never allocates more than `size`, whatever the stream claims.
 * @throws GitError `Malformed`
 */
export function inflateObject(input: Buffer, size: number): Inflated | undefined {
  let bytes: Buffer
  let consumed: number
  try {
    const { buffer, engine } = inflateSync(input, {
      info: true,
      maxOutputLength: Math.max(size, 1),
      chunkSize: Math.min(Math.max(size + 1, 64), CHUNK),
      finishFlush: constants.Z_FINISH,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    bytes = buffer
    consumed = engine.bytesWritten
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'Z_BUF_ERROR') return undefined
    if (code === 'ERR_BUFFER_TOO_LARGE') throw damaged(`inflates to more than the ${size} bytes it declares`)
    throw damaged('is no zlib stream')
  }
  if (bytes.length !== size) throw damaged(`holds ${bytes.length} bytes, not the ${size} it declares`)
  return { bytes, consumed }
}

export function deflateObject(bytes: Uint8Array): Buffer {
  // The result keeps its whole chunk alive: the default of 16 KiB would make small objects many times as large.
  return deflateSync(bytes, { chunkSize: Math.min(Math.max(bytes.length, 64), CHUNK) })
}

/** Inflates one zlib stream piece by piece, and finds where it ends. Must be closed. */
export class InflateStream {
  readonly #engine = createInflate({ chunkSize: CHUNK })
  #output: Buffer[] = []
  #ended = false
  #failed = false
  #settle: () => void = () => undefined

  constructor() {
    this.#engine.on('data', (chunk: Buffer) => this.#output.push(chunk))
    this.#engine.on('end', () => {
      this.#ended = true
      this.#settle()
    })
    this.#engine.on('error', () => {
      this.#failed = true
      this.#settle()
    })
  }

  /**
   * One piece at a time; small ones, since a piece can inflate to a thousand times its size.
   * @throws GitError `Malformed`
   */
  async write(piece: Uint8Array): Promise<InflateStep> {
    const before = this.#engine.bytesWritten
    await new Promise<void>((resolve) => {
      this.#settle = resolve
      this.#engine.write(piece, () => resolve())
    })
    if (this.#failed) throw damaged('is no zlib stream')
    const output = this.#output
    this.#output = []
    return { output, consumed: this.#engine.bytesWritten - before, ended: this.#ended }
  }

  close(): void {
    this.#engine.destroy()
  }
}

/** A zlib stream of what `chunks` give. */
export async function* deflateChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const engine = createDeflate({ chunkSize: CHUNK })
  // What fails here ends the engine, and is thrown by the loop below.
  pipeline(chunks, engine).catch(() => undefined)
  yield* engine
}
