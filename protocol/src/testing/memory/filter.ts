/** What a partial fetch leaves out (git-rev-list, `--filter`). Objects that are asked for by id always come. */
export interface Filter {
  readonly blobs: boolean
  /** Levels of a tree that come; its root is the first. */
  readonly depth: number
}

/** @returns undefined for a filter that is not known here */
export function parseFilter(spec: string): Filter | undefined {
  if (spec === 'blob:none') return { blobs: false, depth: Number.POSITIVE_INFINITY }
  const [, depth] = /^tree:(\d{1,9})$/.exec(spec) ?? []
  if (depth !== undefined) return { blobs: true, depth: Number(depth) }
  if (!spec.startsWith('combine:')) return undefined
  const parts = spec.slice('combine:'.length).split('+').map(parseFilter)
  if (!parts.every((part) => part !== undefined)) return undefined
  return { blobs: parts.every(({ blobs }) => blobs), depth: Math.min(...parts.map(({ depth }) => depth)) }
}
