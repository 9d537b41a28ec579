import { pageHostOf, typeOfHost } from '../api/known-hosts.ts'
import type { HostType } from '../api/provider-limits.ts'
import { parseRepositoryAddress } from './repository-address.ts'

/** Between repository and id. */
const FORMS: Readonly<Partial<Record<HostType, string>>> = {
  GitHub: 'commit',
  Gitea: 'commit',
  Forgejo: 'commit',
  GitLab: '-/commit',
  Bitbucket: 'commits',
  AzureDevOps: 'commit',
}

/**
 * Where a host shows a commit; undefined where it is not known to.
 * @param url of the repository
 * @param type what the host runs, as its GitProvider says
 */
export function commitPage(url: string, oid: string, type?: HostType): string | undefined {
  const address = parseRepositoryAddress(url)
  const parsed = address === undefined ? null : URL.parse(address.url)
  if (address === undefined || parsed === null) return undefined
  const { hostname, isSsh } = address
  const runs = type ?? typeOfHost(hostname)
  const form = FORMS[runs]
  // Over SSH its paths are others than those of its pages.
  if (form === undefined || (isSsh && runs === 'AzureDevOps')) return undefined
  const origin = isSsh ? `https://${pageHostOf(hostname)}` : parsed.origin
  const path = parsed.pathname.replace(/\/+$/, '').replace(/\.git$/, '')
  return `${origin}${path}/${form}/${oid}`
}
