import type { DashboardSpec } from '../../api/dashboard.ts'
import type { ApiResource } from '../../kube/discovery.ts'
import type { Environment } from '../environment.ts'
import type { NamedAuthor } from '../../plan/authors/naming.ts'
import { repositoryAddress } from '../../plan/repository-address.ts'
import { CONFIGMAPS } from '../known-resources.ts'
import { configMapFeed } from './config-map-feed.ts'
import type { ConfigMapWatch } from './config-map-watch.ts'
import type { GrafanaPort } from '../grafana/grafana-port.ts'
import type { Feed } from './feed.ts'
import { grafanaFeed } from './grafana-feed.ts'

/** What feeds of one GitSync read with. */
export interface FeedSurroundings extends Pick<Environment, 'client' | 'clock'> {
  readonly namespace: string
  readonly configMaps: ConfigMapWatch
  /** Undefined where no Grafana is asked. */
  readonly grafanas: GrafanaPort | undefined
  /** Whom a commit names for a login of another system. */
  readonly nameLogin: (login: string) => NamedAuthor | undefined
}

/** How the feed that a Dashboard names comes to be: one for each kind of source. */
export interface Opening {
  /** What the GitSync's account must be allowed to list and watch in its namespace. Default: nothing. */
  readonly reads?: ApiResource
  /** Host of what is not in the cluster, and may be long in answering: nobody waits for it, and what it leaves out is gone only when that is proved. */
  readonly host?: string
  /** @param createdAt of the Dashboard, milliseconds since the epoch; undefined where that is not known */
  make(surroundings: FeedSurroundings, createdAt: number | undefined): Feed
}

/** Undefined where the Dashboard holds its text itself, or names one dashboard whose history is followed. */
export function openingOf(
  { source: { configMapRef, grafana } }: DashboardSpec,
  { grafanas }: Pick<FeedSurroundings, 'grafanas'>,
): Opening | undefined {
  if (grafana !== undefined && grafana.uid === undefined && grafanas !== undefined) {
    return {
      host: repositoryAddress(grafana.url).host,
      make: ({ nameLogin }, since) => grafanaFeed(grafanas, grafana, { since, nameLogin }),
    }
  }
  if (configMapRef === undefined) return undefined
  return {
    reads: CONFIGMAPS,
    make: (surroundings) => configMapFeed(surroundings, configMapRef),
  }
}
