/** What a forge's webhook says of a push. */
export interface PushNotice {
  /** Every spelling of the repository's address that it gives. */
  readonly urls: readonly string[]
  /** Short names of the branches that moved, and where to, where it says so. */
  readonly branches: readonly { readonly branch: string; readonly tip: string | undefined }[]
}

const HEADS = 'refs/heads/'
/** Branches of one push that are taken note of. */
const MAX_BRANCHES = 1_000

/**
 * Reads the body of a push webhook as GitHub, Gitea, Forgejo, Gogs, GitLab and Bitbucket send it; undefined for one that
 * tells of no branch of a repository.
 */
export function readPushNotice(body: unknown): PushNotice | undefined {
  const { ref, after, repository, project, push } = record(body)
  const { clone_url, ssh_url, git_http_url, git_ssh_url, html_url, homepage, links } = record(repository)
  const { html } = record(links)
  const gitlab = record(project)
  const urls = [
    clone_url,
    ssh_url,
    git_http_url,
    git_ssh_url,
    html_url,
    homepage,
    record(html)['href'],
    gitlab['git_http_url'],
    gitlab['git_ssh_url'],
    gitlab['web_url'],
  ].filter((url) => typeof url === 'string')
  const { changes } = record(push)
  const moved = (Array.isArray(changes) ? changes : [])
    .slice(0, MAX_BRANCHES)
    .flatMap((change) => [record(change)['new'], record(change)['old']])
    .map((state) => record(state))
    .filter(({ type }) => type === 'branch')
    .map(({ name, target }) => ({ name, tip: record(target)['hash'] }))
  const own = typeof ref === 'string' && ref.startsWith(HEADS) ? [{ name: ref.slice(HEADS.length), tip: after }] : []
  const branches = [...own, ...moved].flatMap(({ name, tip }) =>
    typeof name === 'string' ? [{ branch: name, tip: typeof tip === 'string' ? tip : undefined }] : [],
  )
  return urls.length === 0 || branches.length === 0 ? undefined : { urls: [...new Set(urls)], branches }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
