import { isKubeError } from '../../kube/errors.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { readMapping } from '../../plan/authors/mapping.ts'
import { AUTHOR_SOURCES } from '../../plan/authors/source.ts'
import { CREDENTIAL_LABEL } from '../../push/credentials.ts'
import { CONFIGMAPS, SECRETS } from '../known-resources.ts'
import type { Problem, Reconciliation } from '../step.ts'

/** A ConfigMap consents by this label to have its values written to Git as names. */
const AUTHORS_LABEL = 'gitsync.dev/authors'
/** Shorter ones can be guessed. */
const MIN_KEY_BYTES = 16

/** How authors are to be named. What is asked for and missing stops writing: a commit cannot be renamed afterwards. */
export async function readAuthors(run: Reconciliation): Promise<Problem | undefined> {
  const { authors } = run.gitsync.spec
  if (authors === undefined) return undefined
  const { sources = AUTHOR_SOURCES, nameTemplate, emailTemplate, mappingRef, pseudonyms } = authors
  const { client } = run.environment
  const { namespace } = run.gitsync.metadata
  const naming = { nameTemplate, emailTemplate }
  let people
  if (mappingRef !== undefined) {
    const found = await orMissing(client.get(CONFIGMAPS, namespace, mappingRef.name))
    const field = `spec.authors.mappingRef: ConfigMap ${mappingRef.name}`
    if (found === undefined) return { reason: 'MappingNotUsable', message: `${field} does not exist in ${namespace}` }
    if (found.metadata.labels?.[AUTHORS_LABEL] !== 'true')
      return { reason: 'MappingNotUsable', message: `${field} lacks the label ${AUTHORS_LABEL}: "true"` }
    const { people: read, problem } = readMapping((found['data'] ?? {}) as Readonly<Record<string, unknown>>)
    if (problem !== undefined) return { reason: 'MappingNotUsable', message: `${field}: ${problem}` }
    people = read
  }
  let pseudonymKey
  if (pseudonyms !== undefined) {
    const { name } = pseudonyms.secretRef
    const found = await orMissing(client.get(SECRETS, namespace, name))
    const field = `spec.authors.pseudonyms.secretRef: Secret ${name}`
    if (found === undefined) return { reason: 'SecretNotFound', message: `${field} does not exist in ${namespace}` }
    if (found.metadata.labels?.[CREDENTIAL_LABEL] !== 'true')
      return { reason: 'SecretNotConsenting', message: `${field} lacks the label ${CREDENTIAL_LABEL}: "true"` }
    const { key } = (found['data'] ?? {}) as Readonly<Record<string, unknown>>
    pseudonymKey = Buffer.from(typeof key === 'string' ? key : '', 'base64')
    if (pseudonymKey.length < MIN_KEY_BYTES)
      return {
        reason: 'InvalidSecret',
        message: `${field} needs the key named key with at least ${MIN_KEY_BYTES} bytes`,
      }
  }
  run.authors = { sources: new Set(sources), naming: { ...naming, people, pseudonymKey } }
  return undefined
}

async function orMissing(asked: Promise<KubernetesObject>): Promise<KubernetesObject | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return undefined
    throw error
  }
}
