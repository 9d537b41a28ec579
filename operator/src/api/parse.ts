/** Objects of our kinds, checked in process: from older releases or servers that check less, and with defaults filled in. */
import type { z } from 'zod'
import type { KubernetesObject } from '../objects/object.ts'
import { dashboardSpecSchema, type DashboardSpec, type DashboardStatus } from './dashboard.ts'
import { gitProviderSpecSchema, type GitProviderSpec } from './gitprovider.ts'
import { gitSyncSpecSchema, type GitSyncSpec, type GitSyncStatus } from './gitsync.ts'
import { InvalidSpecError } from './invalid-spec.ts'

export interface GitSync extends KubernetesObject {
  readonly spec: GitSyncSpec
  readonly status?: GitSyncStatus
}

export interface GitProvider extends KubernetesObject {
  readonly spec: GitProviderSpec
}

export interface Dashboard extends KubernetesObject {
  readonly spec: DashboardSpec
  readonly status?: DashboardStatus
}

/**
 * The GitSync with every default of its spec filled in; fields this release doesn't know are left out of the spec.
 * @throws InvalidSpecError for the first field that isn't accepted
 */
export function parseGitSync(object: KubernetesObject): GitSync {
  return { ...object, spec: parseSpec(gitSyncSpecSchema, object) }
}

/**
 * As {@link parseGitSync}.
 * @throws InvalidSpecError for the first field that isn't accepted
 */
export function parseGitProvider(object: KubernetesObject): GitProvider {
  return { ...object, spec: parseSpec(gitProviderSpecSchema, object) }
}

/**
 * As {@link parseGitSync}.
 * @throws InvalidSpecError for the first field that isn't accepted
 */
export function parseDashboard(object: KubernetesObject): Dashboard {
  return { ...object, spec: parseSpec(dashboardSpecSchema, object) }
}

/** The spec of a Dashboard; undefined for one that is not accepted: {@link parseDashboard} says why. */
export function dashboardSpec(object: KubernetesObject): DashboardSpec | undefined {
  try {
    return parseDashboard(object).spec
  } catch (error) {
    if (error instanceof InvalidSpecError) return undefined
    throw error
  }
}

function parseSpec<S extends z.ZodType>(schema: S, object: KubernetesObject): z.output<S> {
  const result = schema.safeParse(object['spec'])
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path = ['spec', ...(issue?.path ?? [])]
  const missing = issue?.code === 'invalid_type' && valueAt(object, path) === undefined
  throw new InvalidSpecError(
    fieldName(path),
    valueAt(object, path),
    missing ? 'it is required' : (issue?.message ?? ''),
  )
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  )
}

function fieldName(path: readonly PropertyKey[]): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`)).join('')
}
