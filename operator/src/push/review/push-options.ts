import { ForgeError } from '../../forge/forge-error.ts'
import { placeOf } from '../../forge/place.ts'
import { CLAIM_FILE } from '../../plan/compare.ts'
import { renderTitle } from '../../render/pull-request.ts'
import type { Staged } from '../stage.ts'
import { fileIdentity, identityAt } from './differences.ts'
import type { ReviewSettings } from './review-settings.ts'

/**
 * Options of a push that open GitLab's merge request, or leave the one that is open as it is.
 *
 * Source: docs.gitlab.com, "Push options".
 * @param isNew the branch begins with this push: only then something is said of the request
 * @throws ForgeError `InvalidInput` for hosts that know no such options
 */
export function requestOptions(
  url: string,
  branch: string,
  settings: ReviewSettings,
  { staged, isNew }: { readonly staged: readonly Staged[]; readonly isNew: boolean },
): string[] {
  const { type } = placeOf(url, settings.hostType)
  if (type !== 'GitLab')
    throw new ForgeError(
      'InvalidInput',
      `push.pullRequest.via PushOptions: ${type} opens no request by a push, GitLab, Gitea, Forgejo and Gerrit do: set it to API`,
    )
  const options = ['merge_request.create', `merge_request.target=${settings.base}`]
  if (settings.deleteBranch) options.push('merge_request.remove_source_branch')
  if (!isNew) return options
  const all = staged.flatMap(({ member, plan }) =>
    plan.commits.flatMap(({ writes, deletes }) => [
      ...writes.map(({ path }) => ({
        path,
        action: 'Update' as const,
        ...(identityAt(member.desired, path) ?? fileIdentity(path)),
      })),
      ...deletes.map((path) => ({ path, action: 'Delete' as const, ...fileIdentity(path) })),
    ]),
  )
  const told = all.filter(({ path }) => path !== CLAIM_FILE)
  const changes = told.length === 0 ? all : told
  const gitsyncs = staged.map(({ member }) => member.name).sort()
  const input = { changes, authors: [], gitsyncs, branch, base: settings.base }
  options.push(`merge_request.title=${renderTitle(settings.title, input)}`)
  options.push(...settings.labels.map((label) => `merge_request.label=${label}`))
  if (settings.draft) options.push('merge_request.draft')
  return options
}

/** The request's page, which hosts name in their answer to a push. */
export function requestIn(messages: readonly string[]): { readonly number: number; readonly url: string } | undefined {
  const [url, number] = /https?:\/\/[^\s]{1,2000}\/merge_requests\/(\d{1,9})\b/.exec(messages.join('\n')) ?? []
  return url === undefined ? undefined : { number: Number(number), url }
}
