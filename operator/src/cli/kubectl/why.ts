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
  const check = (passed: boolean, yes: string, no: string): void => {
    checks.push({ passed, text: passed ? yes : no })
  }
  if (namespace !== undefined) {
    const names = selector.namespaces?.names ?? (selector.namespaces === undefined ? [home] : undefined)
    const list = names?.join(', ') ?? ''
    const [yes, no] = [`namespace ${namespace} is one of ${list}`, `namespace ${namespace} is none of ${list}`]
    if (names !== undefined) check(names.includes(namespace), yes, no)
  }
  if (labels[INTERNAL_LABEL] === 'true') {
    check(false, '', `it is the operator's own bookkeeping (label ${INTERNAL_LABEL})`)
  }
  if (selector.names !== undefined) {
    const list = selector.names.join(', ')
    const passed = selector.names.some((glob) => matchesGlob(glob, name))
    check(passed, `name ${name} is one of ${list}`, `name ${name} is none of ${list}`)
  }
  const { matchLabels = {}, matchExpressions = [] } = selector.labelSelector ?? {}
  for (const [key, value] of Object.entries(matchLabels)) {
    const passed = matchesLabels({ matchLabels: { [key]: value } }, labels)
    check(passed, `label ${key} is ${value}`, `label ${key} must be ${value} and is ${shown(labels, key)}`)
  }
  for (const expression of matchExpressions) {
    const { key, operator, values } = expression
    const wanted = `${operator}${values === undefined ? '' : ` ${values.join(', ')}`}`
    const passed = matchesLabels({ matchExpressions: [expression] }, labels)
    check(passed, `label ${key}: ${wanted}`, `label ${key} must be ${wanted} and is ${shown(labels, key)}`)
  }
  // Whatever else a selection may ask: the verdict is its own.
  if (checks.every(({ passed }) => passed) && !selects(selector, object)) {
    check(false, '', 'another condition of the entry does not hold')
  }
  return checks
}

const shown = (labels: Readonly<Record<string, string>>, key: string): string =>
  Object.hasOwn(labels, key) ? JSON.stringify(labels[key]) : 'not set'
