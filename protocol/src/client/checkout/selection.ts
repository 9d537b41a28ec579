import ignore from 'ignore'

/** Which files of a commit are wanted. */
export interface Selection {
  /** Folders (or files) outside which nothing is wanted; `['']` where the patterns do not say. */
  readonly bases: readonly string[]
  /** @param path of a file, from the root */
  readonly wants: (path: string) => boolean
}

/**
 * Patterns in the language of gitignore (gitignore, "PATTERN FORMAT"), without regard to upper and lower case of letters
 * being equal: a path is wanted when `include` matches it, or is empty, and `exclude` does not.
 */
export function selection(include: readonly string[] = [], exclude: readonly string[] = []): Selection {
  const included = ignore({ ignorecase: false }).add([...include])
  const excluded = ignore({ ignorecase: false }).add([...exclude])
  return {
    bases: include.length === 0 ? [''] : outermost(include.filter((pattern) => !isSilent(pattern)).map(literalPrefix)),
    wants: (path) =>
      // What no pattern can speak of is never left out silently: its name is refused later.
      !ignore.isPathValid(path) || ((include.length === 0 || included.ignores(path)) && !excluded.ignores(path)),
  }
}

/** Comments and blank lines match nothing; a negated pattern only takes away. */
function isSilent(pattern: string): boolean {
  return pattern.trim() === '' || pattern.startsWith('#') || pattern.startsWith('!')
}

/** The folders that a pattern names before its first wildcard. A pattern without an inner slash matches at any depth. */
function literalPrefix(pattern: string): string {
  const trimmed = pattern.replace(/\/+$/, '')
  if (!trimmed.includes('/')) return ''
  const names = trimmed.replace(/^\//, '').split('/')
  const wild = names.findIndex((name) => /[*?[\\ ]/.test(name))
  return (wild < 0 ? names : names.slice(0, wild)).join('/')
}

function outermost(paths: readonly string[]): string[] {
  const unique = [...new Set(paths)]
  return unique.filter(
    (path) => !unique.some((other) => other !== path && (other === '' || path.startsWith(`${other}/`))),
  )
}
