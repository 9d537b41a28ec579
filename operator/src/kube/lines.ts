import { KubeError } from './errors.ts'

/**
 * Splits UTF-8 bytes into lines without their line feed; a last line that has none was cut off and is dropped.
 * @param maxLength longest line in UTF-16 units
 * @throws KubeError `TooLarge`
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>, maxLength: number): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let pending: string[] = []
  let length = 0
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true })
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const rest = text.slice(start, end)
      start = end + 1
      if (length + rest.length > maxLength) throw tooLong(maxLength)
      const line = pending.length === 0 ? rest : pending.join('') + rest
      pending = []
      length = 0
      if (line !== '') yield line
    }
    length += text.length - start
    if (length > maxLength) throw tooLong(maxLength)
    if (start < text.length) pending.push(text.slice(start))
  }
}

function tooLong(maxLength: number): KubeError {
  return new KubeError('TooLarge', `a line of the watch is longer than ${maxLength}`)
}
