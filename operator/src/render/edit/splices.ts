/** Pieces of a text to be replaced, by offsets in the text as it is. */
export class Splices {
  readonly #all: { readonly start: number; readonly end: number; readonly text: string }[] = []

  get isEmpty(): boolean {
    return this.#all.length === 0
  }

  replace(start: number, end: number, text: string): void {
    this.#all.push({ start, end, text })
  }

  insert(at: number, text: string): void {
    this.replace(at, at, text)
  }

  /**
   * The text with every piece replaced; of insertions at one place the first comes first.
   * @throws RangeError when two pieces overlap
   */
  apply(source: string): string {
    const isInsertion = ({ start, end }: { start: number; end: number }): number => (start === end ? 0 : 1)
    const ordered = this.#all.toSorted((a, b) => a.start - b.start || isInsertion(a) - isInsertion(b))
    let result = ''
    let at = 0
    for (const { start, end, text } of ordered) {
      if (start < at) throw new RangeError('two edits overlap')
      result += source.slice(at, start) + text
      at = end
    }
    return result + source.slice(at)
  }
}
