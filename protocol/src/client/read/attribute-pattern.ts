/**
 * Whether a pattern of a `.gitattributes` file matches a path below that file's folder (gitattributes; gitignore, "PATTERN
 * FORMAT"). Unlike there, a pattern that matches a folder says nothing of what is in it. In time of pattern times path,
 * whatever the pattern: it comes from a server.
 */
export function matchesAttributePattern(pattern: string, path: string): boolean {
  if (!pattern.includes('/')) return matches(tokensOf(pattern), path.slice(path.lastIndexOf('/') + 1))
  return matches(tokensOf(pattern.replace(/^\//, '')), path)
}

/** One step of a pattern: a character that passes the test, any number of characters, or of folders. */
type Token =
  | { readonly kind: 'one'; readonly test: (char: string) => boolean }
  | { readonly kind: 'any'; readonly slashes: boolean }
  | { readonly kind: 'folders' }

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = []
  for (let rest = pattern; rest !== '';) {
    const [part, token] = nextToken(rest, rest.length === pattern.length || pattern.at(-rest.length - 1) === '/')
    tokens.push(token)
    rest = rest.slice(part.length)
  }
  return tokens
}

function nextToken(rest: string, atName: boolean): readonly [string, Token] {
  if (atName && rest.startsWith('**/')) return ['**/', { kind: 'folders' }]
  if (atName && rest === '**') return ['**', { kind: 'any', slashes: true }]
  const [stars] = /^\*+/.exec(rest) ?? []
  if (stars !== undefined) return [stars, { kind: 'any', slashes: false }]
  if (rest.startsWith('?')) return ['?', { kind: 'one', test: (char) => char !== '/' }]
  const [set, not, members] = /^\[([!^]?)(\]?(?:\\.|[^\]\\])*)\]/su.exec(rest) ?? []
  if (set !== undefined && members !== undefined) return [set, { kind: 'one', test: setTest(members, not !== '') }]
  const [escaped = '', char = ''] = /^\\?(.)/su.exec(rest) ?? []
  return [escaped, { kind: 'one', test: (other) => other === char }]
}

function setTest(members: string, not: boolean): (char: string) => boolean {
  const ranges = [...members.matchAll(/\\?(.)(?:-\\?(.))?/gsu)].map(([, from = '', to = from]) => [from, to] as const)
  return (char) => char !== '/' && ranges.some(([from, to]) => from <= char && char <= to) !== not
}

/** Goes through the path once, with all places of the pattern that its beginning can have led to. */
function matches(tokens: readonly Token[], path: string): boolean {
  let places = reach(tokens, [0])
  let atName = true
  for (const char of path) {
    const next: number[] = []
    for (const place of places) {
      const token = tokens[place]
      if (token?.kind === 'one' && token.test(char)) next.push(place + 1)
      else if (token?.kind === 'any' && (token.slashes || char !== '/')) next.push(place)
      else if (token?.kind === 'folders') next.push(place)
    }
    atName = char === '/'
    places = reach(tokens, next, atName)
  }
  return places.has(tokens.length)
}

/** What may stand for nothing is passed over: any number of characters everywhere, of folders before a name only. */
function reach(tokens: readonly Token[], places: readonly number[], atName = true): Set<number> {
  const all = new Set<number>()
  for (let place of places) {
    for (; !all.has(place); place++) {
      all.add(place)
      const kind = tokens[place]?.kind
      if (kind !== 'any' && !(kind === 'folders' && atName)) break
    }
  }
  return all
}
