import { at, copyOf, fieldsOf, isFields, textOf, toNumber, type Fields } from './json.ts'
import type { ScalePaths } from './kinds.ts'
import type { KubeObject } from './object.ts'

/** The Scale that stands for an object. */
export function scaleOf(object: KubeObject, paths: ScalePaths): Fields {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = paths.selector === undefined ? undefined : selectorText(at(object, ...paths.selector))
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: at(object, ...paths.spec) ?? 0 },
    status: { replicas: at(object, ...paths.status) ?? 0, ...(selector === undefined ? {} : { selector }) },
  }
}

/** The object with the replicas, and the expected version, of a Scale. */
export function withScale(object: KubeObject, paths: ScalePaths, scale: Fields): KubeObject {
  const next = copyOf(object)
  let holder: Fields = next
  for (const step of paths.spec.slice(0, -1)) {
    const inner = fieldsOf(holder[step])
    holder[step] = inner
    holder = inner
  }
  holder[paths.spec.at(-1) ?? 'replicas'] = toNumber(at(scale, 'spec', 'replicas')) ?? 0
  const resourceVersion = textOf(at(scale, 'metadata', 'resourceVersion'))
  if (resourceVersion !== '') next.metadata.resourceVersion = resourceVersion
  return next
}

function selectorText(selector: unknown): string {
  if (typeof selector === 'string') return selector
  const labels = isFields(selector) && 'matchLabels' in selector ? selector['matchLabels'] : selector
  return Object.entries(fieldsOf(labels))
    .map(([key, value]) => `${key}=${textOf(value)}`)
    .join(',')
}
