import type { Cause } from './errors.ts'
import { at, isEqual } from './json.ts'
import type { KubeObject } from './object.ts'

const IMMUTABLE: Record<string, readonly string[]> = {
  Deployment: ['spec.selector'],
  ReplicaSet: ['spec.selector'],
  DaemonSet: ['spec.selector'],
  StatefulSet: ['spec.selector', 'spec.serviceName', 'spec.podManagementPolicy'],
  Job: ['spec.selector', 'spec.completionMode'],
  Secret: ['type'],
  RoleBinding: ['roleRef'],
  ClusterRoleBinding: ['roleRef'],
  StorageClass: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'],
  PriorityClass: ['value', 'preemptionPolicy'],
  Service: ['spec.clusterIP'],
  CustomResourceDefinition: ['spec.group', 'spec.names.plural', 'spec.names.kind', 'spec.scope'],
}

const CONTENT = ['data', 'binaryData', 'immutable']

/** Changes that the kind does not allow after creation. */
export function checkImmutable(previous: KubeObject, next: KubeObject): Cause[] {
  const isFrozen = previous['immutable'] === true
  const fields = [...(IMMUTABLE[next.kind] ?? []), ...(isFrozen ? CONTENT : [])]
  return fields
    .filter((field) => !isEqual(at(previous, ...field.split('.')), at(next, ...field.split('.'))))
    .map((field) => ({
      reason: isFrozen ? 'FieldValueForbidden' : 'FieldValueInvalid',
      message: isFrozen
        ? 'Forbidden: field is immutable when `immutable` is set'
        : `Invalid value: ${JSON.stringify(at(next, ...field.split('.')) ?? null)}: field is immutable`,
      field,
    }))
}
