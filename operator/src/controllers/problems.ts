import { identityKey } from '../objects/object.ts'
import { shownAnswer } from '../push/failure.ts'
import type { MemberStatus } from '../push/member-status.ts'
import type { PullRequestStatus } from '../push/review/review-settings.ts'
import { counted } from './counted.ts'
import type { Runtime } from './runtime.ts'
import type { Problem } from './step.ts'

/** Names that a message shows of many. */
const SHOWN = 3

/** What stands in the way of a GitSync at work, the worst first. */
export function findProblems(runtime: Runtime, partial: readonly Problem[]): Problem[] {
  const { member } = runtime
  const { status } = member
  const { failure, massDeletion, delayed, pullRequests, unprovable, unreadable } = status
  const problems: Problem[] = []
  if (failure !== undefined && failure.reason !== 'Progressing') problems.push(failure)
  if (massDeletion !== undefined) {
    problems.push({ reason: 'MassDeletion', message: refusedDeletion(massDeletion, member.settings.confirmDeletion) })
  }
  problems.push(...pullRequests.filter(({ isRefused }) => isRefused === true).map(closedRequest))
  if (unprovable !== undefined) problems.push(unprovable.failure)
  if (member.desired.hasConflicts) problems.push(...conflictProblem(runtime))
  if (unreadable.length > 0) problems.push(unreadableProblem(unreadable))
  problems.push(...unrenderableProblem(runtime), ...partial)
  for (const { kind, why, isForbidden } of runtime.unreadable()) {
    const reason = isForbidden ? 'Forbidden' : 'ClusterUnavailable'
    problems.push({ reason, message: `the operator cannot list or watch ${kind}: ${why}` })
  }
  if (delayed !== undefined) {
    problems.push({
      reason: 'RateLimited',
      message: `changes wait for their turn at ${delayed.host}, which takes only so many requests`,
    })
  }
  return problems
}

/** What `kind: "*"` stands for and is not read, in words. */
export function findLeftOut(runtime: Runtime | undefined, known: readonly string[]): string[] {
  const { forbidden = [], failing = [] } = runtime?.leftOut() ?? {}
  return [
    ...known,
    ...(forbidden.length === 0
      ? []
      : [`the operator itself may not list and watch ${someOf(forbidden)} (watch.rules of the chart)`]),
    ...(failing.length === 0 ? [] : [`the API server cannot list ${someOf(failing)} for now`]),
  ]
}

function someOf(names: readonly string[]): string {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''
  return names.slice(0, SHOWN).join(', ') + more
}

function closedRequest({ number, url, branch }: PullRequestStatus): Problem {
  return {
    reason: 'PullRequestClosed',
    message: `request ${number ?? ''} of branch ${branch} was closed without being merged (${url ?? 'no page'})`,
  }
}

function refusedDeletion(
  { count, recent, token }: NonNullable<MemberStatus['massDeletion']>,
  answered: string | undefined,
): string {
  const before = recent === 0 ? '' : ` after ${recent} within ten minutes`
  const wrong =
    answered === undefined || answered === token
      ? ''
      : `; the annotation now says ${shownAnswer(answered)}, which is for another deletion`
  return `${count} files would be deleted${before}, more than half of the folder (confirm-deletion=${token})${wrong}`
}

function unrenderableProblem(runtime: Runtime): Problem[] {
  const others = [...runtime.unrenderable()].filter(([, { isDashboard }]) => !isDashboard)
  const byReason = Map.groupBy(others, ([, { problem }]) => problem.reason)
  return [...byReason].map(([reason, all]) => {
    const shown = all.slice(0, SHOWN).map(([key, { problem }]) => `${key} (${problem.message})`)
    const what =
      reason === 'InvalidTemplate'
        ? `${counted(all.length, 'object has', 'objects have')} no path by spec.layout.expression`
        : counted(all.length, 'object cannot be made a file', 'objects cannot be made files')
    return { reason, message: `${what}: ${shown.join('; ')}` }
  })
}

function unreadableProblem(files: MemberStatus['unreadable']): Problem {
  const shown = files.slice(0, SHOWN).map(({ path, problem }) => `${path} (${problem})`)
  const more = files.length > SHOWN ? `; ${files.length - SHOWN} more` : ''
  return { reason: 'FileUnreadable', message: `cannot be read, and stays as it is: ${shown.join('; ')}${more}` }
}

/** What wants its file and is a Dashboard has conditions of its own, and is no reason for its GitSync not to be ready. */
function conflictProblem({ member }: Runtime): Problem[] {
  const shown: string[] = []
  for (const { path, objects } of member.desired.conflicts()) {
    if (objects.every((object) => member.desired.ofObject(identityKey(object))?.isOpaque === true)) continue
    if (shown.length === SHOWN) break
    shown.push(`${path} (${objects.slice(0, SHOWN).map(identityKey).join(', ')})`)
  }
  if (shown.length === 0) return []
  return [
    { reason: 'PathConflict', message: `several objects want one file, and none is written: ${shown.join('; ')}` },
  ]
}
