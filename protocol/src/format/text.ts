/**
 * Text of a commit or tag, as its `encoding` header says. Without one it should be UTF-8; bytes that are not, as old
 * histories hold, are read as windows-1252, so that they stay readable. An encoding nobody knows counts as
 * none, and so does one in which ASCII is something else: Git's own words are ASCII.
 */
export function decodeText(bytes: Buffer, encoding?: string): string {
  const named = encoding === undefined ? undefined : decoder(encoding)
  if (named !== undefined) return named.decode(bytes)
  const text = bytes.toString('utf8')
  if (!text.includes('\ufffd')) return text
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

const ASCII = 'Ann <ann@example.com> 0 +0000\n'

function decoder(label: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    const named = new TextDecoder(label, { ignoreBOM: true })
    return named.decode(Buffer.from(ASCII)) === ASCII ? named : undefined
  } catch {
    return undefined
  }
}

/** The text of a message as git keeps it: with one line break at its end. */
export function withLineBreak(message: string): string {
  let end = message.length
  // Not by a regular expression, which would start anew at each of many line breaks inside.
  while (end > 0 && message[end - 1] === '\n') end--
  return `${message.slice(0, end)}\n`
}
