import { ForgeError } from './forge-error.ts'
import type { PullRequest } from './forge.ts'

/** Of GitLab, which takes the longest. */
const MAX_BODY = 1 << 20
/** As a status takes them: one that is longer would keep everything else from being shown. */
const MAX_TITLE = 1_024
const MAX_URL = 4_096
const MAX_NUMBER = 2 ** 31 - 1
const MAX_LABELS = 1_000
const MAX_LABEL = 255

/**
 * What a host says of a request, no longer than is kept and shown; a page that is no web page is none.
 * @throws ForgeError `Malformed` for a number that no request has
 */
export function bounded(request: PullRequest): PullRequest {
  const { number, url, title, body, labels } = request
  if (number < 1 || number > MAX_NUMBER) throw new ForgeError('Malformed', `pull: ${number} is no number of a request`)
  return {
    ...request,
    url: pageOf(url),
    title: title.slice(0, MAX_TITLE).toWellFormed(),
    body: body.slice(0, MAX_BODY).toWellFormed(),
    labels: labels.slice(0, MAX_LABELS).map((label) => label.slice(0, MAX_LABEL)),
  }
}

function pageOf(url: string): string {
  const { protocol, href = '' } = URL.parse(url) ?? {}
  return (protocol === 'https:' || protocol === 'http:') && href.length <= MAX_URL ? href : ''
}
