/** What a partial clone leaves out (git-rev-list, `--filter`). What is asked for by its id always comes. */
export interface Filter {
  /** Blobs of so many bytes and more are left out; 0: all. */
  readonly blobLimit: number
  /** Levels of a tree that come; its root is the first. 0: no trees. */
  readonly depth: number
  /** Only objects of this type. */
  readonly only?: 'commit' | 'tree' | 'blob' | 'tag'
}

export const UNFILTERED: Filter = { blobLimit: Number.POSITIVE_INFINITY, depth: Number.POSITIVE_INFINITY }

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 }
/** Filters in a filter. */
const MAX_PARTS = 16

/** @returns undefined for one that is not known here */
export function parseFilter(spec: string): Filter | undefined {
  if (spec.startsWith('combine:')) {
    const parts = spec.slice('combine:'.length).split('+')
    if (parts.length > MAX_PARTS) return undefined
    return parts.map((part) => parseFilter(decoded(part))).reduce((a, b) => a && b && both(a, b), UNFILTERED)
  }
  if (spec === 'blob:none') return { ...UNFILTERED, blobLimit: 0 }
  const [, depth] = /^tree:(\d{1,9})$/.exec(spec) ?? []
  if (depth !== undefined) return { ...UNFILTERED, depth: Number(depth) }
  const [, limit, unit = ''] = /^blob:limit=(\d{1,12})([kmg]?)$/i.exec(spec) ?? []
  if (limit !== undefined) return { ...UNFILTERED, blobLimit: Number(limit) * (UNITS[unit.toLowerCase()] ?? 1) }
  const [, only] = /^object:type=(commit|tree|blob|tag)$/.exec(spec) ?? []
  return only === undefined ? undefined : { ...UNFILTERED, only: only as NonNullable<Filter['only']> }
}

function both(a: Filter, b: Filter): Filter | undefined {
  if (a.only !== undefined && b.only !== undefined && a.only !== b.only) return undefined
  const only = a.only ?? b.only
  const least = { blobLimit: Math.min(a.blobLimit, b.blobLimit), depth: Math.min(a.depth, b.depth) }
  return only === undefined ? least : { ...least, only }
}

/** Parts of `combine:` are percent-encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
