/**
 * Orders two resourceVersions of one kind: they grow, and compare as decimal numbers of any length (KEP-5504). Undefined when one of
 * them is something else, as some aggregated API servers have it.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (!/^[1-9]\d*$/.test(a) || !/^[1-9]\d*$/.test(b)) return undefined
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}

/** Whether `version` is certainly no later than `than`. */
export function isNotLater(version: string, than: string): boolean {
  const order = compareVersions(version, than)
  return order === undefined ? version === than : order <= 0
}
