import { parse } from 'yaml'
import { parseApiVersion } from '../objects/object.ts'
import type { ObjectIdentity } from '../objects/object.ts'

/** A file of the operator names its object near its top; larger files were not written by it. */
const MAX_BYTES = 4 << 20

/** Which object a written file holds; undefined for anything that is not one Kubernetes object. */
export function readIdentity(bytes: Uint8Array): ObjectIdentity | undefined {
  if (bytes.length > MAX_BYTES) return undefined
  let value: unknown
  try {
    value = parse(Buffer.from(bytes).toString('utf8'), { maxAliasCount: 0, logLevel: 'silent' })
  } catch {
    return undefined
  }
  const { apiVersion, kind, metadata } = record(value)
  const { name, namespace } = record(metadata)
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return undefined
  const id = { group: parseApiVersion(apiVersion).group, kind, name }
  return typeof namespace === 'string' ? { ...id, namespace } : id
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
