import { invalid, type Cause } from './errors.ts'
import { at, fieldsOf, isFields, listOf, textOf, type Fields } from './json.ts'
import type { CustomResource, Resource, ScalePaths } from './kinds.ts'
import type { KubeObject } from './object.ts'
import type { PrinterColumn } from './printer-column.ts'

/** Finalizer that keeps a CustomResourceDefinition until its instances are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'

const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

/** The resources that a CustomResourceDefinition serves, storage version first. */
export function customResources(definition: KubeObject): Resource[] {
  const spec = fieldsOf(definition['spec'])
  const names = fieldsOf(spec['names'])
  const versions = listOf(spec['versions']).filter(isFields)
  const group = textOf(spec['group'])
  const plural = textOf(names['plural'])
  const kind = textOf(names['kind'])
  return versions
    .filter((version) => version['served'] === true)
    .sort((a, b) => Number(b['storage'] === true) - Number(a['storage'] === true))
    .map((version) => {
      const scale = scaleOf(version)
      const selectable = listOf(version['selectableFields']).map((field) => textOf(at(field, 'jsonPath')).slice(1))
      return {
        group,
        version: textOf(version['name']),
        plural,
        singular: textOf(names['singular']) || kind.toLowerCase(),
        kind,
        listKind: textOf(names['listKind']) || `${kind}List`,
        namespaced: spec['scope'] === 'Namespaced',
        shortNames: listOf(names['shortNames']).map(textOf),
        categories: listOf(names['categories']).map(textOf),
        status: isFields(at(version, 'subresources', 'status')),
        ...(scale === undefined ? {} : { scale }),
        generation: true,
        selectable,
        storage: `${group}/${plural}`,
        review: false,
        custom: customOf(definition.metadata.name, version),
      }
    })
}

function customOf(definition: string, version: Fields): CustomResource {
  const columns = listOf(version['additionalPrinterColumns']) as PrinterColumn[]
  return {
    definition,
    schema: fieldsOf(at(version, 'schema', 'openAPIV3Schema')),
    columns: columns.length === 0 ? [AGE] : columns,
  }
}

function scaleOf(version: Fields): ScalePaths | undefined {
  const scale = at(version, 'subresources', 'scale')
  if (!isFields(scale)) return undefined
  const steps = (field: string): string[] => textOf(scale[field]).split('.').slice(1)
  return {
    spec: steps('specReplicasPath'),
    status: steps('statusReplicasPath'),
    ...(scale['labelSelectorPath'] === undefined ? {} : { selector: steps('labelSelectorPath') }),
  }
}

/** Refuses a CustomResourceDefinition that could not be served. Throws ApiError 422. */
export function checkDefinition(definition: KubeObject): void {
  const { name } = definition.metadata
  const spec = fieldsOf(definition['spec'])
  const names = fieldsOf(spec['names'])
  const causes: Cause[] = []
  const required = (field: string, value: unknown): void => {
    if (value === undefined || value === '')
      causes.push({ reason: 'FieldValueRequired', message: 'Required value', field })
  }
  required('spec.group', spec['group'])
  required('spec.names.plural', names['plural'])
  required('spec.names.kind', names['kind'])
  required('spec.scope', spec['scope'])
  const expected = `${textOf(names['plural'])}.${textOf(spec['group'])}`
  if (name !== expected) {
    const message = `Invalid value: ${JSON.stringify(name)}: must be spec.names.plural+"."+spec.group`
    causes.push({ reason: 'FieldValueInvalid', message, field: 'metadata.name' })
  }
  const versions = listOf(spec['versions'])
  if (versions.filter((version) => at(version, 'storage') === true).length !== 1) {
    const message = 'Invalid value: must have exactly one version marked as storage version'
    causes.push({ reason: 'FieldValueInvalid', message, field: 'spec.versions' })
  }
  for (const [index, version] of versions.entries()) {
    required(`spec.versions[${index}].name`, at(version, 'name'))
    required(`spec.versions[${index}].schema.openAPIV3Schema`, at(version, 'schema', 'openAPIV3Schema'))
  }
  if (causes.length > 0) throw invalid('CustomResourceDefinition', 'apiextensions.k8s.io', name, causes)
}

/** What the controllers of a real server add to an accepted definition. */
export function acceptDefinition(definition: KubeObject, now: string): KubeObject {
  const spec = fieldsOf(definition['spec'])
  const names = fieldsOf(spec['names'])
  const kind = textOf(names['kind'])
  const accepted = { singular: kind.toLowerCase(), listKind: `${kind}List`, ...names }
  const status = fieldsOf(definition['status'])
  const storage = listOf(spec['versions']).find((version) => at(version, 'storage') === true)
  const stored = new Set([...listOf(status['storedVersions']), at(storage, 'name')])
  const conditions = listOf(status['conditions'])
  return {
    ...definition,
    spec: { conversion: { strategy: 'None' }, ...spec, names: accepted },
    status: {
      ...status,
      conditions:
        conditions.length > 0
          ? conditions
          : [
              condition('NamesAccepted', 'NoConflicts', 'no conflicts found', now),
              condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted', now),
            ],
      acceptedNames: accepted,
      storedVersions: [...stored],
    },
  }
}

/** A definition whose deletion has been asked for: its instances go first. */
export function markDefinition(definition: KubeObject, now: string): KubeObject {
  const { finalizers = [] } = definition.metadata
  const status = fieldsOf(definition['status'])
  const pending = condition(
    'Terminating',
    'InstanceDeletionPending',
    'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    now,
  )
  return {
    ...definition,
    metadata: { ...definition.metadata, finalizers: [...new Set([...finalizers, CLEANUP_FINALIZER])] },
    status: { ...status, conditions: withCondition(listOf(status['conditions']), pending) },
  }
}

/** The definition while its instances are being deleted. */
export function terminatingDefinition(definition: KubeObject, now: string): KubeObject {
  const status = fieldsOf(definition['status'])
  const deleting = condition('Terminating', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress', now)
  return {
    ...definition,
    metadata: { ...definition.metadata },
    status: { ...status, conditions: withCondition(listOf(status['conditions']), deleting) },
  }
}

const withCondition = (conditions: readonly unknown[], next: Fields): unknown[] => [
  ...conditions.filter((other) => at(other, 'type') !== next['type']),
  next,
]

const condition = (type: string, reason: string, message: string, now: string): Fields => ({
  type,
  status: 'True',
  lastTransitionTime: now,
  reason,
  message,
})
