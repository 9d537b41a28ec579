import type { ResourceSelector } from '../api/gitsync.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { matchesFields } from './field-selector.ts'

/** Marks the operator's own bookkeeping, which no selection ever matches. */
export const INTERNAL_LABEL = 'gitsync.dev/internal'

/** Whether an object of the right kind is selected. Namespaces are the caller's business: they decide what is watched. */
export function selects(selector: ResourceSelector, object: KubernetesObject): boolean {
  const { name, labels = {}, ownerReferences = [] } = object.metadata
  if (labels[INTERNAL_LABEL] === 'true') return false
  if (selector.names !== undefined && !matchesAny(selector.names, name)) return false
  const { owned = selector.kind === '*' ? 'Exclude' : 'Include' } = selector
  if (owned === 'Exclude' && ownerReferences.some(({ controller }) => controller === true)) return false
  return matchesLabels(selector.labelSelector, labels) && matchesFields(selector.fieldSelector, object)
}

export function matchesAny(globs: readonly string[], text: string): boolean {
  return globs.some((glob) => matchesGlob(glob, text))
}

/** `*` stands for any characters, also none. Linear in the product of the lengths, whatever the pattern. */
export function matchesGlob(glob: string, text: string): boolean {
  const parts = glob.split('*')
  if (parts.length === 1) return glob === text
  const [head = '', ...rest] = parts
  const tail = rest.pop() ?? ''
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false
  const end = text.length - tail.length
  let at = head.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** Label selectors as in the Kubernetes API conventions; an absent one matches everything. */
export function matchesLabels(
  selector: ResourceSelector['labelSelector'],
  labels: Readonly<Record<string, string>>,
): boolean {
  const wanted = Object.entries(selector?.matchLabels ?? {})
  const labelOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined)
  if (!wanted.every(([key, value]) => labelOf(key) === value)) return false
  return (selector?.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labelOf(key)
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value)
      case 'NotIn':
        return value === undefined || !values.includes(value)
      case 'Exists':
        return value !== undefined
      case 'DoesNotExist':
        return value === undefined
    }
  })
}
