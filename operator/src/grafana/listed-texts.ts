import type { ResourceVersion } from './resource-version.ts'

/** Characters that are kept of all Grafanas together. */
const MAX_CHARACTERS = 8 << 20

/**
 * Contents of versions that came with a list, until they are asked for: the newest are listed first and wanted last, so that
 * what came first is dropped first.
 */
export class ListedTexts {
  readonly #max: number
  readonly #kept = new Map<string, ResourceVersion>()
  #characters = 0

  constructor(max = MAX_CHARACTERS) {
    this.#max = max
  }

  keep(key: string, version: ResourceVersion): void {
    this.take(key)
    this.#kept.set(key, version)
    this.#characters += sizeOf(version)
    for (const oldest of this.#kept.keys()) {
      if (this.#characters <= this.#max) return
      this.take(oldest)
    }
  }

  /** It is not kept any more. */
  take(key: string): ResourceVersion | undefined {
    const found = this.#kept.get(key)
    if (found === undefined) return undefined
    this.#kept.delete(key)
    this.#characters -= sizeOf(found)
    return found
  }
}

const sizeOf = ({ text, message }: ResourceVersion): number => text.length + message.length
