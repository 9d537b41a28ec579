import type { ResourceSelector } from '../../api/gitsync.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { INTERNAL_LABEL, matchesGlob, matchesLabels, selects } from '../../plan/selection.ts'

/** One question that selection asks, and its answer. */
export interface Check {
  readonly passed: boolean
  /** For people. */
  readonly text: string
}

/**
 * Why one entry of `spec.resources` takes an object of its kind, or leaves it out: every question with its answer.
 * @param home namespace of the GitSync
 */
export function checksOf(selector: ResourceSelector, object: KubernetesObject, home: string): readonly Check[] {
  const { name, namespace, labels = {} } = object.metadata
  const checks: Check[] = []
  if (namespace !== undefined) {
    const names = selector.namespaces?.names ?? (selector.namespaces === undefined ? [home] : undefined)
    if (names !== undefined)
      checks.push({ passed: names.includes(namespace), text: `namespace ${namespace} is one of ${names.join(', ')}` })
  }
  if (labels[INTERNAL_LABEL] === 'true') {
    checks.push({ passed: false, text: `it is the operator's own bookkeeping (label ${INTERNAL_LABEL})` })
  }
  if (selector.names !== undefined) {
    const passed = selector.names.some((glob) => matchesGlob(glob, name))
    checks.push({ passed, text: `name ${name} is one of ${selector.names.join(', ')}` })
  }
  const { matchLabels = {}, matchExpressions = [] } = selector.labelSelector ?? {}
  for (const [key, value] of Object.entries(matchLabels)) {
    const passed = matchesLabels({ matchLabels: { [key]: value } }, labels)
    checks.push({ passed, text: `label ${key} is ${value}${passed ? '' : ` (it is ${shown(labels, key)})`}` })
  }
  for (const expression of matchExpressions) {
    const passed = matchesLabels({ matchExpressions: [expression] }, labels)
    const values = expression.values === undefined ? '' : ` ${expression.values.join(', ')}`
    const is = passed ? '' : ` (it is ${shown(labels, expression.key)})`
    checks.push({ passed, text: `label ${expression.key} ${expression.operator}${values}${is}` })
  }
  // Whatever else a selection may ask: the verdict is its own.
  if (checks.every(({ passed }) => passed) && !selects(selector, object)) {
    checks.push({ passed: false, text: 'another condition of the entry' })
  }
  return checks
}

const shown = (labels: Readonly<Record<string, string>>, key: string): string =>
  Object.hasOwn(labels, key) ? JSON.stringify(labels[key]) : 'not set'
