/** In bytes; what is larger nobody reads. */
const MAX_TEXT = 1 << 20
/** Of all together. */
const MAX_TEXTS = 4 << 20
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Contents that people read, as texts: without what is no text, and what is too much. */
export function readableTexts(contents: ReadonlyMap<string, Buffer>): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  let left = MAX_TEXTS
  for (const [oid, content] of contents) {
    const text = content.length > Math.min(left, MAX_TEXT) ? undefined : textOf(content)
    if (text === undefined) continue
    texts.set(oid, text)
    left -= content.length
  }
  return texts
}

function textOf(content: Buffer): string | undefined {
  if (content.includes(0)) return undefined
  try {
    return decoder.decode(content)
  } catch {
    return undefined
  }
}
