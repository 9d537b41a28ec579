/** An address for an error: what stands before the last `@` may be a password, whatever else is wrong with it. */
export function hideUser(url: string): string {
  return url.replace(/^.*@/s, '…@')
}
