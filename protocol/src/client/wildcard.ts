/**
 * Whether a text is as a pattern says, in which `*` stands for any characters and `?` for one. In time of pattern times
 * text, whatever the pattern: a regular expression with several `*` could take ages to fail.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0
  let star = -1
  let resume = 0
  let i = 0
  while (i < text.length) {
    const char = pattern[at]
    if (char === '*') {
      star = at++
      resume = i
    } else if (char === '?' || char === text[i]) {
      at++
      i++
    } else if (star >= 0) {
      at = star + 1
      i = ++resume
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
