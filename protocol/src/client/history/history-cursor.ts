import { GitError } from '../../format/errors.ts'
import { isObjectId } from '../../format/object-id.ts'
import type { ObjectId } from '../../format/object-id.ts'

/** Where a walk stands. Every commit of the rest is reached from `open`, and none that has been shown is. */
export interface Position {
  readonly tip: ObjectId
  readonly open: readonly ObjectId[]
  /** As raw names joined: a position in one path's history is none in another's. */
  readonly path: string
  readonly firstParent: boolean
}

export const MAX_CHARACTERS = 4 << 20

export function encodeCursor(position: Position): string {
  const { tip, open, path, firstParent } = position
  return Buffer.from(JSON.stringify([1, tip, firstParent, path, ...open])).toString('base64url')
}

/** @throws GitError `InvalidInput` */
export function decodeCursor(cursor: string, expected: Pick<Position, 'path' | 'firstParent'>): Position {
  const items = cursor.length > MAX_CHARACTERS ? null : parse(cursor)
  if (!Array.isArray(items)) throw invalid('is none that an earlier call gave')
  const [version, tip, firstParent, path, ...open] = items as unknown[]
  if (version !== 1 || !isId(tip) || !open.every(isId)) throw invalid('is none that an earlier call gave')
  if (path !== expected.path || firstParent !== expected.firstParent) {
    throw invalid('is of a history with another path or firstParent: give the same options for every page')
  }
  return { tip, open, path: expected.path, firstParent: expected.firstParent }
}

const isId = (item: unknown): item is ObjectId => typeof item === 'string' && isObjectId(item)

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}

function invalid(why: string): GitError {
  return new GitError('InvalidInput', `cursor ${why}`, { field: 'cursor' })
}
