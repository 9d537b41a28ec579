/** Bytes of which any part can be read. */
export interface RandomAccess {
  readonly size: number
  /** @throws RangeError beyond the end */
  read(offset: number, length: number): Promise<Buffer>
  /** Nothing is read for now: what was opened for it may be closed. Whoever reads on opens it again. */
  rest?(): void
}

/** @param bytes are not copied */
export function inMemory(bytes: Buffer): RandomAccess {
  return {
    size: bytes.length,
    read: async (offset, length) => {
      if (offset < 0 || offset + length > bytes.length)
        throw new RangeError(`${bytes.length} bytes end before ${offset + length}`)
      return bytes.subarray(offset, offset + length)
    },
  }
}
