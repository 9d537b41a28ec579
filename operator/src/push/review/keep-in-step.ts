import { isForgeError } from '../../forge/forge-error.ts'
import type { Forge, HeadAndBase, PullRequest } from '../../forge/forge.ts'
import { hashOf, markOf, withoutProposal, withSection } from '../../plan/request-section.ts'
import type { RequestMark } from '../../plan/request-section.ts'
import type { ReviewSettings } from './review-settings.ts'

export interface WantedRequest {
  readonly title: string
  readonly text: string
  /** Stands for what is proposed. */
  readonly state: string
  readonly settings: ReviewSettings
}

/**
 * Opens a request. One that is there already, because an answer was lost or somebody was faster, is taken instead.
 * @throws ForgeError
 */
export async function openRequest(forge: Forge, place: HeadAndBase, wanted: WantedRequest): Promise<PullRequest> {
  const { title, text, state, settings } = wanted
  const mark = { state, title: hashOf(title), text: hashOf(text), labels: [], reviewers: [] }
  let request: PullRequest
  try {
    const body = withSection('', text, mark)
    request = await forge.create({ ...place, title, body, isDraft: settings.draft })
  } catch (error) {
    if (!isForgeError(error, 'Exists')) throw error
    const found = await forge.find(place)
    if (found?.state !== 'Open') throw error
    request = found
  }
  return await keepInStep(forge, request, wanted, true)
}

/**
 * Brings title, text, labels and reviewers of an open request in step. What people changed is left to them: a title that
 * is not as it was written, text around the operator's section, labels that they took off or put on.
 * @param isFresh the request is as the host shows it now, not as it was remembered
 * @throws ForgeError
 */
export async function keepInStep(
  forge: Forge,
  known: PullRequest,
  wanted: WantedRequest,
  isFresh: boolean,
): Promise<PullRequest> {
  const { settings, state } = wanted
  const [title, text] = [hashOf(wanted.title), hashOf(wanted.text)]
  const isWritten = (mark: RequestMark | undefined): boolean =>
    mark?.state === state && mark.text === text && mark.title === title
  const areSet = (mark: RequestMark | undefined): boolean =>
    mark !== undefined &&
    isSameSet(mark.labels, settings.labels) &&
    settings.reviewers.every((reviewer) => mark.reviewers.includes(reviewer))
  if (isWritten(markOf(known.body)) && areSet(markOf(known.body))) return known

  let request = isFresh ? known : await forge.read(known.number)
  if (request.state !== 'Open') return request
  const before = markOf(request.body)
  const isTitleOurs = before !== undefined && hashOf(request.title) === before.title
  // Whoever gave it another name has it until the operator would say the same.
  const mark = { state, title, text, labels: before?.labels ?? [], reviewers: before?.reviewers ?? [] }
  if (!isWritten(before)) {
    request = await forge.update(request, {
      ...(isTitleOurs && before.title !== title ? { title: wanted.title } : {}),
      body: withSection(request.body, wanted.text, mark),
    })
  }
  if (areSet(mark)) return request
  const add = settings.labels.filter((label) => !mark.labels.includes(label))
  const remove = mark.labels.filter((label) => !settings.labels.includes(label) && request.labels.includes(label))
  if (add.length > 0 || remove.length > 0) await forge.label(request.number, { add, remove })
  const reviewers = settings.reviewers.filter((reviewer) => !mark.reviewers.includes(reviewer))
  if (reviewers.length > 0) await forge.requestReview(request.number, reviewers)
  const set = { ...mark, labels: [...settings.labels], reviewers: [...new Set([...mark.reviewers, ...reviewers])] }
  return await forge.update(request, { body: withSection(request.body, wanted.text, set) })
}

/**
 * Closes a request that proposes nothing any more, so that the same may be proposed again: that it is closed is nobody's no.
 * @throws ForgeError
 */
export function closeEmpty(forge: Forge, request: PullRequest): Promise<PullRequest> {
  return forge.update(request, { body: withoutProposal(request.body), close: true })
}

const isSameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((entry) => b.includes(entry))
