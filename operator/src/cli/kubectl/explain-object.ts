import type { Repository } from '@gitsync/protocol'
import { blobId, isGitError } from '@gitsync/protocol'
import { groupKindKey } from '../../objects/object.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import type { Cluster } from '../common/cluster.ts'
import type { Notes } from '../common/notes.ts'
import { fileOf, keyOf } from './file-of.ts'
import type { NamedObject } from '../common/find-object.ts'
import { checksOf } from './why.ts'
import type { Check } from './why.ts'
import { isKindExcluded } from '../../plan/exclusions.ts'
import { readOne, resolveGitSync } from '../common/wanted.ts'
import type { Resolved } from '../common/wanted.ts'

/** What one GitSync makes of one object. */
export interface Explanation {
  /** namespace/name */
  readonly gitsync: string
  /** Whether it writes the object. */
  readonly in: boolean
  /** In one line. */
  readonly why: string
  readonly checks: readonly Check[]
  /** From the root of the repository. */
  readonly path?: string
  readonly branch?: string
  /** `same`: Git has what the cluster has. `different`: not yet. `kept`: Git has a file of an object that is not written (any more). */
  readonly git?: 'same' | 'different' | 'missing' | 'kept' | 'unknown'
}

/** How to look into the GitSync's repository. */
export type Look = <T>(resolved: Resolved, work: (repository: Repository) => Promise<T>) => Promise<T>

/**
 * Why a GitSync writes an object or not, by the operator's own selection; undefined for one that names no such kind.
 * @param live undefined for an object that does not exist
 */
export async function explainObject(
  gitsync: KubernetesObject,
  { named, live }: { readonly named: NamedObject; readonly live: KubernetesObject | undefined },
  { cluster, notes, look }: { readonly cluster: Cluster; readonly notes: Notes; readonly look: Look | undefined },
): Promise<Explanation | undefined> {
  const { name, namespace: home = '' } = gitsync.metadata
  const base = { gitsync: `${home}/${name}`, checks: [] }
  let resolved: Resolved
  try {
    resolved = await resolveGitSync(gitsync, cluster, notes)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'PushFailure') throw error
    return { ...base, in: false, why: `this GitSync writes nothing: ${error.message}` }
  }
  const { resource } = named
  const { run } = resolved
  const entries = run.selected.filter(
    (one) => one.resource.group === resource.group && one.resource.kind === resource.kind,
  )
  if (entries.length === 0) {
    const isWild = resolved.gitsync.spec.resources.some(({ kind }) => kind === '*')
    if (!isWild || !isKindExcluded(resolved.gitsync.spec, resource)) return undefined
    return { ...base, in: false, why: `not selected: spec.exclude leaves out all of ${groupKindKey(resource)}` }
  }
  const place = { branch: resolved.branch }
  if (live === undefined) {
    const { path } = await fileOf(
      `${groupKindKey(resource)}/${named.namespace === undefined ? '' : `${named.namespace}/`}${named.name}`,
      resolved,
      cluster,
    )
    const git = await inGit(resolved, path, undefined, look)
    const why = `there is no such object in the cluster${git === 'kept' ? '; its file is still there' : ''}`
    return { ...base, ...place, in: false, why, path: full(resolved, path), git }
  }
  const rules = run.readings.flatMap((reading) => (reading.resource === entries[0]?.resource ? reading.rules : []))
  const checks = entries.map(({ selector }) => {
    const namespaces = rules.find((rule) => rule.selector === selector)?.namespaces
    return checksOf(selector, { object: live, resource, home, namespaces, exclusions: resolved.gitsync.spec })
  })
  const best = checks.find((all) => all.every(({ passed }) => passed)) ?? checks.flat()
  const { member, ...runtime } = await withUnrenderable(resolved, live, named)
  const file = member.desired.ofObject(keyOf(named))
  if (file !== undefined) {
    const bytes = member.spool.get(file.oid)
    const git = await inGit(resolved, file.path, bytes, look)
    const why =
      gitsync['spec'] !== undefined && resolved.gitsync.spec.suspend
        ? 'selected, but the GitSync is suspended'
        : WHY[git]
    return { ...base, ...place, in: true, why, checks: best, path: full(resolved, file.path), git }
  }
  const { path } = await fileOf(
    `${groupKindKey(resource)}/${named.namespace === undefined ? '' : `${named.namespace}/`}${named.name}`,
    resolved,
    cluster,
  )
  const git = await inGit(resolved, path, undefined, look)
  const failed = best.find(({ passed }) => !passed)
  const problem = run.problems.find(({ message }) => message.includes(groupKindKey(resource)))
  const why =
    runtime.unrenderable ??
    (failed === undefined ? (problem?.message ?? 'a rule of the spec leaves it out') : `not selected: ${failed.text}`)
  return { ...base, ...place, in: false, why, checks: best, path: full(resolved, path), git }
}

const WHY: Readonly<Record<NonNullable<Explanation['git']>, string>> = {
  same: 'selected; Git has it as the cluster has it',
  different: 'selected; Git has an older version: the next commit writes it',
  missing: 'selected; Git does not have it yet: the next commit writes it',
  kept: 'selected',
  unknown: 'selected; Git was not looked at',
}

async function withUnrenderable(resolved: Resolved, live: KubernetesObject, named: NamedObject) {
  const runtime = await readOne(resolved, live, named.resource)
  const [found] = [...runtime.unrenderable()]
  return { member: runtime.member, unrenderable: found && `it cannot be made a file: ${found[1].message}` }
}

function full({ gitsync }: Resolved, path: string): string {
  const folder = gitsync.spec.repository.path
  return folder === '.' ? path : `${folder}/${path}`
}

async function inGit(
  resolved: Resolved,
  path: string,
  bytes: Uint8Array | undefined,
  look: Look | undefined,
): Promise<NonNullable<Explanation['git']>> {
  if (look === undefined) return 'unknown'
  try {
    const { oid } = await look(resolved, (repository) => repository.file(resolved.branch, full(resolved, path)))
    if (bytes === undefined) return 'kept'
    return oid === blobId(bytes) ? 'same' : 'different'
  } catch (error) {
    if (isGitError(error, 'PathNotFound', 'RefNotFound')) return 'missing'
    throw error
  }
}
