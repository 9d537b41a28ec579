/** Object → file: clean, order, print. */
import type { KubernetesObject } from '../objects/object.ts'
import { cleanObject } from './clean.ts'
import { toJson } from './json.ts'
import { orderObject } from './order.ts'
import { toYaml } from './yaml.ts'

export interface RenderOptions {
  readonly format: 'YAML' | 'JSON'
  /** Whether the kind has a status subresource: then `status` is left out. */
  readonly hasStatus: boolean
}

export interface RenderedObject {
  /** UTF-8; ends with a newline. */
  readonly bytes: Uint8Array
}

const encoder = new TextEncoder()

/** The bytes of the object's file: equal bytes for objects that differ only in server-side fields or in the order of keys. */
export function renderObject(object: KubernetesObject, { format, hasStatus }: RenderOptions): RenderedObject {
  const ordered = orderObject(cleanObject(object, { hasStatus }))
  return { bytes: encoder.encode(format === 'JSON' ? toJson(ordered) : toYaml(ordered)) }
}
