import { GitError } from './errors.ts'

/**
 * The delta encoding of packs (gitformat-pack, "Deltified representation"): the base's size, the result's size, then
 * instructions that copy a range of the base or insert bytes.
 */

const MAX_COPY = 0xffffff
const MAX_INSERT = 0x7f

/** Writes a delta instruction by instruction. Neighbouring copies must be joined by the caller. */
export class DeltaWriter {
  readonly #parts: Buffer[] = []
  readonly #baseSize: number
  #resultSize = 0

  constructor(baseSize: number) {
    this.#baseSize = baseSize
  }

  copy(offset: number, size: number): void {
    this.#resultSize += size
    for (let done = 0; done < size; done += MAX_COPY) {
      this.#parts.push(copyInstruction(offset + done, Math.min(MAX_COPY, size - done)))
    }
  }

  insert(bytes: Uint8Array): void {
    this.#resultSize += bytes.length
    for (let done = 0; done < bytes.length; done += MAX_INSERT) {
      const piece = bytes.subarray(done, done + MAX_INSERT)
      this.#parts.push(Buffer.from([piece.length]), Buffer.from(piece))
    }
  }

  finish(): Buffer {
    return Buffer.concat([varint(this.#baseSize), varint(this.#resultSize), ...this.#parts])
  }
}

function copyInstruction(offset: number, size: number): Buffer {
  const bytes = [0x80]
  const operands = [offset & 0xff, (offset >>> 8) & 0xff, (offset >>> 16) & 0xff, offset >>> 24]
  operands.push(size & 0xff, (size >>> 8) & 0xff, (size >>> 16) & 0xff)
  for (const [bit, value] of operands.entries()) {
    if (value === 0) continue
    bytes[0] = (bytes[0] as number) | (1 << bit)
    bytes.push(value)
  }
  return Buffer.from(bytes)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    bytes.push(rest > 0 ? low | 0x80 : low)
  } while (rest > 0)
  return Buffer.from(bytes)
}

/**
 * Applies a delta to its base.
 * @param maxResult bytes that the result may have; checked before it is allocated
 * @throws GitError `Malformed`, `LimitExceeded`
 */
export function applyDelta(base: Buffer, delta: Buffer, maxResult: number): Buffer {
  const reader = { delta, at: 0 }
  const baseSize = readVarint(reader)
  const resultSize = readVarint(reader)
  if (baseSize !== base.length) throw damaged(`is for a base of ${baseSize} bytes, not ${base.length}`)
  if (resultSize > maxResult) {
    throw new GitError('LimitExceeded', `an object of ${resultSize} bytes exceeds maxObjectBytes (${maxResult})`, {
      limit: 'maxObjectBytes',
      expected: maxResult,
      actual: resultSize,
    })
  }
  const result = Buffer.allocUnsafe(resultSize)
  let filled = 0
  while (reader.at < delta.length) {
    const op = byte(reader)
    if (op === 0) throw damaged('has a reserved instruction')
    const source = op & 0x80 ? readCopy(reader, op, base) : readInsert(reader, op)
    if (filled + source.length > resultSize) throw damaged('gives more bytes than it declares')
    result.set(source, filled)
    filled += source.length
  }
  if (filled !== resultSize) throw damaged(`gives ${filled} bytes, not the ${resultSize} it declares`)
  return result
}

/** Bytes that a delta makes. @throws GitError `Malformed` */
export function deltaResultSize(delta: Buffer): number {
  const reader = { delta, at: 0 }
  readVarint(reader)
  return readVarint(reader)
}

interface Reader {
  readonly delta: Buffer
  at: number
}

function byte(reader: Reader): number {
  const value = reader.delta[reader.at++]
  if (value === undefined) throw damaged('ends too early')
  return value
}

function readVarint(reader: Reader): number {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const next = byte(reader)
    value += (next & 0x7f) * scale
    if (!Number.isSafeInteger(value)) throw damaged('declares an impossible size')
    if ((next & 0x80) === 0) return value
  }
}

function readCopy(reader: Reader, op: number, base: Buffer): Buffer {
  let offset = 0
  let size = 0
  for (let i = 0; i < 4; i++) if (op & (1 << i)) offset += byte(reader) * 2 ** (8 * i)
  for (let i = 0; i < 3; i++) if (op & (0x10 << i)) size += byte(reader) * 2 ** (8 * i)
  if (size === 0) size = 0x10000
  if (offset + size > base.length) throw damaged('copies from beyond its base')
  return base.subarray(offset, offset + size)
}

function readInsert(reader: Reader, size: number): Buffer {
  const end = reader.at + size
  if (end > reader.delta.length) throw damaged('ends too early')
  const bytes = reader.delta.subarray(reader.at, end)
  reader.at = end
  return bytes
}

function damaged(how: string): GitError {
  return new GitError('Malformed', `a delta ${how}`)
}
