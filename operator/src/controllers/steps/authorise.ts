import PQueue from 'p-queue'
import { canReadAs } from '../../kube/access.ts'
import { isKubeError } from '../../kube/errors.ts'
import { groupKindKey } from '../../objects/object.ts'
import { isSecretKind, SERVICE_ACCOUNTS } from '../known-resources.ts'
import type { Reading } from '../source-set.ts'
import type { SourceRule } from '../source.ts'
import type { Problem, Reconciliation, SelectedKind } from '../step.ts'
import { findNamespaces } from './find-namespaces.ts'

/** Each question is two reviews (list and watch), so that 8 are under way at once. */
const QUESTIONS_AT_ONCE = 4
/** All of them are asked again every minute. */
const MAX_QUESTIONS = 8_192
/** Beyond so many namespaces it is asked first whether the account may read the kind in the whole cluster. */
const CLUSTER_FIRST = 4
/** Kinds and namespaces that a message names. */
const SHOWN = 3

/** One kind in one namespace, or in the cluster. */
interface Question {
  readonly resource: SelectedKind['resource']
  readonly namespace: string | undefined
}

/** One kind, and where it is wanted. */
interface Wanted {
  readonly resource: SelectedKind['resource']
  /** Undefined stands for the cluster. */
  readonly namespaces: Set<string | undefined>
  /** Whether an entry names it: otherwise only `kind: "*"` stands for it. */
  isNamed: boolean
}

/**
 * Asks for each kind and namespace whether the GitSync's service account may list and watch there. What it may not is not
 * read, and its files stay; the rest goes on.
 */
export async function authorise(run: Reconciliation): Promise<Problem | undefined> {
  const { client } = run.environment
  const { serviceAccountName, exclude, defaultExclusions, ignoreManagers } = run.gitsync.spec
  const { namespace: home = '' } = run.gitsync.metadata
  run.readings = []
  const namespacesOf = await findNamespaces(run)
  const wanted = new Map<string, Wanted>()
  for (const { selector, resource } of run.selected) {
    const entry = wanted.get(kindKey(resource)) ?? { resource, namespaces: new Set(), isNamed: false }
    for (const namespace of resource.namespaced ? namespacesOf(selector) : [undefined]) entry.namespaces.add(namespace)
    entry.isNamed ||= selector.kind !== '*'
    wanted.set(kindKey(resource), entry)
  }
  try {
    await client.get(SERVICE_ACCOUNTS, home, serviceAccountName)
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error
    return {
      reason: 'ServiceAccountNotFound',
      message: `spec.serviceAccountName: ServiceAccount ${serviceAccountName} does not exist in namespace ${home}`,
    }
  }
  const outOfReach = tellOutOfReach(run, wanted)
  const everywhere = await ask(run, wideQuestions(run, wanted))
  const questions = new Map<string, Question>()
  for (const [key, { resource, namespaces }] of wanted) {
    if (everywhere.has(questionKey({ resource, namespace: undefined })) && resource.namespaced) continue
    for (const namespace of namespaces) {
      const question = { resource, namespace }
      if (!outOfReach.has(key) || isInReach(run, question)) questions.set(questionKey(question), question)
    }
  }
  if (questions.size > MAX_QUESTIONS) {
    return {
      reason: 'InvalidSpec',
      message: `spec.resources: ${questions.size} pairs of kind and namespace, more than ${MAX_QUESTIONS}: let ${serviceAccountName} read in the whole cluster, name fewer namespaces or kinds, or divide them among several GitSyncs`,
    }
  }
  await askConsents(run, questions)
  const allowed = await ask(run, questions)
  const mayRead = (question: Question): boolean =>
    allowed.has(questionKey(question)) ||
    (question.resource.namespaced && everywhere.has(questionKey({ ...question, namespace: undefined })))
  const isRefused = (key: string): boolean => questions.has(key) && !allowed.has(key)
  tellForbidden(run, wanted, (question) => isRefused(questionKey(question)))

  const readings = new Map<string, { resource: SelectedKind['resource']; rules: SourceRule[]; isByWildcard: boolean }>()
  for (const { selector, resource } of run.selected) {
    const chosen = resource.namespaced ? namespacesOf(selector) : [undefined]
    const readable = chosen.filter((namespace) => mayRead({ resource, namespace }))
    // Namespaces that match come and go: what is read of the others must not be read anew.
    const isLasting = resource.namespaced && selector.namespaces?.selector !== undefined && selector.kind !== '*'
    if (readable.length === 0 && !isLasting) continue
    const reading = readings.get(kindKey(resource)) ?? { resource, rules: [], isByWildcard: true }
    const namespaces = new Set(readable.filter((namespace) => namespace !== undefined))
    reading.rules.push({ selector, namespaces: resource.namespaced ? namespaces : undefined })
    reading.isByWildcard &&= selector.kind === '*'
    readings.set(kindKey(resource), reading)
  }
  const exclusions = { exclude, defaultExclusions, ignoreManagers }
  run.readings = [...readings.values()].map((reading) => ({ ...reading, exclusions })) satisfies Reading[]
  return undefined
}

