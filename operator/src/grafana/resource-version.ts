/** One version of a dashboard as Grafana's resources give it. */
import { DASHBOARD_GROUP } from '../dashboard/dashboard-resource.ts'
import { Fields } from '../forge/fields.ts'
import { ForgeError } from '../forge/forge-error.ts'
import { stringifyExact } from '../objects/exact-json.ts'
import { asRecord, isRecord } from '../render/tree.ts'
import type { JsonRecord } from '../render/tree.ts'
import type { DashboardPlace, DashboardVersion } from './grafana.ts'
import { MAX_NAME, takenFolder, takenMessage, takenTags, takenVersion } from './taken.ts'

/** Versions of the API that are stable: histories have no others. */
export type ResourceSchema = 'v1' | 'v2'

/** What is said of a version, without its content: of a dashboard that has not changed nothing more is wanted. */
export interface ResourceListing extends DashboardVersion {
  readonly revision: string
  /** Who saved it, as Grafana keeps it: `user:UID`; '' where it does not say. */
  readonly identity: string
  readonly message: string
  readonly place: DashboardPlace
  /** Its spec is not the dashboard: it is kept in another schema, and Grafana could not convert it. */
  readonly isUnconverted: boolean
}

export interface ResourceVersion extends ResourceListing {
  /** The resource as JSON, every number as it is spelt: what is a dashboard of it, and whether it could be converted. */
  readonly text: string
}

/** What an answer has to be of. */
export interface AskedResource {
  readonly uid: string
  readonly schema: ResourceSchema
}

const KIND = 'Dashboard'
const REVISION = /^[\w.-]{1,64}$/

/** @throws ForgeError `Malformed` for anything else than was asked for */
export function readResource(value: unknown, asked: AskedResource): ResourceVersion {
  const { metadata, spec, status } = asRecord(value)
  const apiVersion = apiVersionOf(asked)
  const text = { apiVersion, kind: KIND, metadata, spec, ...failedConversion(status) }
  return { ...readListing(value, asked), text: stringifyExact(text) }
}

/** As {@link readResource}, without its content. @throws ForgeError `Malformed` */
export function readListing(value: unknown, asked: AskedResource): ResourceListing {
  const { uid } = asked
  const apiVersion = apiVersionOf(asked)
  const fields = new Fields(value, 'resource')
  // What is in a list need not say what it is.
  if ((fields.text('kind') || KIND) !== KIND || (fields.text('apiVersion') || apiVersion) !== apiVersion)
    throw malformed(`a ${KIND} of ${apiVersion} was expected`)
  const metadata = fields.fields('metadata')
  if (metadata.text('name') !== uid) throw malformed(`dashboard ${uid} was asked for, and another one came`)
  const { spec, status } = asRecord(value)
  if (!isRecord(spec)) throw malformed(`dashboard ${uid} has no content`)
  const annotations = metadata.has('annotations') ? metadata.fields('annotations') : new Fields({}, 'annotations')
  const annotation = (name: string): string => annotations.text(`grafana.app/${name}`)
  const revision = metadata.text('resourceVersion')
  if (!REVISION.test(revision)) throw malformed('metadata.resourceVersion: a version was expected')
  const updated = annotation('updatedTimestamp')
  return {
    // Of the first version, and by older releases of each, only when it was made is said.
    ...takenVersion(metadata.number('generation'), updated === '' ? metadata.text('creationTimestamp') : updated, {
      version: 'resource.metadata.generation',
      time: updated === '' ? 'resource.metadata.creationTimestamp' : 'resource grafana.app/updatedTimestamp',
    }),
    revision,
    identity: takenIdentity(annotation('updatedBy') || annotation('createdBy')),
    message: takenMessage(annotation('message')),
    place: { folder: takenFolder(annotation('folder')), tags: takenTags(tagsIn(spec)) },
    isUnconverted: failedConversion(status) !== undefined,
  }
}

const apiVersionOf = ({ schema }: AskedResource): string => `${DASHBOARD_GROUP}/${schema}`
const malformed = (message: string): ForgeError => new ForgeError('Malformed', message)
const tagsIn = ({ tags }: JsonRecord): readonly unknown[] => (Array.isArray(tags) ? tags : [])
const takenIdentity = (identity: string): string => identity.replaceAll(/\p{Cc}+/gu, ' ').slice(0, MAX_NAME)

function failedConversion(status: unknown): { readonly status: object } | undefined {
  const { conversion } = asRecord(status)
  return asRecord(conversion)['failed'] === true ? { status: { conversion } } : undefined
}
