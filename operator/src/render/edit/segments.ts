/** A YAML stream, cut before each `---`: each piece is read and written by itself. */
export function splitDocuments(text: string): string[] {
  const pieces: string[] = []
  let from = 0
  for (const { index } of text.matchAll(/^---(?=[ \t\r\n]|$)/gm)) {
    if (index > from) pieces.push(text.slice(from, index))
    from = index
  }
  if (from < text.length) pieces.push(text.slice(from))
  return pieces
}

/** Puts pieces together again, with a marker before each that needs one. */
export function joinDocuments(pieces: readonly string[]): string {
  let text = ''
  for (const piece of pieces) {
    if (text !== '' && !text.endsWith('\n')) text += '\n'
    if (text !== '' && !/^---(?:[ \t\r\n]|$)/.test(piece)) text += '---\n'
    text += piece
  }
  return text
}
