/** One version of a dashboard as Grafana's resources give it. */
import { Fields } from '../forge/fields.ts'
import { ForgeError } from '../forge/forge-error.ts'
import { stringifyExact } from '../objects/exact-json.ts'
import { asRecord, isRecord } from '../render/tree.ts'
import type { JsonRecord } from '../render/tree.ts'
import type { DashboardPlace, DashboardVersion } from './grafana.ts'
import { MAX_NAME, takenFolder, takenMessage, takenTags, takenVersion } from './taken.ts'

/** Versions of the API that are stable: histories have no others. */
export type ResourceSchema = 'v1' | 'v2'

export const GROUP = 'dashboard.grafana.app'

export interface ResourceVersion extends DashboardVersion {
  readonly revision: string
  /** Who saved it, as Grafana keeps it: `user:UID`; '' where it does not say. */
  readonly identity: string
  readonly message: string
  /** The resource as JSON, every number as it is spelt: what is a dashboard of it, and whether it could be converted. */
  readonly text: string
  readonly place: DashboardPlace
  /** Its spec is not the dashboard: it is kept in another schema, and Grafana could not convert it. */
  readonly isUnconverted: boolean
}

const KIND = 'Dashboard'
const REVISION = /^[\w.-]{1,64}$/

/** @param asked what it must be. @throws ForgeError `Malformed` for anything else */
export function readResource(
  value: unknown,
  { uid, schema }: { readonly uid: string; readonly schema: ResourceSchema },
): ResourceVersion {
  const apiVersion = `${GROUP}/${schema}`
  const fields = new Fields(value, 'resource')
  // What is in a list need not say what it is.
  if ((fields.text('kind') || KIND) !== KIND || (fields.text('apiVersion') || apiVersion) !== apiVersion)
    throw malformed(`a ${KIND} of ${apiVersion} was expected`)
  const metadata = fields.fields('metadata')
  if (metadata.text('name') !== uid) throw malformed(`dashboard ${uid} was asked for, and another one came`)
  const { metadata: kept, spec, status } = asRecord(value)
  if (!isRecord(kept) || !isRecord(spec)) throw malformed(`dashboard ${uid} has no content`)
  const annotations = metadata.has('annotations') ? metadata.fields('annotations') : new Fields({}, 'annotations')
  const annotation = (name: string): string => annotations.text(`grafana.app/${name}`)
  const revision = metadata.text('resourceVersion')
  if (!REVISION.test(revision)) throw malformed('metadata.resourceVersion: a version was expected')
  const updated = annotation('updatedTimestamp')
  const conversion = failedConversion(status)
  return {
    // Of the first version, and by older releases of each, only when it was made is said.
    ...takenVersion(metadata.number('generation'), updated === '' ? metadata.text('creationTimestamp') : updated, {
      version: 'resource.metadata.generation',
      time: updated === '' ? 'resource.metadata.creationTimestamp' : 'resource grafana.app/updatedTimestamp',
    }),
    revision,
    identity: takenIdentity(annotation('updatedBy') || annotation('createdBy')),
    message: takenMessage(annotation('message')),
    text: stringifyExact({ apiVersion, kind: KIND, metadata: kept, spec, ...conversion }),
    place: { folder: takenFolder(annotation('folder')), tags: takenTags(tagsIn(spec)) },
    isUnconverted: conversion !== undefined,
  }
}

const malformed = (message: string): ForgeError => new ForgeError('Malformed', message)
const tagsIn = ({ tags }: JsonRecord): readonly unknown[] => (Array.isArray(tags) ? tags : [])
const takenIdentity = (identity: string): string => identity.replaceAll(/\p{Cc}+/gu, ' ').slice(0, MAX_NAME)

function failedConversion(status: unknown): { readonly status: object } | undefined {
  const { conversion } = asRecord(status)
  return asRecord(conversion)['failed'] === true ? { status: { conversion } } : undefined
}
