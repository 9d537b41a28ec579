import type { Readable } from 'node:stream'
import { parseExact } from '../objects/exact-json.ts'
import type { KubernetesObject } from '../objects/object.ts'
import type { Clock } from '../time/clock.ts'
import { KubeError } from './errors.ts'
import { apiVersionOf } from './resource.ts'
import type { ApiResource } from './resource.ts'

export interface ObjectList {
  readonly items: readonly KubernetesObject[]
  readonly resourceVersion: string
  /** Token for the next page; absent on the last. */
  readonly continue?: string
}

/** `clip` keeps the beginning of a text that is too long instead of throwing. */
export async function readText(body: Readable, maxBytes: number, clip: boolean, what: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > maxBytes) {
      if (clip) break
      throw new KubeError('TooLarge', `${what}: the answer is larger than ${maxBytes} bytes (maxResponseBytes)`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The text itself where it is not JSON. */
export function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** @throws KubeError `Malformed` */
export function parse(text: string, what: string): unknown {
  try {
    return parseExact(text)
  } catch {
    throw new KubeError('Malformed', `${what}: the answer is not JSON`)
  }
}

/** RFC 9110 §10.2.3: seconds or a date. */
export function retryAfter(header: string | string[] | undefined, clock: Clock): number | undefined {
  if (typeof header !== 'string') return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.now())
}

/** @throws KubeError `Malformed` */
export function asObject(value: unknown, what: string): KubernetesObject {
  const object = value as Partial<KubernetesObject> | null | undefined
  const { apiVersion, kind, metadata } = object ?? {}
  if (typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata === 'object' && metadata !== null) {
    return object as KubernetesObject
  }
  throw new KubeError('Malformed', `${what}: the answer has no apiVersion, kind and metadata`)
}

/** @throws KubeError `Malformed` */
export function asList(value: unknown, resource: ApiResource, what: string): ObjectList {
  const list = value as
    | { items?: unknown; metadata?: { resourceVersion?: unknown; continue?: unknown } }
    | null
    | undefined
  const { resourceVersion, continue: next } = list?.metadata ?? {}
  const items = list?.items ?? []
  if (typeof resourceVersion !== 'string' || !Array.isArray(items)) {
    throw new KubeError('Malformed', `${what}: the answer is not a list`)
  }
  // Lists of built-in kinds leave these two out of their items.
  const known = { apiVersion: apiVersionOf(resource), kind: resource.kind }
  return {
    items: items.map((item: object) => asObject({ ...known, ...item }, what)),
    resourceVersion,
    ...(typeof next === 'string' && next !== '' ? { continue: next } : {}),
  }
}
