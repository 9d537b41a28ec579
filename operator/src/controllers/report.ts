import { setConditions } from '../api/conditions.ts'
import type { Condition, ConditionState } from '../api/conditions.ts'
import type { GitSyncStatus } from '../api/gitsync.ts'
import { REASONS } from '../api/reasons.ts'
import type { KubernetesObject } from '../objects/object.ts'
import type { MemberStatus } from '../push/member-status.ts'
import { commitPage } from '../plan/commit-page.ts'
import { counted } from './counted.ts'
import { toldRequests } from './pull-requests.ts'
import type { Runtime } from './runtime.ts'
import type { Problem } from './step.ts'

/** Folds what is known into conditions: Ready always, Reconciling and Stalled while they are true. */
export function toConditions(
  problems: readonly Problem[],
  member: MemberStatus | undefined,
  leftOut: readonly string[] = [],
): ConditionState[] {
  if (leftOut.length > 0) {
    const incomplete: ConditionState = {
      type: 'Incomplete',
      status: 'True',
      reason: 'LeftOut',
      message: `${leftOut.join('; ')}; their files stay. ${REASONS.LeftOut.remedy}`,
    }
    return [...toConditions(problems, member), incomplete].map((state) =>
      state.type === 'Ready' && state.status === 'True'
        ? { ...state, message: `${state.message}; some kinds are left out, see condition Incomplete` }
        : state,
    )
  }
  const [first] = problems
  if (first === undefined) {
    if (member?.healthy === true) {
      return [{ type: 'Ready', status: 'True', reason: 'Succeeded', message: inStep(member) }]
    }
    const message =
      member === undefined
        ? 'starting'
        : `${counted(member.files, 'object is', 'objects are')} read and compared with the folder`
    return [
      { type: 'Ready', status: 'Unknown', reason: 'Progressing', message },
      { type: 'Reconciling', status: 'True', reason: 'Progressing', message },
    ]
  }
  const message = inWords(problems)
  const { reason } = first
  const states: ConditionState[] = [{ type: 'Ready', status: 'False', reason, message }]
  for (const [type, outcomes] of [
    ['Stalled', ['stall']],
    ['Reconciling', ['retry', 'progress']],
  ] as const) {
    const found = problems.find((problem) => outcomes.some((outcome) => REASONS[problem.reason].outcome === outcome))
    if (found !== undefined) states.push({ type, status: 'True', reason: found.reason, message: inWords([found]) })
  }
  const limited = problems.find((problem) => problem.reason === 'RateLimited')
  if (limited !== undefined) {
    const end = member?.retryAt ?? member?.delayed?.until
    const until = end === undefined ? '' : ` until ${new Date(end).toISOString()}`
    states.push({ type: 'RateLimited', status: 'True', reason: 'RateLimited', message: `${limited.message}${until}` })
  }
  return states
}

function inStep({ files, pullRequests }: MemberStatus): string {
  const inGit = `${counted(files, 'file is', 'files are')} in Git`
  const open = pullRequests.filter(({ state }) => state === 'Open')
  const [first] = open
  if (first === undefined) return inGit
  if (open.length > 1)
    return `${inGit}, some of them only in ${open.length} branches until their requests are merged (status.pullRequests)`
  const { number, url, branch } = first
  const shown = url ?? (number === undefined ? `of branch ${branch}` : String(number))
  return `${inGit}, some of them only in branch ${branch} until request ${shown} is merged`
}

/** Every problem, those of one reason together, and beside them what to do. */
function inWords(problems: readonly Problem[]): string {
  const sorts = Map.groupBy(problems, ({ reason }) => reason)
  return [...sorts]
    .map(([reason, alike]) => {
      const messages = alike.map(({ message }) => message.replace(/(?<=\S)\.$/, ''))
      return `${messages.join('; ')}. ${REASONS[reason].remedy}`
    })
    .join(' ')
}

/** The status of a GitSync. Fields that nothing is known of now keep what was said of them before. */
export function toStatus(
  object: KubernetesObject,
  states: readonly ConditionState[],
  known: {
    readonly branch: string | undefined
    readonly runtime: Runtime | undefined
    readonly url: string | undefined
  },
  now: number,
): GitSyncStatus {
  const before = (object['status'] ?? {}) as GitSyncStatus
  const { generation = 0 } = object.metadata
  const previous: readonly Condition[] = before.conditions ?? []
  const conditions = setConditions(previous, states, { now: seconds(now), generation })
  const member = known.runtime?.member.status
  const handled = member?.handledRequest
  // They have no common tip; what is told of one is of a former branch.
  const isPerAuthor = known.runtime?.member.settings.review?.authorBranches !== undefined
  return {
    ...before,
    observedGeneration: generation,
    conditions: [...conditions],
    ...(known.branch === undefined ? {} : { branch: known.branch }),
    ...(member === undefined ? {} : { files: member.files, pending: member.pending, orphans: member.orphans }),
    ...(member?.lastCommit === undefined ? {} : { lastCommit: lastCommit(member.lastCommit, known.url) }),
    ...(member?.observedCommit === undefined && !isPerAuthor ? {} : { observedCommit: member?.observedCommit }),
    ...(member?.drift === undefined ? {} : { drift: { ...member.drift, time: seconds(member.drift.time) } }),
    ...(known.runtime === undefined ? {} : { signingKey: known.runtime.signing?.publicKey }),
    ...(known.runtime === undefined ? {} : toldRequests(known.runtime.member)),
    ...(handled === undefined ? {} : { lastHandledRequest: handled }),
  }
}

function lastCommit(
  { sha, time }: { readonly sha: string; readonly time: number },
  url: string | undefined,
): GitSyncStatus['lastCommit'] {
  const page = url === undefined ? undefined : commitPage(url, sha)
  return { sha, time: seconds(time), ...(page === undefined ? {} : { url: page }) }
}

const seconds = (time: number): string => new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z')
