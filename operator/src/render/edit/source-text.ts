/** Places in a text, by line. */
export class SourceText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }

  lineStart(offset: number): number {
    return this.text.lastIndexOf('\n', offset - 1) + 1
  }

  /** Before the line break, or the end of the text. */
  lineEnd(offset: number): number {
    const end = this.text.indexOf('\n', offset)
    if (end < 0) return this.text.length
    return this.text[end - 1] === '\r' && end > offset ? end - 1 : end
  }

  /** Where the next line begins, or the end of the text. */
  nextLine(offset: number): number {
    const end = this.text.indexOf('\n', offset)
    return end < 0 ? this.text.length : end + 1
  }

  column(offset: number): number {
    return offset - this.lineStart(offset)
  }

  /** Whether only blanks stand before it on its line. */
  isFirstOnLine(offset: number): boolean {
    return this.text.slice(this.lineStart(offset), offset).trim() === ''
  }

  /** A comment that is all that follows on the line, with its number sign; undefined where there is none. */
  commentAfter(offset: number): string | undefined {
    const rest = this.text.slice(offset, this.lineEnd(offset))
    return /^\s*(#.*)$/.exec(rest)?.[1]
  }
}

/** Each line but the first with the prefix before it; blank lines stay blank. */
export function indentRest(text: string, prefix: string): string {
  return text.replaceAll(/\n(?=[^\n])/g, `\n${prefix}`)
}
