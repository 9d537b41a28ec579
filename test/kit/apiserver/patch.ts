import { ApiError, badRequest, unsupportedMediaType } from './errors.ts'
import { copyOf, isEqual, isFields, parseJson, textOf, type Fields } from './json.ts'
import { strategicMerge } from './strategic-merge.ts'

const JSON_PATCH = 'application/json-patch+json'
const MERGE_PATCH = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const APPLY = ['application/apply-patch+yaml', 'application/apply-patch+cbor']
const MOST_OPERATIONS = 10_000

type Patch = (object: Fields) => unknown

/**
 * The function that a PATCH body stands for.
 * @param contentType its media type decides which kind of patch the body is
 * @throws ApiError 415 for server-side apply, and for a strategic merge patch to a custom resource; 400 for a bad body
 */
export function parsePatch(contentType: string, body: string, isCustom: boolean): Patch {
  const type = contentType.split(';')[0]?.trim() ?? ''
  if (APPLY.includes(type)) {
    throw unsupportedMediaType(
      `server-side apply (${type}) is not implemented by the embedded API server: use a real kube-apiserver, or a merge patch`,
    )
  }
  const known = isCustom ? [JSON_PATCH, MERGE_PATCH] : [JSON_PATCH, MERGE_PATCH, STRATEGIC]
  if (!known.includes(type)) {
    throw unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${known.join(', ')}`,
    )
  }
  const patch = parseBody(body)
  if (type === JSON_PATCH) {
    if (!Array.isArray(patch)) throw badRequest('error decoding patch: a JSON patch is a list of operations')
    if (patch.length > MOST_OPERATIONS) {
      throw new ApiError(
        413,
        'RequestEntityTooLarge',
        `The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${patch.length}`,
      )
    }
    const operations = patch.map(parseOperation)
    return (object) => operations.reduce<unknown>(applyOperation, copyOf(object))
  }
  if (!isFields(patch)) throw badRequest('error decoding patch: a merge patch is an object')
  return (object) => (type === MERGE_PATCH ? mergePatch(object, patch) : strategicMerge(object, patch))
}

function parseBody(body: string): unknown {
  try {
    return parseJson(body)
  } catch (cause) {
    throw badRequest(`error decoding patch: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch
  const merged: Fields = isFields(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = mergePatch(merged[name], value)
  }
  return merged
}

interface Operation {
  readonly op: string
  readonly path: readonly string[]
  readonly from: readonly string[]
  readonly value: unknown
}

const pointer = (text: string): string[] =>
  text
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))

function parseOperation(item: unknown): Operation {
  if (!isFields(item)) throw badRequest('error decoding patch: a JSON patch operation is an object')
  const { op, path, from, value } = item
  return { op: textOf(op), path: pointer(textOf(path)), from: pointer(textOf(from)), value }
}

/** The real server does not say which operation failed. */
const unprocessable = (): ApiError =>
  new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', { details: {} })

/** RFC 6902, one operation; changes `root` and returns it. */
function applyOperation(root: unknown, { op, path, from, value }: Operation): unknown {
  switch (op) {
    case 'add':
      return put(root, path, copyOf(value), true)
    case 'replace':
      read(root, path)
      return put(root, path, copyOf(value), false)
    case 'remove':
      return remove(root, path)
    case 'move': {
      const moved = read(root, from)
      return put(remove(root, from), path, moved, true)
    }
    case 'copy':
      return put(root, path, copyOf(read(root, from)), true)
    case 'test':
      if (!isEqual(find(root, path), value)) throw unprocessable()
      return root
    default:
      throw badRequest(`Unexpected kind: ${op}`)
  }
}

function find(root: unknown, path: readonly string[]): unknown {
  let found = root
  for (const step of path) {
    if (Array.isArray(found)) found = found[Number(step)]
    else found = isFields(found) && Object.hasOwn(found, step) ? found[step] : undefined
  }
  return found
}

function read(root: unknown, path: readonly string[]): unknown {
  const found = find(root, path)
  if (found === undefined) throw unprocessable()
  return found
}

function put(root: unknown, path: readonly string[], value: unknown, inserts: boolean): unknown {
  const last = path.at(-1)
  if (last === undefined) return value
  const parent = read(root, path.slice(0, -1))
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : Number(last)
    if (!Number.isInteger(index) || index < 0 || index > parent.length) throw unprocessable()
    parent.splice(index, inserts ? 0 : 1, value)
  } else if (isFields(parent)) parent[last] = value
  else throw unprocessable()
  return root
}

function remove(root: unknown, path: readonly string[]): unknown {
  read(root, path)
  const parent = read(root, path.slice(0, -1))
  const last = path.at(-1) ?? ''
  if (Array.isArray(parent)) parent.splice(Number(last), 1)
  else if (isFields(parent)) delete parent[last]
  return root
}
