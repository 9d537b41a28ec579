import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../objects/object.ts'
import type { KubeClient } from './client.ts'
import type { ApiResource } from './resource.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * Makes an object's status what is wanted: a JSON merge patch on the status subresource with the differences, and no
 * request when there are none. The patch names the uid, so that a namesake created meanwhile is left alone.
 * @param seen the object as last seen; its status is what is compared with
 * @returns the object as the server has it now; undefined when nothing was written
 * @throws KubeError; `Conflict` or `Invalid` when a namesake has replaced the object, `NotFound` when it is gone
 */
export async function writeStatus(
  client: KubeClient,
  resource: ApiResource,
  seen: KubernetesObject,
  wanted: Fields,
  signal?: AbortSignal,
): Promise<KubernetesObject | undefined> {
  const status = mergePatch(seen['status'], wanted)
  if (status === undefined) return undefined
  const { namespace, name, uid } = seen.metadata
  const patch = { ...(uid === undefined ? {} : { metadata: { uid } }), status }
  return client.mergePatch(resource, namespace, name, patch, { subresource: 'status', signal })
}

/**
 * The RFC 7396 patch that turns `from` into `to`; undefined when they are equal. Members of `to` that are undefined count as
 * absent; null cannot be written by a merge patch and means absent too.
 */
export function mergePatch(from: unknown, to: Fields): Fields | undefined {
  const before: Fields = isFields(from) ? from : {}
  const patch: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(to)) {
    const old = before[name]
    if (value === undefined || value === null) continue
    if (isFields(value)) {
      const inner = mergePatch(old, value)
      if (inner !== undefined) patch[name] = inner
      else if (!isFields(old)) patch[name] = {}
    } else if (!isDeepStrictEqual(value, old)) patch[name] = value
  }
  for (const name of Object.keys(before)) {
    if (to[name] === undefined || to[name] === null) patch[name] = null
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** The places that a merge patch changes, as JSON pointers (RFC 6901). */
export function pointersOf(patch: Fields, at = ''): string[] {
  return Object.entries(patch).flatMap(([key, value]) => {
    const here = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    return isFields(value) ? pointersOf(value, here) : [here]
  })
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
