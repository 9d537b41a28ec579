import { parseExact } from '../objects/exact-json.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { asObject } from './answer.ts'
import { errorFromStatus, KubeError } from './errors.ts'

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubernetesObject; readonly version: string }
  /** `initialEnd`: every object of a streaming list has been sent (KEP-3157). */
  | { readonly type: 'BOOKMARK'; readonly version: string; readonly initialEnd: boolean }
  | { readonly type: 'ERROR'; readonly error: KubeError }

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/**
 * Reads one line of a watch.
 * @param what names the watch in errors
 * @throws KubeError `Malformed`
 */
export function parseWatchEvent(line: string, what: string): WatchEvent {
  let event: { type?: unknown; object?: unknown } | null
  try {
    event = parseExact(line) as typeof event
  } catch {
    throw new KubeError('Malformed', `${what}: a line is not JSON`)
  }
  const type = event?.type
  if (type === 'ERROR') return { type, error: errorFromStatus(what, 0, event?.object) }
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED' && type !== 'BOOKMARK') {
    throw new KubeError('Malformed', `${what}: an event of unknown type`)
  }
  const object = asObject(event?.object, what)
  const { resourceVersion: version, name, annotations } = object.metadata
  if (typeof version !== 'string' || version === '') throw new KubeError('Malformed', `${what}: no resourceVersion`)
  if (type === 'BOOKMARK') return { type, version, initialEnd: annotations?.[INITIAL_EVENTS_END] === 'true' }
  if (typeof name !== 'string' || name === '') throw new KubeError('Malformed', `${what}: an object without a name`)
  return { type, object, version }
}
