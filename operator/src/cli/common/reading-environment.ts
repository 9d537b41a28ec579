import { pino } from 'pino'
import { deletionProof } from '../../controllers/deletion-proof.ts'
import type { Environment } from '../../controllers/environment.ts'
import { createNamespaceIndex } from '../../controllers/namespace-index.ts'
import { secretConsents } from '../../controllers/secret-consents.ts'
import { AuthorRecords } from '../../plan/authors/records.ts'
import { RepositoryPool } from '../../push/repository-pool.ts'
import { SpoolBudget } from '../../push/spool.ts'
import { Writers } from '../../push/writers.ts'
import { systemClock } from '../../time/clock.ts'
import { NO_TRACER } from '../../trace/tracer.ts'
import { VERSION } from '../../version.ts'
import type { Cluster } from './cluster.ts'
import type { OneLook } from './list-once.ts'

/** Contents of a folder are held while they are compared, in bytes. */
const MAX_HELD_BYTES = 1 << 30

/**
 * What the operator's own steps work with, for a command that only looks: the same code decides, and nothing is pushed,
 * watched or written.
 */
export function readingEnvironment({ client, discovery }: Cluster, pool: OneLook, clusterId: string): Environment {
  const clock = systemClock
  return {
    client,
    discovery,
    proof: deletionProof(client, discovery, clock),
    pool,
    clock,
    clusterId,
    events: { emit: () => undefined, flush: () => Promise.resolve() },
    writers: new Writers({ clock, random: () => 0, mayPush: () => false }),
    repositories: new RepositoryPool({ clock, userAgent: `git/kubectl-gitsync-${VERSION}` }),
    labelled: createNamespaceIndex(pool, clock, () => undefined),
    consents: secretConsents(client, pool, { rolesOnly: true, changed: () => undefined }),
    budget: new SpoolBudget(MAX_HELD_BYTES),
    logger: pino({ enabled: false }),
    tracer: NO_TRACER,
    namespaces: undefined,
    allowPrivateHosts: true,
    rolesOnly: false,
    trustedAccounts: new Set(),
    records: new AuthorRecords(),
    late: { audit: false, deletions: false, graceMs: 0 },
    providers: new Map(),
    invalidProviders: new Map(),
    places: new Map(),
    enqueue: () => undefined,
    report: () => undefined,
  }
}
