/** Object → file: clean, order, protect, print. */
import type { KubernetesObject } from '../objects/object.ts'
import { appliedFields } from './applied.ts'
import { cleanObject } from './clean.ts'
import { FileTooLargeError } from './file-too-large-error.ts'
import { removeIgnored } from './ignore.ts'
import type { Pointer } from './ignore.ts'
import { toJson } from './json.ts'
import { orderObject } from './order.ts'
import { isPrintedLarger } from './printed-size.ts'
import type { Protection } from './secrets/protection.ts'
import { ProtectionError } from './secrets/protection-error.ts'
import { isSecret } from './secrets/sensitive.ts'
import { isDeeper } from './tree.ts'
import { toYaml } from './yaml.ts'

export interface RenderOptions {
  readonly format: 'YAML' | 'JSON'
  /** Whether the kind has a status subresource: then `status` is left out. */
  readonly hasStatus: boolean
  /** What becomes of sensitive values. Default: nothing is sensitive, and a Secret is refused. */
  readonly protection?: Protection | undefined
  /** Applied: only fields that people and their tools have set. Default All. */
  readonly fields?: 'All' | 'Applied'
  /** Places that are left out. Default none. */
  readonly ignore?: readonly Pointer[]
}

export interface RenderedObject {
  /** UTF-8; ends with a newline. */
  readonly bytes: Uint8Array
  /** The file is replaced as a whole, never edited in part: its values are encrypted. */
  readonly replaceWhole: boolean
}

/** Larger by far than what is in an API server, as people write it; in bytes. */
const MAX_FILE_BYTES = 16 << 20
/** Printing takes the stack, some frames for each level. */
const MAX_DEPTH = 256

const encoder = new TextEncoder()

/**
 * The bytes of the object's file: equal bytes for objects that differ only in server-side fields or in the order of keys.
 * @throws ProtectionError for an object that cannot be written without showing what is sensitive
 * @throws FileTooLargeError
 */
export function renderObject(object: KubernetesObject, options: RenderOptions): RenderedObject {
  const { format, hasStatus, fields = 'All', ignore = [], protection } = options
  if (protection === undefined && isSecret(object)) throw new ProtectionError('Secrets are not written')
  if (isDeeper(object, MAX_DEPTH)) throw new FileTooLargeError(`its fields are nested deeper than ${MAX_DEPTH} levels`)
  const intended = fields === 'Applied' ? appliedFields(object) : object
  const ordered = orderObject(removeIgnored(cleanObject(intended, { hasStatus }), ignore))
  const { object: shown, replaceWhole } = protection?.protect(ordered, format) ?? {
    object: ordered,
    replaceWhole: false,
  }
  if (isPrintedLarger(shown, format, MAX_FILE_BYTES))
    throw new FileTooLargeError(`its file would have more than ${MAX_FILE_BYTES} bytes`)
  return { bytes: encoder.encode(format === 'JSON' ? toJson(shown) : toYaml(shown)), replaceWhole }
}
