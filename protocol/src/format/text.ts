/**
 * Text of a commit or tag, as its `encoding` header says. Without one it should be UTF-8; bytes that are not, as old
 * histories hold, are read as windows-1252, so that they stay readable. An encoding nobody knows counts as none.
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

function decoder(label: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(label, { ignoreBOM: true })
  } catch {
    return undefined
  }
}
