import type { GitSyncSpec } from '../api/gitsync.ts'
import type { GroupKind, KubernetesObject } from '../objects/object.ts'
import { DEFAULT_EXCLUSIONS } from './default-exclusions.ts'
import { matchesAny, matchesLabels } from './selection.ts'

/** What a GitSync leaves out of all that its `resources` select. */
export type Exclusions = Pick<GitSyncSpec, 'exclude' | 'defaultExclusions' | 'ignoreManagers'>

/** Whether an object is left out by `spec.exclude`. */
export function isExcluded(
  { exclude = [] }: Exclusions,
  { group, kind }: GroupKind,
  object: KubernetesObject,
): boolean {
  const { name, namespace = '', labels = {} } = object.metadata
  return exclude.some(
    (rule) =>
      matchesPart(rule.group, group) &&
      matchesPart(rule.kind, kind) &&
      (rule.names === undefined || matchesAny(rule.names, name)) &&
      (rule.namespaces === undefined || matchesAny(rule.namespaces.names, namespace)) &&
      matchesLabels(rule.labelSelector, labels),
  )
}

/** Whether everything of a kind is left out by `spec.exclude`, so that it need not be read. */
export function isKindExcluded({ exclude = [] }: Exclusions, { group, kind }: GroupKind): boolean {
  return exclude.some(
    (rule) =>
      matchesPart(rule.group, group) &&
      matchesPart(rule.kind, kind) &&
      rule.names === undefined &&
      rule.namespaces === undefined &&
      rule.labelSelector === undefined,
  )
}

/** What clusters and tools make by themselves, as the documentation calls it; undefined for other objects. */
export function clusterNoise({ group, kind }: GroupKind, object: KubernetesObject): string | undefined {
  return DEFAULT_EXCLUSIONS.find((rule) => rule.group === group && rule.kind === kind && rule.matches(object))?.shown
}

const matchesPart = (wanted: string | undefined, value: string): boolean =>
  wanted === undefined || wanted === '*' || wanted === value

/**
 * Whether the newest write of an object, status aside, is by one of these managers. Of writes in one second all must be: an
 * edit by somebody else in the same second counts.
 */
export function isLastWrittenBy({ ignoreManagers = [] }: Exclusions, { metadata }: KubernetesObject): boolean {
  if (ignoreManagers.length === 0) return false
  const writes = (metadata.managedFields ?? []).filter(
    ({ subresource, time }) => subresource !== 'status' && time !== undefined,
  )
  const newest = writes.reduce((latest, { time = '' }) => (time > latest ? time : latest), '')
  const last = writes.filter(({ time }) => time === newest)
  return last.length > 0 && last.every(({ manager = '' }) => matchesAny(ignoreManagers, manager))
}
