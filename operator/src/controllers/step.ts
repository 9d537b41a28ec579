import type { Reason } from '../api/reasons.ts'
import type { GitProvider, GitSync } from '../api/parse.ts'
import type { ApiResource } from '../kube/discovery.ts'
import type { ResourceSelector } from '../api/gitsync.ts'
import type { KubernetesObject } from '../objects/object.ts'
import type { HostPolicy } from '../push/host-guard.ts'
import type { Protection } from '../render/secrets/protection.ts'
import type { SecretCredentials } from '../push/credentials.ts'
import type { SigningKey } from '../push/signing.ts'
import type { Environment } from './environment.ts'
import { EVERY_AUTHOR } from './authorship.ts'
import type { Authors } from './authorship.ts'
import type { Reading } from './source-set.ts'
import type { Runtime } from './runtime.ts'

/** Something in the way, in the words of a condition. */
export interface Problem {
  readonly reason: Reason
  readonly message: string
  /** What is at work goes on. Default false. */
  readonly keepsWorking?: true
}

/** One reconcile of one GitSync: what the steps find out, for the steps after them. */
export interface Reconciliation {
  readonly environment: Environment
  readonly name: string
  readonly object: KubernetesObject
  readonly runtimes: Map<string, Runtime>
  /** Problems with parts: the rest goes on. */
  readonly problems: Problem[]
  gitsync: GitSync
  branch: string
  /** With push.mode PullRequest: the branch that `branch` is to be merged into. */
  base: string | undefined
  provider: GitProvider | undefined
  policy: HostPolicy
  secret: SecretCredentials | undefined
  signing: SigningKey | undefined
  authors: Authors
  selected: readonly SelectedKind[]
  readings: readonly Reading[]
  /** Undefined while nothing is sensitive and Secrets are not written. */
  protection: Protection | undefined
  /** What `kind: "*"` stands for and is not read, in words. */
  leftOut: string[]
}

/** A reconcile before its first step: the object is as the API server gave it, and nothing is found out yet. */
export function beginReconciliation(
  start: Pick<Reconciliation, 'environment' | 'name' | 'object' | 'runtimes'>,
): Reconciliation {
  return {
    ...start,
    problems: [],
    gitsync: start.object as GitSync,
    branch: '',
    base: undefined,
    provider: undefined,
    policy: { allowPrivateAddresses: false, allowPlainHttp: false },
    secret: undefined,
    signing: undefined,
    authors: EVERY_AUTHOR,
    selected: [],
    readings: [],
    protection: undefined,
    leftOut: [],
  }
}

export interface SelectedKind {
  /** An entry with `kind: "*"` is there once for each kind it stands for. */
  readonly selector: ResourceSelector
  readonly resource: ApiResource
}

/**
 * Done, or a problem that ends the reconcile. What a step cannot answer it throws: the reconcile is tried again.
 */
export type Step = (run: Reconciliation) => Promise<Problem | undefined> | Problem | undefined

/** Runs steps in a row, up to the first problem. */
export async function runSteps(run: Reconciliation, steps: readonly Step[]): Promise<Problem | undefined> {
  for (const step of steps) {
    const problem = await step(run)
    if (problem !== undefined) return problem
  }
  return undefined
}
