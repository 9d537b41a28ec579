import type { ResourceSelector } from '../../api/gitsync.ts'
import { isSecretKind } from '../../controllers/known-resources.ts'
import type { ApiResource } from '../../kube/resource.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { clusterNoise, isExcluded, isLastWrittenBy } from '../../plan/exclusions.ts'
import type { Exclusions } from '../../plan/exclusions.ts'
import { matchesFields } from '../../plan/field-selector.ts'
import { INTERNAL_LABEL, matchesAny, matchesLabels, selects } from '../../plan/selection.ts'
import { isWithheld } from '../../plan/withheld-secrets.ts'

/** One question that selection asks, and its answer. */
export interface Check {
  readonly passed: boolean
  /** For people. */
  readonly text: string
}

/** What an entry of `spec.resources` is asked about. */
export interface Asked {
  readonly object: KubernetesObject
  readonly resource: Pick<ApiResource, 'group' | 'kind' | 'plural'>
  /** Namespace of the GitSync. */
  readonly home: string
  /** Namespaces that the entry means; undefined where nobody can tell. */
  readonly namespaces: ReadonlySet<string> | undefined
  readonly exclusions: Exclusions
}

/** Why one entry of `spec.resources` takes an object of its kind, or leaves it out: every question with its answer. */
export function checksOf(selector: ResourceSelector, asked: Asked): readonly Check[] {
  const { object } = asked
  const checks = [...ofEntry(selector, asked), ...ofExclusions(selector, asked)]
  // Whatever else a selection may ask: the verdict is its own.
  if (checks.every(({ passed }) => passed) && !selects(selector, object))
    checks.push({ passed: false, text: 'another condition of the entry does not hold' })
  return checks
}

const answer = (passed: boolean, yes: string, no: string): Check => ({ passed, text: passed ? yes : no })
const refusal = (text: string): Check => ({ passed: false, text })

/** What the entry itself asks. */
function* ofEntry(selector: ResourceSelector, { object, home, namespaces }: Asked): Generator<Check> {
  const { name, namespace, labels = {}, ownerReferences = [] } = object.metadata
  if (namespace !== undefined && selector.namespaces?.selector === undefined) {
    const names = selector.namespaces?.names ?? [home]
    const list = names.join(', ')
    const [yes, no] = [`namespace ${namespace} is one of ${list}`, `namespace ${namespace} is none of ${list}`]
    yield answer(names.includes(namespace), yes, no)
  } else if (namespace !== undefined && namespaces !== undefined) {
    const [yes, no] = [`namespace ${namespace} has`, `namespace ${namespace} does not have`]
    const what = 'the labels that namespaces.selector asks for'
    yield answer(namespaces.has(namespace), `${yes} ${what}`, `${no} ${what}`)
  }
  if (labels[INTERNAL_LABEL] === 'true') yield refusal(`it is the operator's own bookkeeping (label ${INTERNAL_LABEL})`)
  if (selector.names !== undefined) {
    const list = selector.names.join(', ')
    yield answer(matchesAny(selector.names, name), `name ${name} is one of ${list}`, `name ${name} is none of ${list}`)
  }
  const { matchLabels = {}, matchExpressions = [] } = selector.labelSelector ?? {}
  for (const [key, value] of Object.entries(matchLabels)) {
    const passed = matchesLabels({ matchLabels: { [key]: value } }, labels)
    yield answer(passed, `label ${key} is ${value}`, `label ${key} must be ${value} and is ${shown(labels, key)}`)
  }
  for (const expression of matchExpressions) {
    const { key } = expression
    const passed = matchesLabels({ matchExpressions: [expression] }, labels)
    const wanted = wantedBy(expression)
    yield answer(passed, `label ${key}: ${wanted}`, `label ${key} must be ${wanted} and is ${shown(labels, key)}`)
  }
  for (const field of selector.fieldSelector?.matchFields ?? []) {
    const passed = matchesFields({ matchFields: [field] }, object)
    const wanted = wantedBy(field)
    yield answer(passed, `field ${field.key}: ${wanted}`, `field ${field.key} must be ${wanted} (fieldSelector)`)
  }
  const owner = ownerReferences.find(({ controller }) => controller === true)
  const { owned = selector.kind === '*' ? 'Exclude' : 'Include' } = selector
  if (owner !== undefined && owned === 'Exclude') {
    const because = selector.owned === undefined ? 'the default with kind: "*"' : 'of the entry'
    yield refusal(`it belongs to ${owner.kind} ${owner.name} (owned: Exclude, ${because})`)
  }
}

/** What the GitSync leaves out of all that its entries take. */
function* ofExclusions(selector: ResourceSelector, { object, resource, exclusions }: Asked): Generator<Check> {
  const { exclude = [], ignoreManagers = [] } = exclusions
  const rule = exclude.findIndex((one) => isExcluded({ ...exclusions, exclude: [one] }, resource, object))
  if (exclude.length > 0)
    yield answer(rule < 0, 'no rule of spec.exclude leaves it out', `spec.exclude[${rule}] leaves it out`)
  const noise = exclusions.defaultExclusions ? clusterNoise(resource, object) : undefined
  if (noise !== undefined && selector.names?.includes(object.metadata.name) !== true)
    yield refusal(`spec.defaultExclusions leave it out (${noise.replaceAll('`', '')}): names may name it`)
  if (isSecretKind(resource)) {
    if (selector.kind !== 'Secret') yield refusal('Secrets are only written where an entry names kind: Secret')
    else if (isWithheld(object, selector.names))
      yield refusal('Secrets that are logins of this operator, or made by the cluster for its own use, are not written')
  }
  if (isLastWrittenBy(exclusions, object))
    yield refusal(`its last write is by a manager of spec.ignoreManagers (${ignoreManagers.join(', ')})`)
}

const wantedBy = ({
  operator,
  values,
}: {
  readonly operator: string
  readonly values?: readonly string[] | undefined
}) => `${operator}${values === undefined ? '' : ` ${values.join(', ')}`}`

const shown = (labels: Readonly<Record<string, string>>, key: string): string =>
  Object.hasOwn(labels, key) ? JSON.stringify(labels[key]) : 'not set'
