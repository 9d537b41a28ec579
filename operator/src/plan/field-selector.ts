import type { ResourceSelector } from '../api/gitsync.ts'
import type { KubernetesObject } from '../objects/object.ts'

/**
 * Conditions on fields of an object, evaluated here and so for any field of any kind; an absent selector matches
 * everything. A field that is missing or null does not exist. Numbers and booleans compare as their JSON text; lists and
 * objects exist and equal no value.
 */
export function matchesFields(selector: ResourceSelector['fieldSelector'], object: KubernetesObject): boolean {
  return (selector?.matchFields ?? []).every(({ key, operator, values = [] }) => {
    const value = fieldAt(object, key)
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(scalarText(value) ?? NO_TEXT)
      case 'NotIn':
        return value === undefined || !values.includes(scalarText(value) ?? NO_TEXT)
      case 'Exists':
        return value !== undefined
      case 'DoesNotExist':
        return value === undefined
    }
  })
}

/** No value of a selector has a control character. */
const NO_TEXT = '\u0000'
const PART = /(?:^|\.)([A-Za-z0-9_-]+)|\['([^'\\]+)'\]/gy

/** `spec.type` → `spec`, `type`; `metadata.labels['a.b/c']` → `metadata`, `labels`, `a.b/c`. */
export function parseFieldPath(path: string): string[] {
  return [...path.matchAll(PART)].map(([, plain, quoted]) => plain ?? quoted ?? '')
}

function fieldAt(object: KubernetesObject, path: string): unknown {
  let value: unknown = object
  for (const part of parseFieldPath(path)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[part]
  }
  return value ?? undefined
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const text = JSON.stringify(value)
  return text.startsWith('{') || text.startsWith('[') ? undefined : text
}
