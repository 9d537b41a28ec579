/** git-check-ref-format(1), rules 1 to 10, for a name with or without slashes. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /(?:^|\/)(?:\.|$)|\.\.|[\u0000-\u0020\u007f~^:?*[\\]|@\{|\.lock(?:\/|$)|\.$|^\/|^@$/

export const MAX_LENGTH = 1024

/** Whether Git allows the name for a ref. */
export function isRefName(name: string): boolean {
  if (name === '' || name.length > MAX_LENGTH || name.startsWith('-')) return false
  return !FORBIDDEN.test(name) && !name.includes('//')
}
