import { resolveBranch } from '../api/branch.ts'
import type { GitSyncSpecInput, GitSyncStatus } from '../api/gitsync.ts'
import type { HostType } from '../api/provider-limits.ts'
import { InvalidSpecError } from '../api/invalid-spec.ts'
import type { AuditedBranch, AuditedGitSync } from '../audit-page/audited.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { commitPage } from '../plan/commit-page.ts'
import { branchKey } from '../plan/overlap.ts'
import { pathIn } from '../plan/path-in.ts'
import { listsHost, parseRepositoryAddress } from '../plan/repository-address.ts'
import type { Environment } from './environment.ts'
import type { Runtime } from './runtime.ts'

export interface AuditedOptions {
  readonly objects: Iterable<KubernetesObject>
  /** Of a GitSync at work, by namespace/name. */
  readonly runtimeOf: (name: string) => Runtime | undefined
  readonly providers: Environment['providers']
}

/** GitSyncs as the audit page shows them, those too that cannot be worked on. */
export function* auditedGitSyncs({ objects, ...known }: AuditedOptions): Generator<AuditedGitSync> {
  for (const object of objects) yield audited(object, known)
}

function audited(object: KubernetesObject, known: Omit<AuditedOptions, 'objects'>): AuditedGitSync {
  const { namespace = '', name, uid } = object.metadata
  // As the API server has taken it: nothing of it is relied on but what is shown.
  const spec = object['spec'] as Partial<GitSyncSpecInput> | undefined
  const { conditions = [], lastCommit, files, pending } = (object['status'] ?? {}) as GitSyncStatus
  const { url = '', branch: template = '', path = '.' } = spec?.repository ?? {}
  const branch = branchOf(template, { namespace, name })
  const runtime = known.runtimeOf(`${namespace}/${name}`)
  const isHere = runtime?.uid === uid && runtime?.member.settings.path === path
  return {
    namespace,
    name,
    repository: shownUrl(url),
    branch,
    path,
    isSuspended: spec?.suspend === true,
    conditions,
    status: { lastCommit, files, pending },
    hidden: (runtime?.member.otherClaims ?? []).map((folder) => pathIn(path, folder)),
    remote: isHere && branch !== undefined ? remoteOf(runtime, branch, known.providers) : undefined,
  }
}

/**
 * The branch, of a GitSync that has looked through its folder: before that, and where somebody else has claimed the folder, nothing says
 * that what lies there is its own.
 */
function remoteOf(runtime: Runtime, branch: string, providers: Environment['providers']): AuditedBranch | undefined {
  const { connection, member } = runtime
  const { observedCommit, failure } = member.status
  const { reader, repository } = connection ?? {}
  if (reader === undefined || repository === undefined) return undefined
  if (member.otherClaims === undefined || failure?.reason === 'FolderClaimed') return undefined
  const { url } = repository
  const isReviewed = member.settings.review !== undefined
  return {
    key: `${connection?.key ?? ''} ${branchKey({ url, branch })}`,
    url,
    branch,
    // Of a branch under review it is the tip of the head.
    tip: isReviewed ? undefined : observedCommit,
    read: reader,
    pageOf: (oid) => commitPage(url, oid, hostTypeOf(url, providers)),
  }
}

function hostTypeOf(url: string, providers: Environment['providers']): HostType | undefined {
  const address = parseRepositoryAddress(url)
  if (address === undefined) return undefined
  return [...providers.values()].find(({ spec }) => listsHost(spec.hosts, address))?.spec.type
}

function branchOf(template: string, owner: { readonly namespace: string; readonly name: string }): string | undefined {
  try {
    return resolveBranch(template, owner)
  } catch (error) {
    if (error instanceof InvalidSpecError) return undefined
    throw error
  }
}

/** Host and path: people write logins before the one, and tokens behind the other. */
function shownUrl(text: string): string {
  const address = parseRepositoryAddress(text)
  const url = address === undefined ? null : URL.parse(address.url)
  return url === null ? '' : `${address?.host ?? ''}${url.pathname}`
}
