/** JSON pointers (RFC 6901) in which `*` stands for any one part: a key, or an index of a list. */

export type Pointer = readonly string[]

const ANY = '*'

/** Of a text that begins with a slash. */
export function parsePointer(text: string): Pointer {
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What is left of the pointers one step further down; an empty one has arrived. */
export function follow(pointers: readonly Pointer[], part: string): readonly Pointer[] {
  return pointers.filter(([head]) => head === ANY || head === part).map((pointer) => pointer.slice(1))
}
