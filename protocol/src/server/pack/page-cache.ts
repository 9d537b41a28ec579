import { LRUCache } from 'lru-cache'
import type { RandomAccess } from './random-access.ts'

const PAGE = 64 << 10
/** Larger parts are read for themselves: they would drive out what is near. */
const MAX_PAGES = 4

/** Pages of files that were read, shared by all of them: what is asked for next mostly lies beside what was read last. */
export class PageCache {
  readonly #pages: LRUCache<number, Promise<Buffer>>
  /** Those that were read last; the others are put to rest. */
  readonly #files: LRUCache<number, RandomAccess>
  #opened = 0

  /** @param maxFiles that are open at a time */
  constructor({ maxBytes, maxFiles }: { readonly maxBytes: number; readonly maxFiles: number }) {
    this.#pages = new LRUCache({ max: Math.ceil(maxBytes / PAGE) })
    this.#files = new LRUCache({ max: maxFiles, dispose: (file) => file.rest?.() })
  }

  /** The same file, read by pages. @param end what is before it never changes; the rest is read anew each time. Default: the end of the file */
  of(file: RandomAccess, end = file.size): RandomAccess {
    const number = this.#opened++
    const read = (offset: number, length: number): Promise<Buffer> => {
      this.#files.set(number, file, { noDisposeOnSet: true })
      return file.read(offset, length)
    }
    const page = (at: number): Promise<Buffer> => {
      const key = number * 2 ** 25 + at
      const known = this.#pages.get(key)
      if (known !== undefined) return known
      const reading = read(at * PAGE, Math.min(PAGE, end - at * PAGE))
      this.#pages.set(key, reading)
      // It is read again by whoever asks for it next.
      reading.catch(() => this.#pages.delete(key))
      return reading
    }
    return {
      get size() {
        return file.size
      },
      async read(offset, length) {
        const first = Math.floor(offset / PAGE)
        const last = Math.floor((offset + length - 1) / PAGE)
        if (offset < 0 || offset + length > end || last - first >= MAX_PAGES) return await read(offset, length)
        const pages: Buffer[] = []
        for (let at = first; at <= last; at++) pages.push(await page(at))
        const [only] = pages
        const whole = pages.length === 1 && only !== undefined ? only : Buffer.concat(pages)
        return whole.subarray(offset - first * PAGE, offset - first * PAGE + length)
      },
    }
  }
}
