/** Trailers of a commit's message, where git itself finds them (git-interpret-trailers). */

export interface MessageTrailer {
  readonly name: string
  /** Lines that continue it are joined with a blank. */
  readonly value: string
}

/** What git writes itself; beside one of these a few lines may be anything. */
const GENERATED = /^(?:Signed-off-by: |\(cherry picked from commit )/
const TRAILER = /^([A-Za-z0-9-]+)[ \t]*:(.*)$/s
/** So many times more lines that are no trailers than trailers are none. */
const OTHERS = 3

/** In their order; none where the last paragraph is no list of trailers, or is the first as well. */
export function trailersOf(message: string): readonly MessageTrailer[] {
  const trailers: { name: string; value: string }[] = []
  let last: { name: string; value: string } | undefined
  for (const line of trailerBlock(message.split('\n'))) {
    if (/^\s/.test(line)) {
      if (last !== undefined) last.value = `${last.value} ${line.trim()}`.trim()
      continue
    }
    const [, name, value = ''] = TRAILER.exec(line) ?? []
    last = name === undefined ? undefined : { name, value: value.trim() }
    if (last !== undefined) trailers.push(last)
  }
  return trailers
}

function trailerBlock(lines: readonly string[]): readonly string[] {
  const isBlank = (line: string | undefined): boolean => line === undefined || line.trim() === ''
  let end = lines.length
  while (end > 0 && isBlank(lines[end - 1])) end--
  let start = end
  while (start > 0 && !isBlank(lines[start - 1])) start--
  // The first paragraph is the title.
  if (lines.slice(0, start).every(isBlank)) return []
  const block = lines.slice(start, end)
  let [trailers, others, continued] = [0, 0, 0]
  for (const line of block.toReversed()) {
    if (GENERATED.test(line) || TRAILER.test(line)) {
      trailers++
      continued = 0
    } else if (/^\s/.test(line)) continued++
    else {
      others += 1 + continued
      continued = 0
    }
  }
  others += continued
  const isMixed = block.some((line) => GENERATED.test(line)) && trailers * OTHERS >= others
  return isMixed || (trailers > 0 && others === 0) ? block : []
}
