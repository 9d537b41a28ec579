/** Key of a ConfigMap → text of a dashboard. */
import { gunzipSync } from 'node:zlib'
import type { KubernetesObject } from '../objects/object.ts'
import { DashboardError } from './dashboard-error.ts'
import { MAX_DASHBOARD_BYTES } from './dashboard-file.ts'

/** How gzip begins (RFC 1952). */
const GZIP = [0x1f, 0x8b]

/** Keys of `data` and `binaryData`, sorted. */
export function configMapKeys(object: KubernetesObject): string[] {
  return [...Object.keys(recordOf(object['data'])), ...Object.keys(recordOf(object['binaryData']))].sort()
}

/**
 * What stands under a key of `data`, or of `binaryData`: UTF-8, or that compressed with gzip. Undefined where there is no such key.
 * @throws DashboardError for bytes that are no text, or more than a dashboard may have
 */
export function configMapText(object: KubernetesObject, key: string): string | undefined {
  const data = recordOf(object['data'])
  const binaryData = recordOf(object['binaryData'])
  const text = Object.hasOwn(data, key) ? data[key] : undefined
  if (typeof text === 'string') return text
  const encoded = Object.hasOwn(binaryData, key) ? binaryData[key] : undefined
  if (typeof encoded !== 'string') return undefined
  const bytes = Buffer.from(encoded, 'base64')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(isGzip(bytes) ? inflate(bytes) : bytes)
  } catch (error) {
    if (error instanceof DashboardError) throw error
    throw new DashboardError(
      `key ${key} of binaryData holds bytes that are neither UTF-8 nor that compressed with gzip`,
      {
        cause: error,
      },
    )
  }
}

const isGzip = (bytes: Uint8Array): boolean => GZIP.every((byte, at) => bytes[at] === byte)

/** @throws DashboardError */
function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_DASHBOARD_BYTES })
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    const why = isTooLarge ? `it has more than ${MAX_DASHBOARD_BYTES} bytes` : 'it is damaged'
    throw new DashboardError(`what is compressed with gzip cannot be read: ${why}`, { cause: error })
  }
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> => (value ?? {}) as Record<string, unknown>
