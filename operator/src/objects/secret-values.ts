import type { KubernetesObject } from './object.ts'

/** The values of a Secret by their keys, as text; `stringData` over `data`. */
export function secretValues(secret: KubernetesObject): Map<string, string> {
  const values = new Map<string, string>()
  const { data, stringData } = secret as { data?: Record<string, unknown>; stringData?: Record<string, unknown> }
  for (const [key, value] of Object.entries(data ?? {})) {
    if (typeof value === 'string') values.set(key, Buffer.from(value, 'base64').toString('utf8'))
  }
  for (const [key, value] of Object.entries(stringData ?? {})) if (typeof value === 'string') values.set(key, value)
  return values
}
