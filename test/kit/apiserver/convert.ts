import { at, fieldsOf, listOf, type Fields } from './json.ts'
import { apiVersionOf, type Resource } from './kinds.ts'
import type { KubeObject } from './object.ts'
import type { Stored } from './store.ts'

/** The object in the version of `resource`. Custom kinds change their apiVersion only. */
export function convert(object: KubeObject, resource: Resource): KubeObject {
  const apiVersion = apiVersionOf(resource)
  if (object.apiVersion === apiVersion) return object
  const convertFields = CONVERSIONS[`${apiVersion}/${resource.kind}`]
  const {
    apiVersion: _,
    kind: __,
    metadata: ___,
    ...content
  } = convertFields === undefined ? object : convertFields(object)
  return { apiVersion, kind: resource.kind, metadata: object.metadata, ...content }
}

/** The object's JSON in the version of `resource`, encoded once. */
export function encode(stored: Stored, resource: Resource): string {
  const apiVersion = apiVersionOf(resource)
  let text = stored.encodings.get(apiVersion)
  if (text === undefined) {
    text = JSON.stringify(convert(stored.object, resource))
    stored.encodings.set(apiVersion, text)
  }
  return text
}

/** The object's JSON as an item of a list: the real server leaves the type out of builtin kinds' items. */
export function encodeItem(stored: Stored, resource: Resource): string {
  const text = encode(stored, resource)
  if (resource.custom !== undefined) return text
  const head = `{"apiVersion":${JSON.stringify(apiVersionOf(resource))},"kind":${JSON.stringify(resource.kind)},`
  return text.startsWith(head) ? `{${text.slice(head.length)}` : text
}

const CONVERSIONS: Record<string, (object: KubeObject) => Fields> = {
  'v1/Event': ({
    regarding,
    note,
    reportingController,
    reportingInstance,
    deprecatedSource,
    deprecatedCount,
    ...rest
  }) => {
    const { deprecatedFirstTimestamp, deprecatedLastTimestamp, ...event } = rest
    return {
      ...event,
      involvedObject: regarding,
      message: note,
      source: deprecatedSource ?? { component: reportingController },
      count: deprecatedCount,
      firstTimestamp: deprecatedFirstTimestamp ?? null,
      lastTimestamp: deprecatedLastTimestamp ?? null,
      reportingComponent: reportingController,
      reportingInstance,
    }
  },
  'events.k8s.io/v1/Event': ({ involvedObject, message, source, count, firstTimestamp, lastTimestamp, ...rest }) => {
    const { reportingComponent, ...event } = rest
    return {
      ...event,
      eventTime: event['eventTime'] ?? null,
      regarding: involvedObject,
      note: message,
      deprecatedSource: source,
      deprecatedCount: count,
      deprecatedFirstTimestamp: firstTimestamp,
      deprecatedLastTimestamp: lastTimestamp,
      reportingController: reportingComponent,
    }
  },
  'autoscaling/v2/HorizontalPodAutoscaler': (object) => {
    const { targetCPUUtilizationPercentage: percent, ...spec } = fieldsOf(object['spec'])
    const target = { type: 'Utilization', averageUtilization: percent }
    const metrics = percent === undefined ? undefined : [{ type: 'Resource', resource: { name: 'cpu', target } }]
    return { ...object, spec: metrics === undefined ? spec : { ...spec, metrics } }
  },
  'autoscaling/v1/HorizontalPodAutoscaler': (object) => {
    const { metrics, ...spec } = fieldsOf(object['spec'])
    const cpu = listOf(metrics).find((metric) => at(metric, 'resource', 'name') === 'cpu')
    const percent = at(cpu, 'resource', 'target', 'averageUtilization')
    return { ...object, spec: percent === undefined ? spec : { ...spec, targetCPUUtilizationPercentage: percent } }
  },
}
