import type { Logger } from 'pino'
import { GITSYNCS } from '../controllers/known-resources.ts'
import { mayGet } from '../kube/access.ts'
import type { KubeClient } from '../kube/client.ts'
import { reviewToken } from '../kube/token-review.ts'
import type { HttpServer } from '../serve/server.ts'
import type { Clock } from '../time/clock.ts'
import type { AuditPageDependencies } from './audit-page.ts'
import type { ProxyTrust } from './viewer/proxy-identity.ts'

export interface AuditPageOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string
  /** Of which a viewer's token must be for one; none: for the API server. */
  readonly audiences: readonly string[]
  readonly trust: ProxyTrust
}

/** Serves the audit page. What it is made with is loaded only where somebody wants it. */
export async function startAuditPage(
  { address, audiences, trust }: AuditPageOptions,
  how: {
    readonly client: KubeClient
    readonly clock: Clock
    readonly logger: Logger
    readonly gitsyncs: AuditPageDependencies['gitsyncs']
  },
): Promise<HttpServer> {
  const [{ createAuditPage }, { serveAuditPage }, { Viewers }, { Visibility }] = await Promise.all([
    import('./audit-page.ts'),
    import('./serve-audit-page.ts'),
    import('./viewer/viewers.ts'),
    import('./viewer/visibility.ts'),
  ])
  const { client, clock, logger, gitsyncs } = how
  const viewers = new Viewers({ review: (token) => reviewToken(client, token, audiences), trust, clock })
  const visibility = new Visibility((user, namespace) => mayGet(client, user, GITSYNCS, namespace), clock)
  const answer = createAuditPage({ viewers, visibility, audience: audiences[0], gitsyncs, clock, logger })
  return serveAuditPage({ address, logger, answer })
}
