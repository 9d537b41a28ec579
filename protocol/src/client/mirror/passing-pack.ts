import { createHash } from '#platform/hash'
import { GitError } from '../../format/errors.ts'
import type { ObjectFormat } from '../../format/object-id.ts'
import { PACK_HEADER_BYTES, readPackHeader } from '../../format/pack-header.ts'

/**
 * A pack on its way from one server to another. Its last bytes, the trailer, are held back until they have proved all
 * before them: a pack that was cut or damaged never arrives as one that looks complete.
 * @param onChunk called with the bytes so far, and the number of objects that the pack's head announces
 * @throws GitError `Malformed`
 */
export async function* passingPack(
  pack: AsyncIterable<Uint8Array>,
  format: ObjectFormat,
  onChunk: (bytes: number, objects: number) => void,
): AsyncGenerator<Uint8Array> {
  const digest = createHash(format.name)
  let bytes = 0
  let objects: number | undefined
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of pack) {
    bytes += chunk.length
    if (objects === undefined || chunk.length < format.size) {
      held = Buffer.concat([held, chunk])
      if (held.length < Math.max(PACK_HEADER_BYTES, format.size)) continue
      objects ??= announced(held)
    } else {
      // The large ones are not copied.
      digest.update(held)
      yield held
      held = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    }
    onChunk(bytes, objects)
    const sure = held.subarray(0, held.length - format.size)
    held = Buffer.from(held.subarray(sure.length))
    if (sure.length === 0) continue
    digest.update(sure)
    yield sure
  }
  if (objects === undefined || !digest.digest().equals(held)) {
    throw new GitError('Malformed', 'the pack to be mirrored arrives incomplete or damaged: its checksum is wrong')
  }
  yield held
}

/** @throws GitError `Malformed` */
function announced(head: Buffer): number {
  const count = readPackHeader(head)
  if (count === undefined) throw new GitError('Malformed', 'the answer of the source holds no pack')
  return count
}