/** Of Secrets only namespaces that have given their consent are asked about; the others are not read, whoever may read them. */
async function askConsents(run: Reconciliation, questions: Map<string, Question>): Promise<void> {
  for (const [key, { resource, namespace }] of questions) {
    if (!isSecretKind(resource)) continue
    const refusal = namespace === undefined ? 'name the namespaces' : await run.environment.consents.refusal(namespace)
    if (refusal === undefined) continue
    questions.delete(key)
    run.problems.push({ reason: 'Forbidden', message: `Secrets are not read: ${refusal}; their files stay` })
  }
}

/** Says what no Role can let this operator read. @returns the kinds concerned */
function tellOutOfReach(run: Reconciliation, wanted: ReadonlyMap<string, Wanted>): ReadonlySet<string> {
  const concerned = new Set<string>()
  const unnamed: string[] = []
  for (const [key, { resource, namespaces, isNamed }] of wanted) {
    for (const namespace of namespaces) {
      if (isInReach(run, { resource, namespace })) continue
      if (!isNamed && !concerned.has(key)) unnamed.push(groupKindKey(resource))
      concerned.add(key)
      if (!isNamed) continue
      const where = namespace === undefined ? 'outside namespaces' : `in namespace ${namespace}`
      run.problems.push({
        reason: 'Forbidden',
        message: `${groupKindKey(resource)} ${where} is not read by this operator, which has Roles in ${run.environment.namespaces?.join(', ')} only; its files stay`,
      })
    }
  }
  if (unnamed.length > 0) {
    run.leftOut.push(
      `this operator has Roles in ${run.environment.namespaces?.join(', ')} only, and does not read ${someOf(unnamed)}`,
    )
  }
  return concerned
}

/** Says what the account may not read: for each kind that is named, and at once for all that `kind: "*"` stands for. */
function tellForbidden(
  run: Reconciliation,
  wanted: ReadonlyMap<string, Wanted>,
  isForbidden: (question: Question) => boolean,
): void {
  const { serviceAccountName: account } = run.gitsync.spec
  const unnamed: string[] = []
  let unnamedKinds = 0
  let isSomethingRead = false
  for (const { resource, namespaces, isNamed } of wanted.values()) {
    const refused = [...namespaces].filter((namespace) => isForbidden({ resource, namespace }))
    if (!isNamed) {
      unnamedKinds++
      isSomethingRead ||= refused.length < namespaces.size
      const part = refused.length === namespaces.size ? '' : ` (in ${refused.length} of ${namespaces.size} namespaces)`
      if (refused.length > 0) unnamed.push(`${groupKindKey(resource)}${part}`)
      continue
    }
    const what = `ServiceAccount ${account} may not list and watch ${groupKindKey(resource)}`
    const why = `(resource ${resource.plural}, group "${resource.group}"); its files stay`
    const isMany = refused.length > SHOWN
    const places = isMany
      ? [`in ${refused.length} namespaces: ${someOf(refused.map(String))}`]
      : refused.map((namespace) => (namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`))
    for (const place of places) run.problems.push({ reason: 'Forbidden', message: `${what} ${place} ${why}` })
  }
  if (unnamed.length === 0) return
  const message = `ServiceAccount ${account} may not list and watch ${unnamed.length} of ${unnamedKinds} kinds that kind: "*" stands for: ${someOf(unnamed)}`
  // Of some it is usual; one that gives nothing at all is a mistake.
  if (isSomethingRead) run.leftOut.push(message)
  else run.problems.push({ reason: 'Forbidden', message: `${message}; their files stay` })
}

function someOf(names: readonly string[]): string {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''
  return names.slice(0, SHOWN).join(', ') + more
}

/** Kinds that are wanted in so many namespaces that one question for the cluster is worth the try. */
function wideQuestions({ environment }: Reconciliation, wanted: ReadonlyMap<string, Wanted>): Map<string, Question> {
  const questions = new Map<string, Question>()
  if (environment.rolesOnly) return questions
  for (const { resource, namespaces } of wanted.values()) {
    const question = { resource, namespace: undefined }
    // Secrets are read where the namespace consents, never in the cluster.
    if (resource.namespaced && !isSecretKind(resource) && namespaces.size > CLUSTER_FIRST)
      questions.set(questionKey(question), question)
  }
  return questions
}

/** @returns keys of the questions whose answer is yes */
async function ask(
  { environment, gitsync }: Reconciliation,
  questions: ReadonlyMap<string, Question>,
): Promise<ReadonlySet<string>> {
  const account = { namespace: gitsync.metadata.namespace ?? '', serviceAccount: gitsync.spec.serviceAccountName }
  const queue = new PQueue({ concurrency: QUESTIONS_AT_ONCE })
  const allowed = new Set<string>()
  try {
    await queue.addAll(
      [...questions].map(([key, { resource, namespace }]) => async () => {
        const access = await canReadAs(environment.client, account, resource, namespace, {
          local: environment.rolesOnly,
        })
        if (access.allowed) allowed.add(key)
      }),
    )
  } finally {
    // One question without an answer ends the reconcile: the rest need not be asked.
    queue.clear()
  }
  return allowed
}

/** Whether a Role can let this operator read it. */
function isInReach({ environment }: Reconciliation, { namespace }: Question): boolean {
  const { rolesOnly, namespaces = [] } = environment
  return !rolesOnly || (namespace !== undefined && namespaces.includes(namespace))
}

const kindKey = ({ group, version, plural }: SelectedKind['resource']): string =>
  JSON.stringify([group, version, plural])

const questionKey = ({ resource: { group, version, plural }, namespace }: Question): string =>
  JSON.stringify([group, version, plural, namespace])
