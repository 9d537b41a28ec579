const ESCAPES: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  0x22: '\\"',
  0x5c: '\\\\',
}

/**
 * A path as git prints it (git-config, `core.quotePath`): in double quotes with C escapes when it holds a control
 * character, a quote, a backslash or a byte beyond ASCII.
 * @param rawPath the path's bytes as a latin1 string
 */
export function quotePath(rawPath: string): string {
  const quoted = rawPath.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, (character) => {
    const code = character.charCodeAt(0)
    return ESCAPES[code] ?? `\\${code.toString(8).padStart(3, '0')}`
  })
  return quoted === rawPath ? rawPath : `"${quoted}"`
}
