import { constants, deflateSync, inflateSync } from 'node:zlib'
import { GitError } from './errors.ts'

export interface Inflated {
  readonly bytes: Buffer
  /** How much of the input the stream took: packs do not say. */
  readonly consumed: number
}

/**
 * Inflates one object of known size from the start of `input`; undefined when the stream is not complete yet.
 * Never allocates more than `size`, whatever the stream claims.
 * @throws GitError `Malformed`
 */
export function inflateObject(input: Buffer, size: number): Inflated | undefined {
  try {
    const { buffer, engine } = inflateSync(input, {
      info: true,
      maxOutputLength: Math.max(size, 1),
      chunkSize: Math.min(Math.max(size + 1, 64), 1 << 16),
      finishFlush: constants.Z_FINISH,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    if (buffer.length !== size) throw damaged(`holds ${buffer.length} bytes, not the ${size} it declares`)
    return { bytes: buffer, consumed: engine.bytesWritten }
  } catch (error) {
    const code = (error as { code?: string }).code
    if (code === 'Z_BUF_ERROR') return undefined
    if (code === 'ERR_BUFFER_TOO_LARGE') throw damaged(`inflates to more than the ${size} bytes it declares`)
    if (error instanceof GitError) throw error
    throw damaged('is no zlib stream')
  }
}

function damaged(how: string): GitError {
  return new GitError('Malformed', `an object of the pack ${how}`)
}

export function deflateObject(bytes: Uint8Array): Buffer {
  // The result keeps its whole chunk alive: the default of 16 KiB would make small objects many times as large.
  return deflateSync(bytes, { chunkSize: Math.min(Math.max(bytes.length, 64), 1 << 16) })
}
