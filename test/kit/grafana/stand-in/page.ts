export interface Page<T> {
  readonly items: readonly T[]
  /** Asks for what follows; empty on the last page. */
  readonly token: string
}

/** As many as are asked for and fit, from where the token says. Its form is Grafana's: an offset, and a resource version. */
export function page<T>(
  all: readonly T[],
  { limit, most, token, resourceVersion }: { limit: number; most: number; token: string; resourceVersion: number },
): Page<T> {
  const from = token === '' ? 0 : Number(JSON.parse(Buffer.from(token, 'base64').toString()).o)
  const end = from + Math.min(limit > 0 ? limit : Infinity, most)
  if (end >= all.length) return { items: all.slice(from), token: '' }
  const next = JSON.stringify({ o: end, v: resourceVersion, s: false })
  return { items: all.slice(from, end), token: Buffer.from(next).toString('base64') }
}
