import type { Logger } from 'pino'
import type { GitProvider, GitSync } from '../api/parse.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Discovery } from '../kube/discovery.ts'
import type { EventRecorder } from '../kube/events.ts'
import type { ReflectorPool } from '../kube/reflector-pool.ts'
import type { AuthorRecords } from '../plan/authors/records.ts'
import type { Place } from '../plan/overlap.ts'
import type { SpoolBudget } from '../push/spool.ts'
import type { GrafanaAccess } from './grafana/grafana-access.ts'
import type { DeletionProof } from './deletion-proof.ts'
import type { NamespaceIndex } from './namespace-index.ts'
import type { RepositoryPool } from '../push/repository-pool.ts'
import type { Writers } from '../push/writers.ts'
import type { Clock } from '../time/clock.ts'
import type { Tracer } from '../trace/tracer.ts'
import type { SecretConsents } from './secret-consents.ts'

/** A GitSync's place, and whether it waits because an older one writes there. */
export interface ClaimedPlace extends Place {
  readonly isRefused: boolean
}

/** A GitProvider that was not accepted: what it allows is not known, so its hosts are closed. */
export interface InvalidProvider {
  /** The hosts it lists; undefined when that is not known either. */
  readonly hosts: readonly string[] | undefined
  /** What is wrong with it. */
  readonly problem: string
}

/** What is told of a change after the watch has shown it. */
export interface LateWord {
  /** Audit events come. */
  readonly audit: boolean
  /** Other replicas tell of deletions that they have heard of. */
  readonly deletions: boolean
  /** Milliseconds that a change waits for it. */
  readonly graceMs: number
}

/** What every controller works with: made once, at start. */
export interface Environment {
  readonly client: KubeClient
  readonly pool: ReflectorPool
  readonly discovery: Discovery
  /** One for all GitSyncs: what is found out about a kind for one of them holds for the others. */
  readonly proof: DeletionProof
  readonly events: EventRecorder
  /** The namespaces of the cluster by their labels. */
  readonly labelled: NamespaceIndex
  readonly writers: Writers
  readonly repositories: RepositoryPool
  readonly budget: SpoolBudget
  /** Default: none is asked. */
  readonly grafanas?: GrafanaAccess | undefined
  /** Which namespaces let their Secrets be read. */
  readonly consents: SecretConsents
  readonly clock: Clock
  readonly logger: Logger
  readonly tracer: Tracer
  /** uid of the namespace kube-system. */
  readonly clusterId: string
  /** Namespaces to read; undefined for all of them. */
  readonly namespaces: readonly string[] | undefined
  /** Loopback and private Git hosts are allowed, with credentials over plain http on loopback: for development. */
  readonly allowPrivateHosts: boolean
  /** Nothing is asked for that Roles in `namespaces` cannot grant. */
  readonly rolesOnly: boolean
  /** Users whose `gitsync.dev/on-behalf-of` is believed. */
  readonly trustedAccounts: ReadonlySet<string>
  /** What admission and audit have told of who wrote and deleted objects. */
  readonly records: AuthorRecords
  /** What is told of changes later than they are seen. */
  readonly late: LateWord
  /** Every valid GitProvider, by name. */
  readonly providers: ReadonlyMap<string, GitProvider>
  /** GitProviders that were not accepted, by name: their hosts are closed. */
  readonly invalidProviders: ReadonlyMap<string, InvalidProvider>
  /** Places of GitSyncs that may use their host, by namespace/name; those that are refused count for nothing but being woken. */
  readonly places: Map<string, ClaimedPlace>
  /** Comes back to a GitSync soon. */
  readonly enqueue: (name: string) => void
  /** Writes a GitSync's status soon. */
  readonly report: (name: string) => void
}

/** namespace/name */
export const nameOf = ({ metadata }: Pick<GitSync, 'metadata'>): string =>
  `${metadata.namespace ?? ''}/${metadata.name}`
