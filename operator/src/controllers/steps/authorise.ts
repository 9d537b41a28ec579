import PQueue from 'p-queue'
import { canReadAs } from '../../kube/access.ts'
import { isKubeError } from '../../kube/errors.ts'
import { groupKindKey } from '../../objects/object.ts'
import { isSecretKind, SERVICE_ACCOUNTS } from '../known-resources.ts'
import type { Reading } from '../runtime.ts'
import type { SourceRule } from '../source.ts'
import type { Problem, Reconciliation, SelectedKind } from '../step.ts'

/** Each question is two reviews (list and watch), so that 8 are under way at once. */
const QUESTIONS_AT_ONCE = 4
/** All of them are asked again every minute. */
const MAX_QUESTIONS = 512

/** One kind in one namespace, or in the cluster. */
interface Question {
  readonly resource: SelectedKind['resource']
  readonly namespace: string | undefined
}

/**
 * Asks for each kind and namespace whether the GitSync's service account may list and watch there. What it may not is not
 * read, and its files stay; the rest goes on.
 */
export async function authorise(run: Reconciliation): Promise<Problem | undefined> {
  const { client } = run.environment
  const { serviceAccountName } = run.gitsync.spec
  const { namespace: home = '' } = run.gitsync.metadata
  run.readings = []
  const questions = new Map<string, Question>()
  for (const { selector, resource } of run.selected) {
    for (const namespace of namespacesOf(selector.namespaces?.names, resource.namespaced, home))
      questions.set(questionKey({ resource, namespace }), { resource, namespace })
  }
  if (questions.size > MAX_QUESTIONS) {
    return {
      reason: 'InvalidSpec',
      message: `spec.resources: ${questions.size} pairs of kind and namespace, more than ${MAX_QUESTIONS}: name fewer namespaces or kinds, or divide them among several GitSyncs`,
    }
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
  for (const [key, question] of questions) {
    if (isInReach(run, question)) continue
    questions.delete(key)
    const where = question.namespace === undefined ? 'outside namespaces' : `in namespace ${question.namespace}`
    run.problems.push({
      reason: 'Forbidden',
      message: `${groupKindKey(question.resource)} ${where} is not read by this operator, which has Roles in ${run.environment.namespaces?.join(', ')} only; its files stay`,
    })
  }
  await askConsents(run, questions)
  const allowed = await ask(run, questions)
  for (const [key, { resource, namespace }] of questions) {
    if (allowed.has(key)) continue
    const where = namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`
    run.problems.push({
      reason: 'Forbidden',
      message: `ServiceAccount ${serviceAccountName} may not list and watch ${groupKindKey(resource)} ${where} (resource ${resource.plural}, group "${resource.group}"); its files stay`,
    })
  }
  const rules = new Map<string, { readonly resource: SelectedKind['resource']; readonly rules: SourceRule[] }>()
  for (const { selector, resource } of run.selected) {
    const readable = namespacesOf(selector.namespaces?.names, resource.namespaced, home).filter((namespace) =>
      allowed.has(questionKey({ resource, namespace })),
    )
    if (readable.length === 0) continue
    const key = JSON.stringify([resource.group, resource.version, resource.plural])
    const reading = rules.get(key) ?? { resource, rules: [] }
    const namespaces = new Set(readable.filter((namespace) => namespace !== undefined))
    reading.rules.push({ selector, namespaces: resource.namespaced ? namespaces : undefined })
    rules.set(key, reading)
  }
  run.readings = [...rules.values()] satisfies Reading[]
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

function questionKey({ resource: { group, version, plural }, namespace }: Question): string {
  return JSON.stringify([group, version, plural, namespace])
}

function namespacesOf(
  names: readonly string[] | undefined,
  namespaced: boolean,
  home: string,
): readonly (string | undefined)[] {
  if (!namespaced) return [undefined]
  return names ?? [home]
}
