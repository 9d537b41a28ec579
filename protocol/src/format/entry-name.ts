/** Why a raw name must be part of no path, on whatever system; undefined when it may. */
export function nameProblem(rawName: string): string | undefined {
  if (rawName === '') return 'has an empty part: no leading, trailing or doubled slash'
  if (rawName === '.' || rawName === '..') return `has a part "${rawName}"`
  const parts = rawName.split('\\')
  if (parts.includes('..')) return 'has a part ".." where "\\" parts folders'
  return parts.some(isDotGit) ? 'has a part that some file system takes for ".git"' : undefined
}

/** What HFS+ ignores inside names, as UTF-8 bytes in a latin1 string: U+200C–F, U+202A–E, U+206A–F, U+FEFF. */
// oxlint-disable-next-line no-misleading-character-class
const IGNORED_BY_HFS = /\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf/g

function isDotGit(rawName: string): boolean {
  const folded = rawName.replace(IGNORED_BY_HFS, '').toLowerCase()
  // NTFS drops trailing dots and spaces, and what follows a colon is a stream of the same file.
  return /^(?:\.git|git~1)[. ]*(?::.*)?$/.test(folded)
}
