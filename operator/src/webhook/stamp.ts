/** What the admission policy of the chart does, for clusters that do not serve such policies. */
import { isDeepStrictEqual } from 'node:util'
import { STAMP_ANNOTATION, stampText } from '../plan/authors/stamp.ts'
import { readUser } from '../plan/authors/user.ts'
import type { ExtraKeys, UserInfo } from '../plan/authors/user.ts'

type Fields = Readonly<Record<string, unknown>>

/** `request` of an AdmissionReview (admission.k8s.io/v1). */
export interface AdmissionRequest {
  readonly uid: string
  readonly operation: string
  readonly subResource?: string
  readonly dryRun?: boolean
  readonly userInfo?: UserInfo
  readonly object?: Fields | null
  readonly oldObject?: Fields | null
}

export interface PatchOperation {
  readonly op: 'add' | 'remove'
  readonly path: string
  readonly value?: unknown
}

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
const metadataOf = (object: Fields): Fields => fields(object['metadata'])
const annotationsOf = (object: Fields): Fields => fields(metadataOf(object)['annotations'])

/** Stamps the object with who wrote it; the stamp stays when nothing but status or the stamp itself would change. */
export function stampPatch(
  { object, oldObject, subResource = '', userInfo = {} }: AdmissionRequest,
  extra: ExtraKeys,
): PatchOperation[] {
  if (object === undefined || object === null) return []
  const before = oldObject ?? undefined
  const previous = before === undefined ? undefined : annotationsOf(before)[STAMP_ANNOTATION]
  const keeps = subResource !== '' || (before !== undefined && isSame(object, before))
  const { resourceVersion } = before === undefined ? { resourceVersion: '0' } : metadataOf(before)
  const replaced = typeof resourceVersion === 'string' ? resourceVersion : ''
  const stamp = keeps ? previous : stampText({ user: readUser(userInfo, extra) ?? { name: '' }, replaced })
  const path = `/metadata/annotations/${STAMP_ANNOTATION.replaceAll('/', '~1')}`
  const { annotations } = metadataOf(object)
  const now = annotationsOf(object)[STAMP_ANNOTATION]
  if (stamp === undefined) return now === undefined ? [] : [{ op: 'remove', path }]
  if (stamp === now) return []
  if (annotations === undefined || annotations === null)
    return [{ op: 'add', path: '/metadata/annotations', value: { [STAMP_ANNOTATION]: stamp } }]
  return [{ op: 'add', path, value: stamp }]
}

function isSame(object: Fields, before: Fields): boolean {
  const content = ({ metadata: _metadata, status: _status, ...rest }: Fields): Fields => rest
  const written = (from: Fields): unknown => {
    const { labels, finalizers } = metadataOf(from)
    const { [STAMP_ANNOTATION]: _stamp, ...annotations } = annotationsOf(from)
    return [content(from), labels ?? {}, finalizers ?? [], annotations]
  }
  return isDeepStrictEqual(written(object), written(before))
}
